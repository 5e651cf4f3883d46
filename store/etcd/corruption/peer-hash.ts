import { sleep } from '../../../base/clock.ts';
import type { Clock } from '../../../base/clock.ts';
import { MvccStore } from '../../mvcc/mvcc-store.ts';
import { etcdError } from '../errors.ts';
import { idToHex } from '../identity.ts';
import type { MemberContext } from '../service.ts';
import type { MemberHash } from './verdict.ts';

export const hashPath = '/kuorum.store.v1.Peer/HashKV';

export interface HashRequest {
  readonly clusterId: string;
  readonly revision: number;
  /** the answer waits until this compaction is applied and cleaned up after, too */
  readonly compactRevision: number;
  /** how long it may wait; at most `waitMsMax` */
  readonly waitMs: number;
}
export interface HashAnswer extends MemberHash {
  readonly scheme: number;
}

const waitMsMax = 5000;
const pollMs = 10;

function fingerprint(): number {
  const store = new MvccStore({ putRecord() {}, dropRecord() {}, putLease() {}, dropLease() {} });
  store.put({ key: new Uint8Array([1, 2, 3]), value: new Uint8Array([4, 5]) });
  store.deleteRange({ key: new Uint8Array([1, 2, 3]) });
  return store.hash().hash;
}

/**
 * How hashes are made: that of a small store. Members of a version that makes them otherwise have another one, and are
 * not taken for damaged.
 */
export const hashScheme = fingerprint();

/** Waits, in steps between other work, until a compaction is cleaned up after: what is left is the same everywhere then. */
export async function untilSwept(machine: MemberContext['machine'], clock: Clock, waitMs = waitMsMax): Promise<void> {
  const deadlineMs = clock.monotonicMs() + waitMs;
  // asked anew each time: a snapshot may replace the store meanwhile
  while (machine.state.mvcc.compactPending && !machine.stopped && clock.monotonicMs() < deadlineMs) {
    await sleep(pollMs, clock);
  }
}

/** Answers a peer. Throws where this member has not got there in time, or has compacted further. */
export async function answerHash(context: MemberContext, request: HashRequest): Promise<HashAnswer> {
  const { machine, clock, node, clusterId } = context;
  if (request.clusterId !== idToHex(clusterId)) throw etcdError('cluster-id-mismatch');
  const deadlineMs = clock.monotonicMs() + Math.min(request.waitMs, waitMsMax);
  const behind = (): boolean => {
    const { revision, compactRevision, compactPending } = machine.state.mvcc;
    return revision < request.revision || compactRevision < request.compactRevision || compactPending;
  };
  while (behind() && !machine.stopped && clock.monotonicMs() < deadlineMs) await sleep(pollMs, clock);
  const { hash, revision, compactRevision } = machine.state.mvcc.hash(request.revision);
  return { id: node.id, hash, revision, compactRevision, scheme: hashScheme };
}

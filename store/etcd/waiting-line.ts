import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { CallContext } from '../../grpc/server.ts';
import type { RangeRequest, ResponseHeader, TxnResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { keyBytes, keyName, keyRange } from '../mvcc/key-name.ts';
import type { StoreEvent } from '../mvcc/types.ts';
import type { LocalCalls } from './local-calls.ts';
import type { WatchHub, WatchOptions } from './watch-hub.ts';

/**
 * What locks and elections have in common, as etcd's client library lays it out: all who want the same thing have a key
 * under one prefix, bound to a lease, and the oldest key has it.
 *
 *     lock "a", leases 1f and 2c            a/1f   created at 7   holds
 *                                           a/2c   created at 9   waits until nothing older than 9 is left
 */
export interface Place {
  readonly prefix: Uint8Array;
  readonly key: Uint8Array;
  /** create revision of the key */
  readonly revision: number;
  readonly lease: bigint;
}

/** seconds; of the lease of somebody who brings none */
const ownLeaseTtl = 60;
const compareEqual = 0;
const compareCreate = 1;
const sort = { ascend: 1, descend: 2, byCreateRevision: 2 } as const;

/** [prefix, prefix + 1); the prefix ends with a slash, so that its last byte can be counted up */
function underPrefix(prefix: Uint8Array): { key: Uint8Array; rangeEnd: Uint8Array } {
  const rangeEnd = prefix.slice();
  rangeEnd[rangeEnd.length - 1]! += 1;
  return { key: prefix, rangeEnd };
}

export const oldestUnder = (prefix: Uint8Array): Loose<RangeRequest> => ({
  ...underPrefix(prefix),
  sortOrder: sort.ascend,
  sortTarget: sort.byCreateRevision,
  limit: 1,
});

export const prefixOf = (name: Uint8Array): Uint8Array => keyBytes(`${keyName(name)}/`);

/** the lease named, or a new one */
export async function leaseOf(calls: LocalCalls, lease: bigint, call: CallContext): Promise<bigint> {
  return lease === 0n ? (await calls.leaseGrant({ TTL: ownLeaseTtl }, call)).ID : lease;
}

/** Takes a place in the line, or the one that the lease has already; `found` is the value that was there then. */
export async function enter(
  calls: LocalCalls,
  wanted: { name: Uint8Array; lease: bigint; value: Uint8Array },
  call: CallContext,
): Promise<{ place: Place; header: ResponseHeader | undefined; found: Uint8Array | undefined }> {
  const prefix = prefixOf(wanted.name);
  const lease = await leaseOf(calls, wanted.lease, call);
  const key = keyBytes(`${keyName(prefix)}${lease.toString(16)}`);
  const { header, succeeded, responses } = await calls.txn(
    {
      compare: [{ key, target: compareCreate, result: compareEqual, createRevision: 0 }],
      success: [{ requestPut: { key, value: wanted.value, lease } }],
      failure: [{ requestRange: { key } }],
    },
    call,
  );
  const there = succeeded ? undefined : responses[0]?.responseRange?.kvs[0];
  const revision = there?.createRevision ?? header?.revision ?? 0;
  return { place: { prefix, key, revision, lease }, header, found: there?.value };
}

/** A transaction that holds only as long as the key is the one that was created at `revision`. */
export const whileHeld = (
  calls: LocalCalls,
  { key, revision }: Pick<Place, 'key' | 'revision'>,
  operation: { put?: { value: Uint8Array; lease: bigint } },
  call: CallContext,
): Promise<TxnResponse> =>
  calls.txn(
    {
      compare: [{ key, target: compareCreate, result: compareEqual, createRevision: revision }],
      success: [operation.put ? { requestPut: { key, ...operation.put } } : { requestDeleteRange: { key } }],
    },
    call,
  );

/**
 * Resolves, with a header of that moment, once no older key is left; rejects with `expired` where the own key goes first,
 * and with the signal's reason when the caller gives up.
 */
export async function waitForTurn(
  { calls, hub }: { calls: LocalCalls; hub: WatchHub },
  { prefix, key, revision }: Place,
  expired: string,
  call: CallContext,
): Promise<ResponseHeader | undefined> {
  const older = {
    ...underPrefix(prefix),
    sortOrder: sort.descend,
    sortTarget: sort.byCreateRevision,
    limit: 1,
    keysOnly: true,
    maxCreateRevision: revision - 1,
  };
  for (;;) {
    throwIfAborted(call.signal);
    const { header, responses } = await calls.txn(
      { success: [{ requestRange: older }, { requestRange: { key, keysOnly: true } }] },
      call,
    );
    const before = responses[0]?.responseRange?.kvs[0];
    const own = responses[1]?.responseRange?.kvs[0];
    if (own?.createRevision !== revision) throw new GrpcError(grpcCode.unknown, expired);
    if (before === undefined) return header;
    const startRevision = (header?.revision ?? 0) + 1;
    const gone = [before.key, key].map((name) => ({ range: keyRange(name, undefined), noPut: true, startRevision }));
    await nextEvent(hub, gone, call.signal);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
}

/** Resolves with the first event of any of the watches; with undefined where it can no more be told: look anew. */
export function nextEvent(
  hub: WatchHub,
  watches: readonly (Pick<WatchOptions, 'range' | 'startRevision'> & Partial<WatchOptions>)[],
  signal: AbortSignal,
): Promise<StoreEvent | undefined> {
  return new Promise((resolve, reject) => {
    const outlet = hub.open({
      deliver: (_watcher, [event]) => {
        done(() => resolve(event));
        return true;
      },
      compacted: () => done(() => resolve(undefined)),
      progress: () => {},
      drained: () => Promise.resolve(),
    });
    const onAbort = (): void => done(() => reject(signal.reason as Error));
    const done = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      hub.close(outlet);
      settle();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    for (const watch of watches) hub.watch(outlet, { prevKv: false, noPut: false, noDelete: false, ...watch });
    if (signal.aborted) onAbort();
  });
}

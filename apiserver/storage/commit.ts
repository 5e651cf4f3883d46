import { sleep, systemClock } from '../../base/clock.ts';
import {
  EtcdError,
  type EtcdClient,
  type Guard,
  type GuardedWriteResult,
  type KeyValue,
  type Operation,
} from './etcd-client.ts';

/** A change of one object, with other keys that must change together with it. */
export interface Commit {
  readonly key: string;
  /** the object's mod revision must still be this; 0: it must not exist */
  readonly expected: number;
  /** undefined: delete */
  readonly value: Uint8Array | undefined;
  readonly lease?: string;
  readonly guards?: readonly Guard[];
  readonly operations?: readonly Operation[];
}

export type CommitResult =
  | { readonly done: true; readonly revision: number }
  | {
      readonly done: false;
      readonly current: KeyValue | undefined;
      /** what the keys of `guards` hold */
      readonly guarded: readonly (KeyValue | undefined)[];
    };

const commitTimeoutMs = 12_000;
const retryDelayMs = 100;
/** how many later versions are looked through for our own */
const historyStepsMax = 16;

/**
 * Carries a commit out exactly once. After a lost answer the same guarded write is sent again: either it happens now, or
 * its guard fails and the key's history says whether the first one had happened.
 */
export async function commit(client: EtcdClient, change: Commit): Promise<CommitResult> {
  const { key, expected, value, lease } = change;
  const own: Operation = value === undefined ? { delete: { key } } : { put: { key, value, lease } };
  const write = {
    guards: [{ key, modRevision: expected }, ...(change.guards ?? [])],
    operations: [own, ...(change.operations ?? [])],
  };
  const deadlineMs = systemClock.monotonicMs() + commitTimeoutMs;
  let doubtful = false;
  for (;;) {
    try {
      const result = await client.write(write);
      if (result.succeeded) return { done: true, revision: result.revision };
      const earlier = doubtful ? await revisionOfOwn(client, change, result) : undefined;
      if (earlier !== undefined) return { done: true, revision: earlier };
      return { done: false, current: result.current[0], guarded: result.current.slice(1) };
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      const late = systemClock.monotonicMs() >= deadlineMs;
      if (error.kind === 'unknown-outcome' && !late) doubtful = true;
      else if (doubtful) throw new EtcdError('unknown-outcome', error.message, { cause: error });
      else throw error;
      await sleep(retryDelayMs);
    }
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && Buffer.compare(Buffer.from(a.buffer, a.byteOffset, a.length), b) === 0;

/** The revision of our own write, where the key's history has it. */
async function revisionOfOwn(
  client: EtcdClient,
  { key, expected, value }: Commit,
  { current, revision }: GuardedWriteResult,
): Promise<number | undefined> {
  let version = current[0];
  if (value === undefined) return version === undefined || version.createRevision > expected ? revision : undefined;
  for (let step = 0; step < historyStepsMax && version !== undefined && version.modRevision > expected; step++) {
    if (sameBytes(version.value, value)) return version.modRevision;
    const before: number = version.modRevision - 1;
    if (before === 0) return undefined;
    version = (await client.range({ key, revision: before })).kvs[0];
  }
  return undefined;
}

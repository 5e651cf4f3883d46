import type { Entry } from '../../../raft/core/types.ts';
import type { OfflineLog } from '../../../raft/runtime/offline-log.ts';
import { MemoryBackend } from '../../backend/memory-backend.ts';
import { inRange, keyName, keyRange } from '../../mvcc/key-name.ts';
import type { MvccStore } from '../../mvcc/mvcc-store.ts';
import type { TxnRequest } from '../../../proto/etcd-types.ts';
import type { Identity } from '../claim.ts';
import { commandCodec, entryCodec } from '../command.ts';
import type { SignedCommand } from '../command.ts';
import { loadState } from '../store-state.ts';
import type { StoreState } from '../store-state.ts';
import { applyEntry, noSink } from '../survivor.ts';
import { Faults } from './fault.ts';
import type { Fault } from './fault.ts';

export interface Comparison {
  readonly text: string;
  readonly faults: readonly Fault[];
}

function sweep(mvcc: MvccStore): void {
  while (mvcc.compactPending) mvcc.compactStep(10_000);
}

/** Whether the log has everything that made the store what it is; a mark may say that some of it could go, and none has gone. */
const isComplete = ({ mark }: OfflineLog, { joined, restoredFor }: Identity): boolean =>
  mark.kind !== 'reset' && mark.logStart.index <= 1 && joined === undefined && restoredFor === undefined;

const leaseTexts = (mvcc: MvccStore): string[] =>
  [...mvcc.leases.values()].map(({ id, ttl, renewals }) => `${id}/${ttl}/${renewals}`).sort();

const commitText = (mvcc: MvccStore, revision: number): string => {
  const events = mvcc.commitAt(revision)?.events ?? [];
  return events.map(({ type, kv }) => `${type} ${keyName(kv.key)} ${kv.version} ${kv.lease} ${kv.hash}`).join('\n');
};

/** What the store should hold by the log alone, against what it holds. */
function* differences(stored: StoreState, replayed: StoreState): Generator<string> {
  const { revision, compactRevision } = stored.mvcc;
  if (revision !== replayed.mvcc.revision) {
    yield `the store is at revision ${revision}, by the log it should be at ${replayed.mvcc.revision}`;
  }
  if (compactRevision !== replayed.mvcc.compactRevision) {
    yield `the store is compacted at ${compactRevision}, by the log it should be at ${replayed.mvcc.compactRevision}`;
  }
  const until = Math.min(revision, replayed.mvcc.revision);
  for (let r = Math.max(2, compactRevision); r <= until; r++) {
    if (commitText(stored.mvcc, r) !== commitText(replayed.mvcc, r)) yield `revision ${r} is not what the log says`;
  }
  if (stored.mvcc.hash().hash !== replayed.mvcc.hash().hash) yield 'the values that were kept are not those of the log';
  if (leaseTexts(stored.mvcc).join() !== leaseTexts(replayed.mvcc).join()) yield 'the leases are not those of the log';
  if ([...stored.alarms].sort().join() !== [...replayed.alarms].sort().join())
    yield 'the alarms are not those of the log';
}

async function compareAll(directory: string, stored: StoreState, applied: readonly Entry[]): Promise<Comparison> {
  const faults = new Faults();
  const replayed = await loadState(new MemoryBackend(), noSink);
  for (const entry of applied) applyEntry(replayed, entry);
  sweep(replayed.mvcc);
  sweep(stored.mvcc);
  for (const what of differences(stored, replayed)) faults.add({ file: directory, what });
  return { text: `all ${applied.length} entries replayed and compared`, faults: faults.list(directory) };
}

/** What the last unconditional puts of a part of the log left behind, as far as that can be told without what was before. */
class ExpectedValues {
  readonly #values = new Map<string, { value: Uint8Array; index: number }>();
  readonly #highest = new Map<bigint, number>();

  get values(): ReadonlyMap<string, { value: Uint8Array; index: number }> {
    return this.#values;
  }

  add({ index, data }: Entry): void {
    const { session, sequence, commands } = entryCodec.decode(data);
    const highest = this.#highest.get(session);
    this.#highest.set(session, Math.max(highest ?? 0, sequence));
    // one that was proposed twice is applied once, and where the first was cannot always be told
    const certain = highest !== undefined && sequence > highest;
    for (const bytes of commands) this.#command(commandCodec.decode(bytes), index, certain);
  }

  /** The space may run out, and then puts are refused: nothing is known any more. */
  forgetAll(): void {
    this.#values.clear();
  }

  #command(command: SignedCommand, index: number, certain: boolean): void {
    const { put, deleteRange, txn, user } = command;
    if (put !== undefined) {
      const name = keyName(put.key);
      const plain = put.lease === 0n && !put.ignoreLease && !put.ignoreValue && user === '';
      if (certain && plain) this.#values.set(name, { value: put.value.slice(), index });
      else this.#values.delete(name);
    }
    if (deleteRange !== undefined) this.#forget(deleteRange.key, deleteRange.rangeEnd);
    if (txn !== undefined) this.#txn(txn);
  }

  #txn({ success, failure }: TxnRequest): void {
    for (const { requestPut, requestDeleteRange, requestTxn } of [...success, ...failure]) {
      if (requestPut) this.#values.delete(keyName(requestPut.key));
      if (requestDeleteRange) this.#forget(requestDeleteRange.key, requestDeleteRange.rangeEnd);
      if (requestTxn) this.#txn(requestTxn);
    }
  }

  #forget(key: Uint8Array, rangeEnd: Uint8Array): void {
    const range = keyRange(key, rangeEnd);
    if (range.single) this.#values.delete(range.start);
    else for (const name of this.#values.keys()) if (inRange(range, name)) this.#values.delete(name);
  }
}

function compareSome(directory: string, stored: StoreState, applied: readonly Entry[]): Comparison {
  const faults = new Faults();
  const expected = new ExpectedValues();
  let alarmed = stored.alarms.size > 0;
  for (const entry of applied) {
    if (entry.type !== 'normal' || entry.data.length === 0) continue;
    alarmed ||= entryCodec.decode(entry.data).commands.some((bytes) => commandCodec.decode(bytes).alarm !== undefined);
    expected.add(entry);
  }
  if (alarmed) expected.forgetAll();
  for (const [name, { value, index }] of expected.values) {
    const [found] = stored.mvcc.range({ key: Buffer.from(name, 'latin1') }).kvs;
    if (found !== undefined && Buffer.compare(found.value, value) === 0) continue;
    const is =
      found === undefined ? 'is not in the store' : `has another value in the store, of revision ${found.modRevision}`;
    faults.add({ file: directory, what: `${JSON.stringify(name)}, which entry ${index} of the log puts, ${is}` });
  }
  const [first, last] = [applied[0]?.index, applied.at(-1)?.index];
  const span = first === undefined ? 'no entries' : `entries ${first} to ${last}`;
  return {
    text: `the log begins later than the store: ${span} compared by the last values of ${expected.values.size} keys`,
    faults: faults.list(directory),
  };
}

/**
 * The log against the store, for the entries that both have: replayed from the beginning where the log has it, and otherwise
 * by what its last puts must have left. The rest of the log is then applied to `stored`, in memory. `directory`: the store's.
 */
export async function compareLogAndStore(
  directory: string,
  stored: StoreState,
  log: OfflineLog,
  identity: Identity,
): Promise<Comparison> {
  const { appliedIndex } = stored;
  const applied = log.entries.filter(({ index }) => index <= appliedIndex);
  const complete = isComplete(log, identity);
  try {
    const found = complete ? await compareAll(directory, stored, applied) : compareSome(directory, stored, applied);
    const rest = log.entries.filter(({ index }) => index > appliedIndex);
    for (const entry of rest) applyEntry(stored, entry);
    const behind = rest.length === 0 ? '' : `; ${rest.length} more applied on top, to revision ${stored.mvcc.revision}`;
    return { text: found.text + behind, faults: found.faults };
  } catch (error) {
    const what = `an entry of the log cannot be applied: ${(error as Error).message}`;
    return { text: 'not compared', faults: [{ file: directory, what }] };
  }
}

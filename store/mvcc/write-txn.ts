import { compareHolds } from './compare.ts';
import { latest } from './key-index.ts';
import type { KeyIndex } from './key-index.ts';
import { keyName, keyRange } from './key-name.ts';
import { collect, readRange } from './range.ts';
import { recordHash } from './record-hash.ts';
import { MvccError } from './types.ts';
import type {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResult,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
  RequestOp,
  ResponseOp,
  StoredValue,
  StoreEvent,
  TxnRequest,
  TxnResult,
} from './types.ts';

const noBytes = new Uint8Array(0);

/** The part of a store that a transaction works on. */
export interface TxnBase {
  readonly index: KeyIndex;
  readonly revision: number;
  readonly compactRevision: number;
  hasLease(id: bigint): boolean;
  /** a value was added; attaches and detaches leases */
  changed(event: StoreEvent): void;
}

/**
 * One transaction: all its changes carry the same revision, base revision + 1, and are told apart by `sub`. Reads in
 * it see the changes made so far.
 */
export class WriteTxn {
  readonly #base: TxnBase;
  readonly events: StoreEvent[] = [];

  constructor(base: TxnBase) {
    this.#base = base;
  }

  /** what a response says: the revision before the transaction until something changed */
  get revision(): number {
    return this.#base.revision + (this.events.length > 0 ? 1 : 0);
  }

  range(r: RangeRequest): RangeResult {
    const wanted = r.revision ?? 0;
    checkRevision(this.#base, wanted);
    const revision = wanted > 0 ? wanted : this.revision;
    return readRange(this.#base.index, r, { revision, current: revision >= this.revision }, this.revision);
  }

  put(p: PutRequest): PutResult {
    const name = keyName(p.key);
    const entry = this.#base.index.get(name);
    const previous = entry === undefined ? undefined : latest(entry);
    const revision = this.#base.revision + 1;
    // the request is a view of a larger buffer, which must not be kept alive by one value
    const key = entry?.key ?? p.key.slice();
    const value = p.ignoreValue ? (previous?.value ?? noBytes) : p.value.slice();
    const lease = p.ignoreLease ? (previous?.lease ?? 0n) : (p.lease ?? 0n);
    const createRevision = previous?.createRevision ?? revision;
    const version = (previous?.version ?? 0) + 1;
    const sub = this.events.length;
    const hash = recordHash(key, value, [revision, sub, createRevision, version], lease);
    const kv: StoredValue = { key, createRevision, modRevision: revision, version, value, lease, sub, hash };
    this.#add(name, { type: 0, kv, prevKv: previous });
    return { header: { revision }, prevKv: p.prevKv ? previous : undefined };
  }

  deleteRange(d: DeleteRangeRequest): DeleteRangeResult {
    const at = { revision: this.revision, current: true };
    const { values } = collect(this.#base.index, keyRange(d.key, d.rangeEnd), at, Infinity);
    for (const previous of values) this.delete(previous);
    return { header: { revision: this.revision }, deleted: values.length, prevKvs: d.prevKv ? values : [] };
  }

  delete(previous: StoredValue): void {
    const { key } = previous;
    const modRevision = this.#base.revision + 1;
    const sub = this.events.length;
    const hash = recordHash(key, noBytes, [modRevision, sub, 0, 0], 0n);
    const kv: StoredValue = { key, createRevision: 0, modRevision, version: 0, value: noBytes, lease: 0n, sub, hash };
    this.#add(keyName(key), { type: 1, kv, prevKv: previous });
  }

  /** Checks all that may fail before anything is changed. */
  txn(t: TxnRequest): TxnResult {
    const plan = this.#plan(t);
    this.#check(plan);
    const result = this.#execute(plan);
    return { ...result, header: { revision: this.revision } };
  }

  /** Which branches are taken is decided once, on the state before the transaction, for nested ones too. */
  #plan(t: TxnRequest): TxnPlan {
    const succeeded = t.compare.every((c) => compareHolds(c, this.#compared(c)));
    const ops = (succeeded ? t.success : t.failure).map((op) => ({
      op,
      nested: op.requestTxn === undefined ? undefined : this.#plan(op.requestTxn),
    }));
    return { succeeded, ops };
  }

  #compared(c: Compare): readonly StoredValue[] {
    const at = { revision: this.revision, current: true };
    return collect(this.#base.index, keyRange(c.key, c.rangeEnd), at, Infinity).values;
  }

  #check(plan: TxnPlan): void {
    for (const { op, nested } of plan.ops) {
      if (op.requestRange) checkRevision(this.#base, op.requestRange.revision ?? 0);
      else if (op.requestPut) checkPut(this.#base, op.requestPut);
      else if (nested) this.#check(nested);
    }
  }

  #execute(plan: TxnPlan): TxnResult {
    const responses = plan.ops.map(({ op, nested }): ResponseOp => {
      if (op.requestRange) return { responseRange: this.range(op.requestRange) };
      if (op.requestPut) return { responsePut: this.put(op.requestPut) };
      if (op.requestDeleteRange) return { responseDeleteRange: this.deleteRange(op.requestDeleteRange) };
      return nested ? { responseTxn: this.#execute(nested) } : {};
    });
    return { header: { revision: 0 }, succeeded: plan.succeeded, responses };
  }

  #add(name: string, event: StoreEvent): void {
    this.#base.index.append(name, event.kv);
    this.events.push(event);
    this.#base.changed(event);
  }
}

interface TxnPlan {
  readonly succeeded: boolean;
  readonly ops: readonly { readonly op: RequestOp; readonly nested: TxnPlan | undefined }[];
}

/** 0 is the current revision; the compaction revision itself may still be read */
export function checkRevision(base: Pick<TxnBase, 'revision' | 'compactRevision'>, revision: number): void {
  if (revision <= 0) return;
  if (revision > base.revision) throw new MvccError('future-revision');
  if (revision < base.compactRevision) throw new MvccError('compacted');
}

export function checkPut(base: TxnBase, p: PutRequest): void {
  const lease = p.lease ?? 0n;
  if (lease !== 0n && !base.hasLease(lease)) throw new MvccError('lease-not-found');
  if (!p.ignoreValue && !p.ignoreLease) return;
  const entry = base.index.get(keyName(p.key));
  if (entry === undefined || latest(entry) === undefined) throw new MvccError('key-not-found');
}

/** a nested transaction counts as a write, as in etcd */
export const isReadOnly = (t: TxnRequest): boolean =>
  t.success.every((op) => op.requestRange !== undefined) && t.failure.every((op) => op.requestRange !== undefined);

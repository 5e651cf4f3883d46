import { compareHolds } from './compare.ts';
import { keyName, keyRange } from './key-name.ts';
import type { KeyName } from './key-name.ts';
import { noKey } from './key-table.ts';
import type { KeyId } from './key-table.ts';
import { collect, readRange } from './range.ts';
import type { Readable } from './range.ts';
import { recordHash } from './record-hash.ts';
import { noPosition } from './record-log.ts';
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
  TxnRequest,
  TxnResult,
} from './types.ts';

const noBytes = new Uint8Array(0);

/** The part of a store that a transaction works on. */
export interface TxnBase extends Readable {
  readonly revision: number;
  readonly compactRevision: number;
  hasLease(id: bigint): boolean;
  /** Copies a record in; `id` as the index has it before. Attaches the key to the record's lease, and detaches it from the one before. */
  add(name: KeyName, id: KeyId, record: StoredValue, leaseBefore: bigint): void;
}

/**
 * One transaction: all its changes carry the same revision, base revision + 1, and are told apart by `sub`. Reads in
 * it see the changes made so far.
 */
export class WriteTxn {
  readonly #base: TxnBase;
  #changes = 0;

  constructor(base: TxnBase) {
    this.#base = base;
  }

  /** records added so far */
  get changes(): number {
    return this.#changes;
  }

  /** what a response says: the revision before the transaction until something changed */
  get revision(): number {
    return this.#base.revision + (this.#changes > 0 ? 1 : 0);
  }

  range(r: RangeRequest): RangeResult {
    const wanted = r.revision ?? 0;
    checkRevision(this.#base, wanted);
    const revision = wanted > 0 ? wanted : this.revision;
    return readRange(this.#base, r, { revision, current: revision >= this.revision }, this.revision);
  }

  put(p: PutRequest): PutResult {
    const { index, log } = this.#base;
    const name = keyName(p.key);
    const id = index.find(name);
    const before = id === noKey ? noPosition : index.latest(id);
    const isNew = before === noPosition;
    const previous = !isNew && (p.prevKv || p.ignoreValue) ? log.read(before) : undefined;
    const leaseBefore = isNew ? 0n : log.lease(before);
    const revision = this.#base.revision + 1;
    const { key } = p;
    const value = p.ignoreValue ? (previous?.value ?? noBytes) : p.value;
    const lease = p.ignoreLease ? leaseBefore : (p.lease ?? 0n);
    const createRevision = isNew ? revision : log.createRevision(before);
    const version = isNew ? 1 : log.version(before) + 1;
    const sub = this.#changes++;
    const hash = recordHash(key, value, revision, sub, createRevision, version, lease);
    const record = { key, createRevision, modRevision: revision, version, value, lease, sub, hash };
    this.#base.add(name, id, record, leaseBefore);
    return { header: { revision }, prevKv: p.prevKv ? previous : undefined };
  }

  deleteRange(d: DeleteRangeRequest): DeleteRangeResult {
    const { index, log } = this.#base;
    const at = { revision: this.revision, current: true };
    const { positions } = collect(index, keyRange(d.key, d.rangeEnd), at, Infinity);
    const prevKvs = d.prevKv ? positions.map((position) => log.read(position)) : [];
    for (const position of positions) this.delete(log.name(position));
    return { header: { revision: this.revision }, deleted: positions.length, prevKvs };
  }

  /** of a key that exists */
  delete(name: KeyName): void {
    const { index, log } = this.#base;
    const id = index.find(name);
    const before = index.newest(id);
    const key = log.key(before);
    const modRevision = this.#base.revision + 1;
    const sub = this.#changes++;
    const hash = recordHash(key, noBytes, modRevision, sub, 0, 0, 0n);
    const record = { key, createRevision: 0, modRevision, version: 0, value: noBytes, lease: 0n, sub, hash };
    this.#base.add(name, id, record, log.lease(before));
  }

  /** Checks all that may fail before anything is changed. */
  txn(t: TxnRequest): TxnResult {
    const plan = this.#plan(t);
    this.#check(plan);
    const responses = this.#execute(plan);
    return { header: { revision: this.revision }, succeeded: plan.succeeded, responses };
  }

  /** Which branches are taken is decided once, on the state before the transaction, for nested ones too. */
  #plan(t: TxnRequest): TxnPlan {
    const succeeded = t.compare.every((c) => compareHolds(c, this.#compared(c)));
    const ops = succeeded ? t.success : t.failure;
    return { succeeded, ops, nested: ops.map((op) => op.requestTxn && this.#plan(op.requestTxn)) };
  }

  #compared(c: Compare): readonly StoredValue[] {
    const at = { revision: this.revision, current: true };
    const { index, log } = this.#base;
    return collect(index, keyRange(c.key, c.rangeEnd), at, Infinity).positions.map((position) => log.read(position));
  }

  #check({ ops, nested }: TxnPlan): void {
    for (const [i, op] of ops.entries()) {
      if (op.requestRange) checkRevision(this.#base, op.requestRange.revision ?? 0);
      else if (op.requestPut) checkPut(this.#base, op.requestPut);
      else if (nested[i]) this.#check(nested[i]);
    }
  }

  #execute({ ops, nested }: TxnPlan): ResponseOp[] {
    return ops.map((op, i): ResponseOp => {
      if (op.requestRange) return { responseRange: this.range(op.requestRange) };
      if (op.requestPut) return { responsePut: this.put(op.requestPut) };
      if (op.requestDeleteRange) return { responseDeleteRange: this.deleteRange(op.requestDeleteRange) };
      const plan = nested[i];
      if (plan === undefined) return {};
      const responses = this.#execute(plan);
      return { responseTxn: { header: { revision: 0 }, succeeded: plan.succeeded, responses } };
    });
  }
}

interface TxnPlan {
  readonly succeeded: boolean;
  readonly ops: readonly RequestOp[];
  /** beside each operation that is a transaction itself */
  readonly nested: readonly (TxnPlan | undefined)[];
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
  const id = base.index.find(keyName(p.key));
  if (id === noKey || !base.index.isLive(id)) throw new MvccError('key-not-found');
}

/** a nested transaction counts as a write, as in etcd */
export const isReadOnly = (t: TxnRequest): boolean =>
  t.success.every((op) => op.requestRange !== undefined) && t.failure.every((op) => op.requestRange !== undefined);

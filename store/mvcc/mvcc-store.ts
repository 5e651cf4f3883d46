import { assert } from '../../base/assert.ts';
import { History } from './history.ts';
import { isTombstone, KeyIndex, latest, placeAt } from './key-index.ts';
import type { KeyEntry } from './key-index.ts';
import { keyName } from './key-name.ts';
import { recordHash } from './record-hash.ts';
import { checkPut, checkRevision, WriteTxn } from './write-txn.ts';
import type { TxnBase } from './write-txn.ts';
import { MvccError } from './types.ts';
import type {
  Commit,
  DeleteRangeRequest,
  DeleteRangeResult,
  Lease,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
  StoredValue,
  StoreEvent,
  StoreSink,
  TxnRequest,
  TxnResult,
} from './types.ts';

/** seconds; etcd's limit */
export const leaseTtlMax = 9_000_000_000;

/** bytes a record takes besides key and value, for the size that quotas are measured against */
const recordOverheadBytes = 40;

const recordBytes = (record: StoredValue): number => record.key.length + record.value.length + recordOverheadBytes;

export interface StoreHash {
  readonly hash: number;
  readonly revision: number;
  readonly compactRevision: number;
}

/** What a store is besides its records. */
export interface StoreMeta {
  readonly revision: number;
  readonly compactRevision: number;
  readonly leases: readonly Pick<Lease, 'id' | 'ttl' | 'renewals'>[];
}
export type LoadedRecord = Omit<StoredValue, 'hash'>;

/**
 * All keys with all their values since the last compaction, and the leases. Everything is decided by the order of the
 * calls alone: members that apply the same commands are the same.
 */
export class MvccStore {
  readonly #index = new KeyIndex();
  readonly #leases = new Map<bigint, Lease>();
  readonly #sink: StoreSink;
  #history = new History(2);
  #revision = 1;
  #compactRevision = -1;
  /** the next revision that the clean-up after a compaction looks at; see `compactStep` */
  #sweepNext = 1;
  #sizeBytes = 0;
  #hashSum = 0;
  readonly #base: TxnBase;

  constructor(sink: StoreSink) {
    this.#sink = sink;
    // oxlint-disable-next-line typescript/no-this-alias
    const store = this;
    this.#base = {
      index: this.#index,
      get revision() {
        return store.#revision;
      },
      get compactRevision() {
        return store.#compactRevision;
      },
      hasLease: (id) => this.#leases.has(id),
      changed: (event) => this.#changed(event),
    };
  }

  /** 1 when nothing was ever written */
  get revision(): number {
    return this.#revision;
  }

  /** -1 before the first compaction; reads below it fail */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** what is kept, in bytes, without the cost of the disk's own structures */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get keyCount(): number {
    return this.#index.liveCount;
  }

  get leases(): ReadonlyMap<bigint, Lease> {
    return this.#leases;
  }

  range(r: RangeRequest): RangeResult {
    return new WriteTxn(this.#base).range(r);
  }

  put(p: PutRequest): PutResult {
    checkPut(this.#base, p);
    return this.#write((txn) => txn.put(p));
  }

  deleteRange(d: DeleteRangeRequest): DeleteRangeResult {
    return this.#write((txn) => txn.deleteRange(d));
  }

  txn(t: TxnRequest): TxnResult {
    return this.#write((txn) => txn.txn(t));
  }

  /** One whole transaction that reads only: may run on any member, outside the log. */
  readTxn(t: TxnRequest): TxnResult {
    const txn = new WriteTxn(this.#base);
    const result = txn.txn(t);
    assert(txn.events.length === 0, 'a read-only transaction changes nothing');
    return result;
  }

  /** From now on nothing below `revision` can be read. What that frees is cleaned up by `compactStep`. */
  compact(revision: number): void {
    if (revision <= this.#compactRevision) throw new MvccError('compacted');
    if (revision > this.#revision) throw new MvccError('future-revision');
    // tombstones at the last compaction revision were kept: begin with it again
    this.#sweepNext = Math.min(this.#sweepNext, Math.max(1, this.#compactRevision));
    this.#compactRevision = revision;
    this.#history.forgetPrevious(revision);
  }

  get compactPending(): boolean {
    return this.#sweepNext <= this.#compactRevision;
  }

  /**
   * Cleans up after a compaction, about `budget` changes at a time, so that no compaction holds anything up. Only keys
   * that changed up to the compaction revision can have something to drop, and the history names them.
   */
  compactStep(budget: number): void {
    for (let left = budget; this.compactPending && left > 0; left--) {
      const events = this.#history.at(this.#sweepNext)?.events ?? [];
      for (const event of events) {
        const entry = this.#index.get(keyName(event.kv.key));
        if (entry !== undefined) this.#compactEntry(entry);
      }
      left -= events.length;
      this.#sweepNext++;
      // a watch may still begin at the compaction revision itself
      this.#history.dropBefore(Math.min(this.#sweepNext, this.#compactRevision));
    }
  }

  leaseGrant(id: bigint, ttl: number): Lease {
    if (id === 0n) throw new MvccError('lease-not-found');
    if (ttl > leaseTtlMax) throw new MvccError('lease-ttl-too-large');
    if (this.#leases.has(id)) throw new MvccError('lease-exists');
    const lease: Lease = { id, ttl, renewals: 0, keys: new Set() };
    this.#leases.set(id, lease);
    this.#sink.putLease(lease);
    return lease;
  }

  /** Deletes the keys attached, in one revision. */
  leaseRevoke(id: bigint): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new MvccError('lease-not-found');
    this.#write((txn) => {
      for (const name of [...lease.keys].sort()) {
        const entry = this.#index.get(name);
        const value = entry === undefined ? undefined : latest(entry);
        if (value !== undefined) txn.delete(value);
      }
    });
    this.#leases.delete(id);
    this.#sink.dropLease(id);
  }

  /** Counts a renewal; the caller keeps the time. */
  leaseRenew(id: bigint): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new MvccError('lease-not-found');
    const renewed: Lease = { ...lease, renewals: lease.renewals + 1 };
    this.#leases.set(id, renewed);
    this.#sink.putLease(renewed);
    return renewed;
  }

  /** The commit that made `revision`; undefined when compacted or still to come. */
  commitAt(revision: number): Commit | undefined {
    return this.#history.at(revision);
  }

  /** Of everything kept as of `revision` (0: the current one). The same on every member with the same compaction. */
  hash(revision = 0): StoreHash {
    checkRevision(this.#base, revision);
    while (this.compactPending) this.compactStep(10_000);
    const at = revision > 0 ? revision : this.#revision;
    let sum = this.#hashSum;
    for (let r = at + 1; r <= this.#revision; r++) {
      for (const event of this.#history.at(r)?.events ?? []) sum = (sum - event.kv.hash) >>> 0;
    }
    return { hash: sum >>> 0, revision: at, compactRevision: this.#compactRevision };
  }

  #write<T>(action: (txn: WriteTxn) => T): T {
    const txn = new WriteTxn(this.#base);
    const result = action(txn);
    if (txn.events.length > 0) {
      this.#revision++;
      this.#history.append({ revision: this.#revision, events: txn.events });
    }
    return result;
  }

  /** Fills an empty store with what was kept: this first, then each record in order, then `endLoad`. */
  beginLoad(meta: StoreMeta): void {
    assert(this.#revision === 1 && this.#index.size === 0, 'only an empty store is loaded');
    this.#compactRevision = meta.compactRevision;
    this.#revision = meta.revision;
    this.#history = new History(Math.max(2, meta.compactRevision));
    for (const { id, ttl, renewals } of meta.leases) this.#leases.set(id, { id, ttl, renewals, keys: new Set() });
  }

  #loading: { revision: number; events: StoreEvent[] } | undefined;

  loadRecord(record: LoadedRecord): void {
    const { createRevision, modRevision, version, value, lease, sub } = record;
    const name = keyName(record.key);
    const entry = this.#index.get(name);
    const key = entry?.key ?? record.key.slice();
    const prevKv = entry === undefined ? undefined : latest(entry);
    const hash = recordHash(key, value, [modRevision, sub, createRevision, version], lease);
    const kv = { key, createRevision, modRevision, version, value: value.slice(), lease, sub, hash };
    this.#index.append(name, kv);
    this.#account(kv, 1);
    this.#attach(kv, prevKv);
    if (modRevision < this.#history.firstRevision && this.#loading === undefined) return;
    if (this.#loading?.revision !== modRevision) this.#commitLoaded({ revision: modRevision, events: [] });
    const known = modRevision > this.#compactRevision ? prevKv : undefined;
    this.#loading?.events.push({ type: version === 0 ? 1 : 0, kv, prevKv: known });
  }

  endLoad(): void {
    this.#commitLoaded(undefined);
    assert(this.#history.lastRevision <= this.#revision, 'no record is newer than the revision');
    assert(
      this.#history.lastRevision === Math.max(this.#revision, this.#history.firstRevision - 1),
      `each revision since the compaction has its records (history to ${this.#history.lastRevision}, revision ${this.#revision})`,
    );
    // a clean-up that a crash interrupted; nothing at all where there was none
    const entries: KeyEntry[] = [];
    this.#index.visit('', undefined, (entry) => entries.push(entry) > 0);
    for (const entry of entries) this.#compactEntry(entry);
    this.#sweepNext = Math.max(1, this.#compactRevision + 1);
  }

  #commitLoaded(next: { revision: number; events: StoreEvent[] } | undefined): void {
    if (this.#loading !== undefined) this.#history.append(this.#loading);
    this.#loading = next;
    if (next === undefined ? this.#revision === this.#compactRevision : next.revision > this.#compactRevision) {
      this.#bridgeCompaction();
    }
  }

  /** In data that an etcd has compacted the compaction revision itself may be gone: its deletions are, and a bumped one had none. */
  #bridgeCompaction(): void {
    const { firstRevision, lastRevision } = this.#history;
    if (firstRevision !== this.#compactRevision || lastRevision >= firstRevision) return;
    this.#history.append({ revision: firstRevision, events: [] });
  }

  /** Drops what nobody may ask for: all before the newest value as of the compaction, and that too if it is an older tombstone. */
  #compactEntry(entry: KeyEntry): void {
    const { values } = entry;
    const place = placeAt(values, this.#compactRevision);
    if (place < 0) return;
    const kept = values[place]!;
    const gone = isTombstone(kept) && kept.modRevision < this.#compactRevision ? place + 1 : place;
    for (const record of values.splice(0, gone)) {
      this.#account(record, -1);
      this.#sink.dropRecord(record);
    }
    if (values.length === 0) this.#index.remove(entry);
  }

  #changed(event: StoreEvent): void {
    this.#account(event.kv, 1);
    this.#sink.putRecord(event.kv);
    this.#attach(event.kv, event.prevKv);
  }

  #attach(kv: StoredValue, previous: StoredValue | undefined): void {
    const before = previous?.lease ?? 0n;
    if (before !== 0n && before !== kv.lease) this.#leases.get(before)?.keys.delete(keyName(kv.key));
    if (kv.lease !== 0n) this.#leases.get(kv.lease)?.keys.add(keyName(kv.key));
  }

  #account(record: StoredValue, by: 1 | -1): void {
    this.#sizeBytes += by * recordBytes(record);
    this.#hashSum = (this.#hashSum + by * record.hash) >>> 0;
  }
}

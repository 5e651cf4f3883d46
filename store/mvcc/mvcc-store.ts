import { assert } from '../../base/assert.ts';
import { History } from './history.ts';
import type { Change } from './history.ts';
import { KeyIndex } from './key-index.ts';
import { keyName } from './key-name.ts';
import type { KeyName } from './key-name.ts';
import { noKey } from './key-table.ts';
import type { KeyId } from './key-table.ts';
import { recordHash } from './record-hash.ts';
import { noPosition, RecordLog } from './record-log.ts';
import type { Position, SegmentLimits } from './record-log.ts';
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
  StoreSink,
  TxnRequest,
  TxnResult,
} from './types.ts';

/** seconds; etcd's limit */
export const leaseTtlMax = 9_000_000_000;

/** bytes a record takes besides key and value, for the size that quotas are measured against */
const recordOverheadBytes = 40;

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
  readonly #log: RecordLog;
  readonly #index: KeyIndex;
  readonly #leases = new Map<bigint, Lease>();
  readonly #sink: StoreSink;
  #history: History;
  #revision = 1;
  #compactRevision = -1;
  /** the next revision that the clean-up after a compaction looks at; see `compactStep` */
  #sweepNext = 1;
  /** tombstones below the compaction revision that it looked at, and that have a newer record behind them */
  readonly #ended = new Set<Position>();
  #sizeBytes = 0;
  #hashSum = 0;
  readonly #base: TxnBase;

  constructor(sink: StoreSink, segments?: SegmentLimits) {
    this.#sink = sink;
    this.#log = new RecordLog(segments);
    this.#index = new KeyIndex(this.#log);
    this.#history = new History(this.#log, 2);
    // oxlint-disable-next-line typescript/no-this-alias
    const store = this;
    this.#base = {
      index: this.#index,
      log: this.#log,
      get revision() {
        return store.#revision;
      },
      get compactRevision() {
        return store.#compactRevision;
      },
      hasLease: (id) => this.#leases.has(id),
      add: (name, id, record, leaseBefore) => {
        this.#add(name, id, record, leaseBefore);
        this.#sink.putRecord(record);
      },
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
    assert(txn.changes === 0, 'a read-only transaction changes nothing');
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
    return this.#sweepPending || this.#log.repackPending;
  }

  get #sweepPending(): boolean {
    return this.#sweepNext <= this.#compactRevision || this.#ended.size > 0;
  }

  /**
   * Cleans up after a compaction, about `budget` changes at a time, so that no compaction holds anything up. Only keys
   * that changed up to the compaction revision can have something to drop, and the history names them.
   */
  compactStep(budget: number): void {
    let left = budget;
    for (; this.#sweepNext <= this.#compactRevision && left > 0; left--) {
      this.#log.visitFrom(this.#sweepNext, (position) => {
        if (this.#log.modRevision(position) !== this.#sweepNext) return false;
        left--;
        this.#sweep(position);
        return true;
      });
      this.#sweepNext++;
      // a watch may still begin at the compaction revision itself
      this.#history.dropBefore(Math.min(this.#sweepNext, this.#compactRevision));
    }
    for (const position of this.#ended) {
      if (left-- <= 0) return;
      this.#dropTombstone(position);
    }
    if (left > 0) this.#log.repack(left, this.#index);
  }

  /**
   * Looks at a record at or below the compaction revision: the one before it goes, as does it itself where it is an older
   * tombstone, unless one after it that is looked at later takes it away.
   */
  #sweep(position: Position): void {
    const log = this.#log;
    // of a revision that an earlier compaction has looked at too
    if (log.isDropped(position)) return;
    const before = log.previous(position);
    if (before !== noPosition) {
      log.forgetPrevious(position);
      this.#drop(before);
    }
    if (log.version(position) !== 0 || log.modRevision(position) >= this.#compactRevision) return;
    if (this.#index.newest(this.#index.find(log.name(position))) === position) this.#dropTombstone(position);
    else this.#ended.add(position);
  }

  #dropTombstone(position: Position): void {
    const id = this.#index.find(this.#log.name(position));
    if (this.#index.newest(id) === position) this.#index.remove(id);
    else this.#index.unlink(id, position);
    this.#drop(position);
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
        const key = this.#index.find(name);
        if (key !== noKey && this.#index.isLive(key)) txn.delete(name);
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

  /** The same, of which only as much is read as is asked for: for those who look through many. */
  changesAt(revision: number): readonly Change[] {
    return this.#history.changesAt(revision) ?? [];
  }

  /** Of everything kept as of `revision` (0: the current one). The same on every member with the same compaction. */
  hash(revision = 0): StoreHash {
    checkRevision(this.#base, revision);
    while (this.#sweepPending) this.compactStep(10_000);
    const at = revision > 0 ? revision : this.#revision;
    let sum = this.#hashSum;
    if (at < this.#revision) {
      this.#log.visitFrom(at + 1, (position) => {
        sum = (sum - this.#log.hash(position)) >>> 0;
        return true;
      });
    }
    return { hash: sum >>> 0, revision: at, compactRevision: this.#compactRevision };
  }

  #write<T>(action: (txn: WriteTxn) => T): T {
    const txn = new WriteTxn(this.#base);
    const result = action(txn);
    if (txn.changes > 0) {
      this.#revision++;
      this.#history.append(this.#revision);
    }
    return result;
  }

  /** Fills an empty store with what was kept: this first, then each record in order, then `endLoad`. */
  beginLoad(meta: StoreMeta): void {
    assert(this.#revision === 1 && this.#index.size === 0, 'only an empty store is loaded');
    this.#compactRevision = meta.compactRevision;
    this.#revision = meta.revision;
    this.#history = new History(this.#log, Math.max(2, meta.compactRevision));
    this.#history.forgetPrevious(meta.compactRevision);
    for (const { id, ttl, renewals } of meta.leases) this.#leases.set(id, { id, ttl, renewals, keys: new Set() });
  }

  /** The record is copied. */
  loadRecord(record: LoadedRecord): void {
    const { key, createRevision, modRevision, version, value, lease, sub } = record;
    const name = keyName(key);
    const id = this.#index.find(name);
    const before = id === noKey ? noPosition : this.#index.latest(id);
    const hash = recordHash(key, value, modRevision, sub, createRevision, version, lease);
    const kept = { key, createRevision, modRevision, version, value, lease, sub, hash };
    this.#add(name, id, kept, before === noPosition ? 0n : this.#log.lease(before));
    if (modRevision < this.#history.firstRevision) return;
    if (modRevision === this.#history.lastRevision) return;
    if (modRevision > this.#compactRevision) this.#bridgeCompaction();
    this.#history.append(modRevision);
  }

  endLoad(): void {
    if (this.#revision === this.#compactRevision) this.#bridgeCompaction();
    const { firstRevision, lastRevision } = this.#history;
    assert(lastRevision <= this.#revision, 'no record is newer than the revision');
    assert(
      lastRevision === Math.max(this.#revision, firstRevision - 1),
      `each revision since the compaction has its records (history to ${lastRevision}, revision ${this.#revision})`,
    );
    // a clean-up that a crash interrupted; nothing at all where there was none
    this.#finishCompaction();
    this.#sweepNext = Math.max(1, this.#compactRevision + 1);
    this.#log.settleBefore(firstRevision);
  }

  /** In data that an etcd has compacted the compaction revision itself may be gone: its deletions are, and a bumped one had none. */
  #bridgeCompaction(): void {
    const { firstRevision, lastRevision } = this.#history;
    if (firstRevision !== this.#compactRevision || lastRevision >= firstRevision) return;
    this.#history.append(firstRevision);
  }

  /** Drops what nobody may ask for: all before the newest record as of the compaction, and that too if it is an older tombstone. */
  #finishCompaction(): void {
    const log = this.#log;
    const ended: Position[] = [];
    this.#index.visit('', undefined, (id) => {
      const kept = this.#index.newestUpTo(id, this.#compactRevision);
      if (kept === noPosition) return true;
      let before = log.previous(kept);
      log.forgetPrevious(kept);
      while (before !== noPosition) {
        const dropped = before;
        before = log.previous(dropped);
        this.#drop(dropped);
      }
      if (log.version(kept) === 0 && log.modRevision(kept) < this.#compactRevision) ended.push(kept);
      return true;
    });
    for (const position of ended) this.#dropTombstone(position);
  }

  #drop(position: Position): void {
    const log = this.#log;
    this.#sizeBytes -= log.contentBytes(position) + recordOverheadBytes;
    this.#hashSum = (this.#hashSum - log.hash(position)) >>> 0;
    this.#ended.delete(position);
    this.#sink.dropRecord({ modRevision: log.modRevision(position), sub: log.sub(position) });
    log.drop(position);
  }

  #add(name: KeyName, id: KeyId, record: StoredValue, leaseBefore: bigint): void {
    const before = id === noKey ? noPosition : this.#index.newest(id);
    this.#index.append(name, id, this.#log.append(record, before));
    this.#sizeBytes += record.key.length + record.value.length + recordOverheadBytes;
    this.#hashSum = (this.#hashSum + record.hash) >>> 0;
    const { lease } = record;
    if (leaseBefore !== 0n && leaseBefore !== lease) this.#leases.get(leaseBefore)?.keys.delete(name);
    if (lease !== 0n) this.#leases.get(lease)?.keys.add(name);
  }
}

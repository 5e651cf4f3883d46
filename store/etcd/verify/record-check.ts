import type { LoadedRecord } from '../../mvcc/mvcc-store.ts';
import { parseRecord } from '../records.ts';
import type { MetaRecord } from '../store-state.ts';
import { Faults } from './fault.ts';
import type { Fault } from './fault.ts';

const keyBytes = 13;

interface LastValue {
  readonly createRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

const printable = (key: Uint8Array): string => JSON.stringify(Buffer.from(key).toString('latin1'));

/**
 * What the records of values, each sound by itself, must be together: revisions without a gap since the compaction, each key's
 * versions counted up, nothing newer than the store's revision, leases that exist.
 */
export class RecordCheck {
  readonly #directory: string;
  readonly #meta: MetaRecord;
  readonly #faults = new Faults();
  readonly #last = new Map<string, LastValue>();
  #revision = 0;
  #sub = -1;
  #records = 0;

  constructor(directory: string, meta: MetaRecord) {
    this.#directory = directory;
    this.#meta = meta;
  }

  get records(): number {
    return this.#records;
  }

  /** In order of their keys. */
  add(key: Uint8Array, value: Uint8Array): void {
    this.#records++;
    if (key.length !== keyBytes) {
      this.#fault(`a record's key has ${key.length} bytes`);
      return;
    }
    let record: LoadedRecord;
    const revision = Number(Buffer.from(key).readBigUInt64BE(1));
    try {
      record = parseRecord(key, value);
    } catch (error) {
      this.#fault(`the record of revision ${revision} cannot be read: ${(error as Error).message}`);
      return;
    }
    this.#checkPlace(record, revision);
    this.#checkKey(record);
  }

  /** `leases`: those that exist */
  finish(leases: ReadonlySet<bigint>): Fault[] {
    const { revision, compactRevision } = this.#meta;
    const last = Math.max(this.#revision, compactRevision, 1);
    if (last !== revision) this.#fault(`the store is at revision ${revision}, its last record of ${last}`);
    for (const [name, { version, lease }] of this.#last) {
      if (version > 0 && lease !== 0n && !leases.has(lease)) {
        this.#fault(`${JSON.stringify(name)} is attached to lease ${lease}, which does not exist`);
      }
    }
    return this.#faults.list(this.#directory);
  }

  #fault(what: string): void {
    this.#faults.add({ file: this.#directory, what });
  }

  #checkPlace({ key, modRevision, sub }: LoadedRecord, revision: number): void {
    const { compactRevision } = this.#meta;
    if (modRevision !== revision) this.#fault(`the record of revision ${revision} says that it is of ${modRevision}`);
    if (key.length === 0) this.#fault(`the record of revision ${revision} has no key`);
    // up to the compaction only some of them are left, and at it a deletion may be missing that an etcd has dropped
    if (revision > compactRevision) {
      const from = Math.max(this.#revision, compactRevision, 1);
      if (revision > from + 1) this.#fault(`revisions ${from + 1} to ${revision - 1} are missing`);
      const expected = revision === this.#revision ? this.#sub + 1 : 0;
      if (sub !== expected) this.#fault(`change ${expected} of revision ${revision} is missing`);
    }
    this.#revision = revision;
    this.#sub = sub;
  }

  #checkKey({ key, createRevision, modRevision, version, lease }: LoadedRecord): void {
    const name = Buffer.from(key).toString('latin1');
    const before = this.#last.get(name);
    this.#last.set(name, { createRevision, version, lease });
    const fault = (what: string): void => this.#fault(`${printable(key)} at revision ${modRevision} ${what}`);
    if (version === 0) {
      if (before === undefined && modRevision > this.#meta.compactRevision)
        fault('is deleted without having been there');
      return;
    }
    const goesOn = before !== undefined && before.version > 0;
    if (goesOn ? version !== before.version + 1 : modRevision > this.#meta.compactRevision && version !== 1) {
      fault(`is version ${version}, after ${before?.version ?? 0}`);
    }
    const created = goesOn ? before.createRevision : version === 1 ? modRevision : createRevision;
    if (createRevision !== created || createRevision > modRevision)
      fault(`says that it was created at ${createRevision}`);
  }
}

/**
 * What the store speaks. The shapes are those of etcd's messages (proto/etcd-types.ts), so that requests go in and
 * results come out without being converted.
 */

export interface KeyValue {
  readonly key: Uint8Array;
  /** revision of the key's creation: of the first put after it did not exist */
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 for the creation, one more for each put since; 0 for a tombstone */
  readonly version: number;
  readonly value: Uint8Array;
  /** 0n: none */
  readonly lease: bigint;
}

/** A key value as it is kept. Key and value are views of what the store holds, and never change. */
export interface StoredValue extends KeyValue {
  /** place among the changes of its revision, from 0 */
  readonly sub: number;
  /** of all that defines it, for the hash of the whole store */
  readonly hash: number;
}

export interface StoreEvent {
  /** 0 put, 1 delete (of which `kv` carries key and modRevision only) */
  readonly type: 0 | 1;
  readonly kv: StoredValue;
  /** what was there before; undefined for a creation, and where that has been compacted */
  readonly prevKv: StoredValue | undefined;
}

/** All changes of one revision, in order. */
export interface Commit {
  readonly revision: number;
  readonly events: readonly StoreEvent[];
}

export interface RangeRequest {
  readonly key: Uint8Array;
  /** empty: the key alone; a zero byte: all keys from `key` on; else [key, rangeEnd) */
  readonly rangeEnd?: Uint8Array;
  /** 0: all */
  readonly limit?: number;
  /** 0: the current one */
  readonly revision?: number;
  readonly sortOrder?: number;
  readonly sortTarget?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
  /** the answer's `count` is not wanted: nothing behind the limit is looked at, except whether there is more */
  readonly uncounted?: boolean;
}
/** etcd's response header as far as the store knows it */
export interface RevisionHeader {
  readonly revision: number;
}
export interface RangeResult {
  readonly header: RevisionHeader;
  readonly kvs: KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease?: bigint;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}
export interface PutResult {
  readonly header: RevisionHeader;
  readonly prevKv: KeyValue | undefined;
}

export interface DeleteRangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array;
  readonly prevKv?: boolean;
}
export interface DeleteRangeResult {
  readonly header: RevisionHeader;
  readonly deleted: number;
  readonly prevKvs: KeyValue[];
}

/** 0 equal, 1 greater, 2 less, 3 not equal */
export type CompareResult = number;
export interface Compare {
  readonly result: CompareResult;
  /** 0 version, 1 create revision, 2 mod revision, 3 value, 4 lease */
  readonly target: number;
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array;
  readonly version?: number | undefined;
  readonly createRevision?: number | undefined;
  readonly modRevision?: number | undefined;
  readonly value?: Uint8Array | undefined;
  readonly lease?: bigint | undefined;
}
/** one of them; none does nothing */
export interface RequestOp {
  readonly requestRange?: RangeRequest | undefined;
  readonly requestPut?: PutRequest | undefined;
  readonly requestDeleteRange?: DeleteRangeRequest | undefined;
  readonly requestTxn?: TxnRequest | undefined;
}
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}
export interface ResponseOp {
  readonly responseRange?: RangeResult;
  readonly responsePut?: PutResult;
  readonly responseDeleteRange?: DeleteRangeResult;
  readonly responseTxn?: TxnResult;
}
export interface TxnResult {
  /** of the outermost transaction; inner ones carry revision 0, as etcd's do */
  readonly header: RevisionHeader;
  readonly succeeded: boolean;
  readonly responses: ResponseOp[];
}

export interface Lease {
  readonly id: bigint;
  /** seconds */
  readonly ttl: number;
  /** how often it was renewed: a revocation for expiry names the count it saw */
  readonly renewals: number;
  /** names (see key-name.ts) of the keys attached */
  readonly keys: Set<string>;
}

/** Names a record: there is one of each. */
export type RecordId = Pick<StoredValue, 'modRevision' | 'sub'>;

/** What a store tells of what must become durable. Called while a change is applied, in order. */
export interface StoreSink {
  /** Key and value are those of the request, and good for as long as that is: to be copied where they are kept. */
  putRecord(record: StoredValue): void;
  /** compaction: nobody may ask for it any more */
  dropRecord(record: RecordId): void;
  putLease(lease: Lease): void;
  dropLease(id: bigint): void;
}

export type MvccErrorKind =
  'compacted' | 'future-revision' | 'lease-not-found' | 'lease-exists' | 'lease-ttl-too-large' | 'key-not-found';

/** A request that the store refuses; nothing was changed. */
export class MvccError extends Error {
  override name = 'MvccError';
  readonly kind: MvccErrorKind;
  constructor(kind: MvccErrorKind) {
    super(kind);
    this.kind = kind;
  }
}

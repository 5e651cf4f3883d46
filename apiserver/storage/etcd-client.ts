/**
 * What the API server needs of an etcd v3 store. `grpc-etcd-client.ts` speaks to real members; `memory-etcd.ts` is one
 * in memory for tests; `etcd-client.conformance.ts` holds both to the same behaviour.
 *
 * Keys are strings (UTF-8 on the wire). Revisions are numbers: they stay far below 2^53. Lease ids are decimal strings.
 */
export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 at creation, one more with each put */
  readonly version: number;
  /** '0': none */
  readonly lease: string;
  /** what it was sealed with, where values are; '': with nothing */
  readonly form?: string;
  /** why the value is not what was written */
  readonly unreadable?: string;
}

export interface RangeRequest {
  readonly key: string;
  /** exclusive; absent: the single key */
  readonly rangeEnd?: string;
  readonly limit?: number;
  /** absent or 0: now */
  readonly revision?: number;
  readonly countOnly?: boolean;
  readonly keysOnly?: boolean;
}

export interface RangeResponse {
  /** the store's revision when it answered */
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
  /** all matches, whatever the limit */
  readonly count: number;
  readonly more: boolean;
}

/** `key`'s mod revision is exactly this; 0: there is no such key. */
export interface Guard {
  readonly key: string;
  readonly modRevision: number;
}

export type Operation =
  | { readonly put: { readonly key: string; readonly value: Uint8Array; readonly lease?: string } }
  | { readonly delete: { readonly key: string } };

/** All guards hold: all operations happen, at one revision. Otherwise nothing happens, and `current` shows why. */
export interface GuardedWrite {
  readonly guards: readonly Guard[];
  readonly operations: readonly Operation[];
}

export interface GuardedWriteResult {
  readonly succeeded: boolean;
  readonly revision: number;
  /** where it did not succeed: what the guarded keys hold, in the order of the guards */
  readonly current: readonly (KeyValue | undefined)[];
}

export interface StoreEvent {
  readonly type: 'put' | 'delete';
  /** of a delete: key and modRevision only, the value is empty */
  readonly kv: KeyValue;
}

export interface WatchObserver {
  /** All events of one or more whole revisions, in order; `revision` is the newest revision among them. */
  events(events: readonly StoreEvent[], revision: number): void;
  /** Everything up to `revision` has been delivered. */
  progress(revision: number): void;
  /** The watch ended for good: compacted under it (`EtcdError` compacted), or the client was closed. */
  closed(error: EtcdError): void;
}

export interface StoreWatch {
  /** asks for a `progress` soon; answers may be merged */
  requestProgress(): void;
  cancel(): void;
}

export interface MemberStatus {
  readonly version: string;
  readonly leader: string;
  readonly dbSizeBytes: number;
}

export interface EtcdClient {
  /** linearizable */
  range(request: RangeRequest): Promise<RangeResponse>;
  /** Throws EtcdError `unknown-outcome` when it may or may not have happened; never tries twice on its own then. */
  write(request: GuardedWrite): Promise<GuardedWriteResult>;
  /** Resumes by itself after lost connections, without a gap and without a repetition. */
  watch(prefix: string, startRevision: number, observer: WatchObserver): StoreWatch;
  leaseGrant(ttlSeconds: number): Promise<string>;
  /** the remaining seconds; 0: the lease is gone */
  leaseKeepAlive(lease: string): Promise<number>;
  leaseRevoke(lease: string): Promise<void>;
  /** history before `revision` may go; nothing happens where it has gone already */
  compact(revision: number): Promise<void>;
  status(): Promise<MemberStatus>;
  /** false where progress notifications may overtake events (etcd < 3.4.25, 3.5.0 to 3.5.7: issue 15220) */
  progressIsOrdered(): Promise<boolean>;
  close(): Promise<void>;
  /** what a value of this key is sealed with now, where values are */
  formOf?(key: string): string;
}

/** A value that could not be opened: it stays as it is, and whoever asks for it is told. */
export class UnreadableError extends Error {
  override name = 'UnreadableError';
}

export type EtcdErrorKind =
  /** the revision asked for is compacted away */
  | 'compacted'
  | 'future-revision'
  /** no member could be reached, or none has a leader; nothing was written */
  | 'unavailable'
  /** the connection broke or the time ran out while a write was under way */
  | 'unknown-outcome'
  | 'lease-not-found'
  | 'no-space'
  | 'too-large'
  | 'closed'
  | 'other';

export class EtcdError extends Error {
  override name = 'EtcdError';
  readonly kind: EtcdErrorKind;
  constructor(kind: EtcdErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The end of the range of all keys that begin with `prefix`: the last byte is one more. Prefixes here end in '/'. */
export const prefixEnd = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

export const noLease = '0';

/**
 * What clients of a cluster saw, and what the cluster says it did: the input of every checker in this folder.
 *
 * All of it is plain JSON. The simulator and the chaos runs write it, the checkers read it, and a failing run can be
 * kept in a file (one `History` as JSON) and checked again.
 *
 *     client 1  |--- put a=1 ---|ok, revision 2
 *     client 2        |---- range a ----|ok, revision 2: a=1
 *     client 3  |--- put b=2 ------------------------- ... never answered: `unknown`, it may or may not be in revision 3
 */

/**
 * A point of one total order: a simulated step, or microseconds of one monotonic clock. `a` was over before `b` began
 * only if `a.return < b.call`; equal times count as concurrent, so a simulator should hand out each number once.
 */
export type Time = number;

/**
 * Keys and values as strings whose order by code unit is the byte order (ASCII, or one char a byte as of `latin1`).
 * A range is `[key, rangeEnd)`; no `rangeEnd` (or '') means the key alone, `'\0'` means from `key` on to the end.
 */
export type Key = string;

/** A lease id in decimal: a number of 64 bits does not survive JSON. */
export type LeaseName = string;
export const noLease: LeaseName = '0';

export interface Kv {
  readonly key: Key;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: LeaseName;
}

// Requests

export interface PutRequest {
  readonly kind: 'put';
  readonly key: Key;
  readonly value: string;
  readonly lease?: LeaseName;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

/** A get is a range without `rangeEnd`. */
export interface RangeRequest {
  readonly kind: 'range';
  readonly key: Key;
  readonly rangeEnd?: Key;
  readonly limit?: number;
  /** Read at this revision; 0 or none: the newest. */
  readonly revision?: number;
  /** May be stale: checked against any past state that its member may have been in. */
  readonly serializable?: boolean;
  readonly countOnly?: boolean;
  readonly keysOnly?: boolean;
}

export interface DeleteRequest {
  readonly kind: 'delete';
  readonly key: Key;
  readonly rangeEnd?: Key;
  readonly prevKv?: boolean;
}

export type CompareTarget = 'value' | 'version' | 'create' | 'mod' | 'lease';
export interface Compare {
  readonly key: Key;
  readonly rangeEnd?: Key;
  readonly target: CompareTarget;
  readonly result: '=' | '!=' | '<' | '>';
  /** A string for value and lease, a number for the others. */
  readonly operand: string | number;
}
export type TxnStep = PutRequest | RangeRequest | DeleteRequest | TxnRequest;
export interface TxnRequest {
  readonly kind: 'txn';
  readonly compare: readonly Compare[];
  readonly success: readonly TxnStep[];
  readonly failure: readonly TxnStep[];
}

export interface LeaseGrantRequest {
  readonly kind: 'lease-grant';
  /** '0' lets the server choose. */
  readonly lease: LeaseName;
  readonly ttlSeconds: number;
}
export interface LeaseRevokeRequest {
  readonly kind: 'lease-revoke';
  readonly lease: LeaseName;
}
export interface LeaseKeepAliveRequest {
  readonly kind: 'lease-keep-alive';
  readonly lease: LeaseName;
}
export interface CompactRequest {
  readonly kind: 'compact';
  readonly revision: number;
}

export type Request =
  | PutRequest
  | RangeRequest
  | DeleteRequest
  | TxnRequest
  | LeaseGrantRequest
  | LeaseRevokeRequest
  | LeaseKeepAliveRequest
  | CompactRequest;

// Responses. `revision` is that of the header: the store's revision when the operation took effect.

export interface PutResult {
  readonly kind: 'put';
  readonly prevKv?: Kv;
}
export interface RangeResult {
  readonly kind: 'range';
  /** Empty with countOnly; values are '' with keysOnly. */
  readonly kvs: readonly Kv[];
  readonly count: number;
  readonly more?: boolean;
}
export interface DeleteResult {
  readonly kind: 'delete';
  readonly deleted: number;
  readonly prevKvs?: readonly Kv[];
}
export interface TxnResult {
  readonly kind: 'txn';
  readonly succeeded: boolean;
  /** One a step of the branch taken. */
  readonly responses: readonly TxnStepResult[];
}
export type TxnStepResult = PutResult | RangeResult | DeleteResult | TxnResult;
export interface LeaseGrantResult {
  readonly kind: 'lease-grant';
  readonly lease: LeaseName;
  readonly ttlSeconds: number;
}
export interface LeaseRevokeResult {
  readonly kind: 'lease-revoke';
}
export interface LeaseKeepAliveResult {
  readonly kind: 'lease-keep-alive';
  /** 0: the lease does not exist (any more). */
  readonly ttlSeconds: number;
}
export interface CompactResult {
  readonly kind: 'compact';
}
export type Result =
  | PutResult
  | RangeResult
  | DeleteResult
  | TxnResult
  | LeaseGrantResult
  | LeaseRevokeResult
  | LeaseKeepAliveResult
  | CompactResult;
export type Response = Result & { readonly revision: number };

/** Errors that the store gives by its state, so that they say something about it; all others are failed or unknown. */
export type StateError =
  | 'compacted' // mvcc: required revision has been compacted
  | 'future-revision' // mvcc: required revision is a future revision
  | 'lease-not-found' // etcdserver: requested lease not found
  | 'lease-exists' // etcdserver: lease already exists
  | 'key-not-found'; // etcdserver: key not found (a put with ignoreValue or ignoreLease)

export type Outcome =
  | { readonly status: 'ok'; readonly response: Response }
  /** Refused because of the store's state: nothing was changed. */
  | { readonly status: 'error'; readonly error: StateError }
  /** Certainly not applied, now or ever (for example: refused before it was proposed). Says nothing of the state. */
  | { readonly status: 'failed'; readonly reason?: string }
  /** Never answered, or an error after which it may still have been applied, or be applied later (time-outs, ...). */
  | { readonly status: 'unknown'; readonly reason?: string };

export interface Operation {
  /** Unique in the history, and more than 0. */
  readonly id: number;
  /** A client does one operation at a time, except after one of unknown outcome. */
  readonly client: number;
  /** The member that was asked. */
  readonly member?: string;
  /** Counts the starts of that member: serializable reads may not go back in time within one; none: not checked. */
  readonly session?: number;
  /** When the request was sent, and when its outcome was known. An unknown outcome has no `return` that counts. */
  readonly call: Time;
  readonly return?: Time;
  readonly request: Request;
  readonly outcome: Outcome;
}

// Watches

export interface Event {
  readonly type: 'put' | 'delete';
  /** Of a delete: key and modRevision; value '', createRevision 0, version 0, lease '0'. */
  readonly kv: Kv;
  readonly prevKv?: Kv;
}

export type WatchFilter = 'noput' | 'nodelete';
export interface WatchRequest {
  readonly key: Key;
  readonly rangeEnd?: Key;
  /** 0 or none: from now on, that is after the header revision of `created`. */
  readonly startRevision?: number;
  readonly filters?: readonly WatchFilter[];
  readonly prevKv?: boolean;
  readonly progressNotify?: boolean;
  readonly fragment?: boolean;
}

export interface WatchResponse {
  readonly time: Time;
  readonly kind: 'created' | 'events' | 'progress' | 'canceled';
  /** Of the header. */
  readonly revision: number;
  /** Of kind events: at least one. */
  readonly events?: readonly Event[];
  /** More of the same response follows in the next one. */
  readonly fragment?: boolean;
  /** Of kind canceled: not 0 when history that was asked for is gone. */
  readonly compactRevision?: number;
  readonly reason?: string;
}

/** One watch on one stream to one member. What a client does after a broken stream is another Watch that `resumes` it. */
export interface Watch {
  /** Unique in the history (not the id on the wire). */
  readonly id: number;
  readonly client: number;
  readonly member?: string;
  readonly request: WatchRequest;
  readonly opened: Time;
  /** When the stream ended or the client cancelled; none: open to the end of the history. */
  readonly closed?: Time;
  /** The id of the watch that this one goes on from (its startRevision: one after the last seen). */
  readonly resumes?: number;
  readonly responses: readonly WatchResponse[];
}

// What the cluster says it did

/** All events of one revision, in the order of the transaction that made it. */
export interface RevisionRecord {
  readonly revision: number;
  readonly events: readonly Event[];
  /** When it was first applied anywhere, if known. */
  readonly time?: Time;
  /** Set if known: it was made by the end of this lease. */
  readonly leaseEnd?: LeaseName;
}

export interface MemberState {
  readonly member: string;
  readonly revision: number;
  readonly compactRevision: number;
  /** Of all that must be equal on members with the same revision and compactRevision (HashKV, or more). */
  readonly hash: string;
  readonly appliedIndex?: number;
}

export interface History {
  /** How many units of Time make a second (for lease times); none: lease times are not checked. */
  readonly unitsPerSecond?: number;
  /** The state before the first operation; none: revision 1 and no keys. */
  readonly initial?: { readonly revision: number; readonly kvs: readonly Kv[]; readonly compactRevision?: number };
  /** Compactions happen that are no operations here (of the servers themselves, ...): what they explain is let pass. */
  readonly compactedByOthers?: boolean;
  readonly operations: readonly Operation[];
  readonly watches?: readonly Watch[];
  /**
   * Every revision after the initial one, ascending and without gaps, as one member applied them: from the replicated
   * log, or a watch on everything that was kept open. None: it is worked out from the operations.
   */
  readonly revisions?: readonly RevisionRecord[];
  /** At the end, after faults were over and members had time to catch up. */
  readonly members?: readonly MemberState[];
  /** When the last fault ended, for the liveness check. */
  readonly faultsEndedAt?: Time;
  readonly endedAt?: Time;
}

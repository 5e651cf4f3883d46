/**
 * The etcd messages as load.ts decodes them. To encode, any field may be left out (see `Loose`).
 * Revisions, counts, TTLs and watch ids are numbers; lease, member and cluster ids are bigints.
 */
import type { ProtoCodec } from './load.ts';

export interface KeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}
export interface Event {
  /** 0 put, 1 delete */
  type: number;
  kv: KeyValue | undefined;
  prevKv: KeyValue | undefined;
}
export interface ResponseHeader {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}
interface Headed {
  header: ResponseHeader | undefined;
}

export interface RangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  limit: number;
  revision: number;
  /** 0 none, 1 ascending, 2 descending */
  sortOrder: number;
  /** 0 key, 1 version, 2 create revision, 3 mod revision, 4 value */
  sortTarget: number;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}
export interface RangeResponse extends Headed {
  kvs: KeyValue[];
  more: boolean;
  count: number;
}
export interface RangeStreamResponse {
  rangeResponse: RangeResponse | undefined;
}
export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}
export interface PutResponse extends Headed {
  prevKv: KeyValue | undefined;
}
export interface DeleteRangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  prevKv: boolean;
}
export interface DeleteRangeResponse extends Headed {
  deleted: number;
  prevKvs: KeyValue[];
}
/** one of them */
export interface RequestOp {
  requestRange: RangeRequest | undefined;
  requestPut: PutRequest | undefined;
  requestDeleteRange: DeleteRangeRequest | undefined;
  requestTxn: TxnRequest | undefined;
}
export interface ResponseOp {
  responseRange: RangeResponse | undefined;
  responsePut: PutResponse | undefined;
  responseDeleteRange: DeleteRangeResponse | undefined;
  responseTxn: TxnResponse | undefined;
}
export interface Compare {
  /** 0 equal, 1 greater, 2 less, 3 not equal */
  result: number;
  /** 0 version, 1 create revision, 2 mod revision, 3 value, 4 lease */
  target: number;
  key: Uint8Array;
  version: number | undefined;
  createRevision: number | undefined;
  modRevision: number | undefined;
  value: Uint8Array | undefined;
  lease: bigint | undefined;
  rangeEnd: Uint8Array;
}
export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}
export interface TxnResponse extends Headed {
  succeeded: boolean;
  responses: ResponseOp[];
}
export interface CompactionRequest {
  revision: number;
  physical: boolean;
}
export type CompactionResponse = Headed;

export interface WatchRequest {
  createRequest: WatchCreateRequest | undefined;
  cancelRequest: { watchId: number } | undefined;
  progressRequest: object | undefined;
}
export interface WatchCreateRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  startRevision: number;
  progressNotify: boolean;
  /** 0 no puts, 1 no deletes */
  filters: number[];
  prevKv: boolean;
  watchId: number;
  fragment: boolean;
}
export interface WatchResponse extends Headed {
  watchId: number;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: Event[];
}

export interface LeaseGrantRequest {
  TTL: number;
  ID: bigint;
}
export interface LeaseGrantResponse extends Headed {
  ID: bigint;
  TTL: number;
  error: string;
}
export interface LeaseRevokeRequest {
  ID: bigint;
}
export type LeaseRevokeResponse = Headed;
export interface LeaseKeepAliveRequest {
  ID: bigint;
}
export interface LeaseKeepAliveResponse extends Headed {
  ID: bigint;
  TTL: number;
}
export interface LeaseTimeToLiveRequest {
  ID: bigint;
  keys: boolean;
}
export interface LeaseTimeToLiveResponse extends Headed {
  ID: bigint;
  TTL: number;
  grantedTTL: number;
  keys: Uint8Array[];
}
export interface LeaseLeasesResponse extends Headed {
  leases: { ID: bigint }[];
}

export interface Member {
  ID: bigint;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  isLearner: boolean;
}
export interface MemberAddRequest {
  peerURLs: string[];
  isLearner: boolean;
}
export interface MemberRemoveRequest {
  ID: bigint;
}
export interface MemberUpdateRequest {
  ID: bigint;
  peerURLs: string[];
}
export interface MemberPromoteRequest {
  ID: bigint;
}
export interface MemberListRequest {
  linearizable: boolean;
}
export interface MemberListResponse extends Headed {
  members: Member[];
}

export interface AlarmMember {
  memberID: bigint;
  /** 0 none, 1 no space, 2 corrupt */
  alarm: number;
}
export interface AlarmRequest {
  /** 0 get, 1 activate, 2 deactivate */
  action: number;
  memberID: bigint;
  alarm: number;
}
export interface AlarmResponse extends Headed {
  alarms: AlarmMember[];
}
export interface StatusResponse extends Headed {
  version: string;
  dbSize: number;
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  dbSizeInUse: number;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: number;
  downgradeInfo: { enabled: boolean; targetVersion: string } | undefined;
}
export type DefragmentResponse = Headed;
export interface HashResponse extends Headed {
  hash: number;
}
export interface HashKVRequest {
  revision: number;
}
export interface HashKVResponse extends Headed {
  hash: number;
  compactRevision: number;
  hashRevision: number;
}
export interface SnapshotResponse extends Headed {
  remainingBytes: number;
  blob: Uint8Array;
  version: string;
}
export interface MoveLeaderRequest {
  targetID: bigint;
}
export type MoveLeaderResponse = Headed;
export interface DowngradeRequest {
  /** 0 validate, 1 enable, 2 cancel */
  action: number;
  version: string;
}
export interface DowngradeResponse extends Headed {
  version: string;
}

/** `codec(name)` of a proto loaded from etcdProto, typed: `messageCodec<RangeRequest>('etcdserverpb.RangeRequest')`. */
export type EtcdCodec<T> = ProtoCodec<T>;

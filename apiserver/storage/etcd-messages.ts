import { status as grpcStatus } from '@grpc/grpc-js';
import { CallError, etcdWire } from './etcd-channel.ts';
import { EtcdError, type EtcdErrorKind, type KeyValue } from './etcd-client.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const utf8 = {
  encode: (text: string): Uint8Array => encoder.encode(text),
  decode: (bytes: Uint8Array): string => decoder.decode(bytes),
};

export interface WireKeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}
export interface WireRangeResponse {
  header: { revision: number } | undefined;
  kvs: WireKeyValue[];
  more: boolean;
  count: number;
}
export interface WireTxnResponse {
  header: { revision: number } | undefined;
  succeeded: boolean;
  responses: { responseRange: WireRangeResponse | undefined }[];
}

export const rangeRequest = etcdWire.codec('etcdserverpb.RangeRequest');
export const rangeResponse = etcdWire.codec<WireRangeResponse>('etcdserverpb.RangeResponse');
export const txnRequest = etcdWire.codec('etcdserverpb.TxnRequest');
export const txnResponse = etcdWire.codec<WireTxnResponse>('etcdserverpb.TxnResponse');
export const compactionRequest = etcdWire.codec('etcdserverpb.CompactionRequest');
export const grantRequest = etcdWire.codec('etcdserverpb.LeaseGrantRequest');
export const grantResponse = etcdWire.codec<{ ID: bigint }>('etcdserverpb.LeaseGrantResponse');
export const revokeRequest = etcdWire.codec('etcdserverpb.LeaseRevokeRequest');
export const keepAliveRequest = etcdWire.codec('etcdserverpb.LeaseKeepAliveRequest');
export const keepAliveResponse = etcdWire.codec<{ TTL: number }>('etcdserverpb.LeaseKeepAliveResponse');

export const keyValueOf = (kv: WireKeyValue): KeyValue => ({
  key: decoder.decode(kv.key),
  value: kv.value,
  createRevision: kv.createRevision,
  modRevision: kv.modRevision,
  version: kv.version,
  lease: String(kv.lease),
});

/** Texts of etcd's errors, and what they mean for us. */
const kinds: readonly (readonly [RegExp, EtcdErrorKind])[] = [
  [/has been compacted/, 'compacted'],
  [/future revision/, 'future-revision'],
  [/requested lease not found/, 'lease-not-found'],
  [/database space exceeded/, 'no-space'],
  [/request is too large/, 'too-large'],
];

/** These say that nothing was written, so that a write may be sent again. */
const refusals =
  /no leader|not leader|not supported for learner|too many requests|No connection established|Name resolution|ECONNREFUSED/;
const transient = new Set([
  grpcStatus.UNAVAILABLE,
  grpcStatus.DEADLINE_EXCEEDED,
  grpcStatus.CANCELLED,
  grpcStatus.INTERNAL,
  grpcStatus.UNKNOWN,
]);

export type Failure =
  /** nothing happened; another try, perhaps on another member, is right */
  | 'refused'
  /** it may have happened */
  | 'lost'
  | EtcdError;

export function failureOf(error: unknown): Failure {
  if (!(error instanceof CallError)) return new EtcdError('other', String(error), { cause: error });
  const kind = kinds.find(([text]) => text.test(error.message))?.[1];
  if (kind !== undefined) return new EtcdError(kind, error.message, { cause: error });
  if (refusals.test(error.message)) return 'refused';
  if (transient.has(error.code)) return 'lost';
  return new EtcdError('other', error.message, { cause: error });
}

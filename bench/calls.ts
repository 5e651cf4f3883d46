import { etcdProto } from '../proto/etcd.ts';
import { loadProto } from '../proto/load.ts';

const proto = loadProto(etcdProto);
export const valueBytes = 256;
const greater = 1;
const modRevision = 2;

/** One kind of unary call: the bodies are sent by one load generator each, side by side. */
export interface UnaryCall {
  /** `/etcdserverpb.KV/Put` */
  readonly path: string;
  readonly bodies: readonly Uint8Array[];
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const benchValue = new Uint8Array(valueBytes).fill(97);

/** the keys that puts and gets share */
const keys = Array.from({ length: 8 }, (_, i) => utf8(`bench/key-${i}`));
/** of ranges: `bench/range/0000` and so on */
export const rangeKeys = Array.from({ length: 100 }, (_, i) => utf8(`bench/range/${String(i).padStart(4, '0')}`));

/** A gRPC message in its frame: not compressed, its length, its bytes. */
function framed(type: string, message: object): Uint8Array {
  const bytes = proto.codec(`etcdserverpb.${type}`).encode(message);
  const out = new Uint8Array(5 + bytes.length);
  new DataView(out.buffer).setUint32(1, bytes.length);
  out.set(bytes, 5);
  return out;
}

const each = (path: string, type: string, message: (key: Uint8Array) => object): UnaryCall => ({
  path,
  bodies: keys.map((key) => framed(type, message(key))),
});

export const put = each('/etcdserverpb.KV/Put', 'PutRequest', (key) => ({ key, value: benchValue }));
export const linearizableGet = each('/etcdserverpb.KV/Range', 'RangeRequest', (key) => ({ key }));
export const serializableGet = each('/etcdserverpb.KV/Range', 'RangeRequest', (key) => ({ key, serializable: true }));

export const rangeOf100: UnaryCall = {
  path: '/etcdserverpb.KV/Range',
  bodies: [framed('RangeRequest', { key: utf8('bench/range/'), rangeEnd: utf8('bench/range0'), limit: 100 })],
};

/** An update as the real kube-apiserver sends it; its revision is one that always holds, as a body cannot follow it. */
export const kubeTxn = each('/etcdserverpb.KV/Txn', 'TxnRequest', (key) => ({
  compare: [{ target: modRevision, result: greater, key, modRevision: 0 }],
  success: [{ requestPut: { key, value: benchValue } }],
  failure: [{ requestRange: { key } }],
}));

export const leaseGrant: UnaryCall = {
  path: '/etcdserverpb.Lease/LeaseGrant',
  bodies: [framed('LeaseGrantRequest', { TTL: 3600 })],
};

/**
 * How etcd lays out its data in bbolt, and what of ours goes where: the content of a backup, both ways.
 *
 *     bucket            key                                       value
 *     key               revision u64 '_' sub u64, 't' behind it   mvccpb.KeyValue; of a deletion its key only
 *                       for a deletion; big-endian
 *     lease             id u64                                    leasepb.Lease
 *     meta              consistent_index, term                    u64
 *                       finishedCompactRev, scheduledCompactRev   a revision, as in `key`
 *                       confState                                 JSON of raftpb.ConfState
 *                       storageVersion                            text
 *     members           id in hex, without leading zeros          JSON
 *     members_removed   id in hex                                 "removed"
 *     alarm             etcdserverpb.AlarmMember                  nothing
 *     auth              authEnabled, authRevision                 one byte, u64
 *     authUsers         name                                      authpb.User
 *     authRoles         name                                      authpb.Role
 *     cluster           (versions that the members agreed on)     left out: real etcd of any version can start on it
 *
 * https://github.com/etcd-io/etcd/tree/main/server/storage/schema
 */
import { loadProto } from '../../proto/load.ts';

export const bucketName = {
  key: 'key',
  meta: 'meta',
  lease: 'lease',
  alarm: 'alarm',
  cluster: 'cluster',
  members: 'members',
  membersRemoved: 'members_removed',
  auth: 'auth',
  authUsers: 'authUsers',
  authRoles: 'authRoles',
} as const;

export const metaName = {
  consistentIndex: 'consistent_index',
  term: 'term',
  finishedCompact: 'finishedCompactRev',
  scheduledCompact: 'scheduledCompactRev',
  confState: 'confState',
  storageVersion: 'storageVersion',
} as const;

export const authName = { enabled: 'authEnabled', revision: 'authRevision' } as const;

const leaseProto = `
syntax = "proto3";
package leasepb;
message Lease {
  int64 ID = 1;
  int64 TTL = 2 [jstype = JS_NUMBER];
  int64 RemainingTTL = 3 [jstype = JS_NUMBER];
}
`;
const loaded = loadProto([leaseProto]);

export interface EtcdLease {
  ID: bigint;
  /** seconds */
  TTL: number;
  /** seconds left at the last checkpoint; 0: none was made */
  RemainingTTL: number;
}
export const leaseCodec = loaded.codec<EtcdLease>('leasepb.Lease');

export interface EtcdRevision {
  readonly main: number;
  readonly sub: number;
  readonly tombstone: boolean;
}

const revisionBytes = 17;
const separator = '_'.charCodeAt(0);
const tombstoneMark = 't'.charCodeAt(0);

export function encodeRevision({ main, sub, tombstone }: EtcdRevision): Buffer {
  const out = Buffer.alloc(tombstone ? revisionBytes + 1 : revisionBytes);
  out.writeBigUInt64BE(BigInt(main), 0);
  out[8] = separator;
  out.writeBigUInt64BE(BigInt(sub), 9);
  if (tombstone) out[revisionBytes] = tombstoneMark;
  return out;
}

/** undefined: it is none */
export function decodeRevision(key: Uint8Array): EtcdRevision | undefined {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  const tombstone = bytes.length === revisionBytes + 1 && bytes[revisionBytes] === tombstoneMark;
  if ((bytes.length !== revisionBytes && !tombstone) || bytes[8] !== separator) return undefined;
  const main = Number(bytes.readBigUInt64BE(0));
  const sub = Number(bytes.readBigUInt64BE(9));
  if (!Number.isSafeInteger(main) || sub > 0xffff_ffff) return undefined;
  return { main, sub, tombstone };
}

export function u64(value: number | bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out;
}

/** etcd writes ids in hex without leading zeros */
export const etcdIdText = (id: string): string => BigInt(`0x${id}`).toString(16);

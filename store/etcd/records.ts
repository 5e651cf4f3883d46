/**
 * What the backend holds. The first letter of a key says what it is; keys of values sort by revision. A new kind of record, as
 * a new command in the log, raises `storeFormatVersion` (data-version.ts), that older programs do not leave it out unseen.
 *
 *     r <revision 8 bytes> <sub 4 bytes>   a value, or a tombstone (version 0)
 *     l <lease 8 bytes>                    a lease
 *     m <member>                           a member's name and URLs
 *     a <member>/<alarm>                   an alarm
 *     g <member>                           a member that was removed (gone), for good
 *     s <session>                          which entries of that session were applied
 *     u <name>, o <name>                   a user, a role (see auth/auth-records.ts)
 *     x index, x meta, x auth              applied index; revision and compaction revision; of users and roles
 *     y identity                           whose data this is; stays when a snapshot replaces everything else
 *     y removed                            this member knows that it was removed from its cluster
 */
import { etcd } from './command.ts';
import type { KeyValue } from '../../proto/etcd-types.ts';
import type { LoadedRecord } from '../mvcc/mvcc-store.ts';
import type { Lease, RecordId, StoredValue } from '../mvcc/types.ts';

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const kvCodec = etcd.codec<KeyValue>('mvccpb.KeyValue');

export const prefixes = {
  record: 'r',
  lease: 'l',
  member: 'm',
  alarm: 'a',
  removed: 'g',
  session: 's',
  authUser: 'u',
  authRole: 'o',
  meta: 'x',
  local: 'y',
} as const;
export const recordRange = { gte: text('r'), lt: text('s') };
export const localRange = { gte: text('y'), lt: text('z') };
export const replicatedRange = { lt: text('y') };

export const indexKey = text('x index');
export const metaKey = text('x meta');
export const identityKey = text('y identity');
export const removedKey = text('y removed');

export const jsonValue = (value: unknown): Uint8Array => text(JSON.stringify(value));
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export const parseJson = <T>(value: Uint8Array): T => JSON.parse(Buffer.from(value).toString()) as T;

export function recordKey(record: RecordId): Uint8Array {
  const key = Buffer.allocUnsafe(13);
  key[0] = 'r'.charCodeAt(0);
  key.writeUInt32BE(Math.floor(record.modRevision / 0x1_0000_0000), 1);
  key.writeUInt32BE(record.modRevision >>> 0, 5);
  key.writeUInt32BE(record.sub, 9);
  return key;
}

export const recordValue = (record: StoredValue): Uint8Array => kvCodec.encode(record);

export function parseRecord(key: Uint8Array, value: Uint8Array): LoadedRecord {
  const sub = Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUInt32BE(9);
  const { key: name, createRevision, modRevision, version, value: content, lease } = kvCodec.decode(value);
  return { key: name, createRevision, modRevision, version, value: content, lease, sub };
}

export function leaseKey(id: bigint): Uint8Array {
  const key = Buffer.alloc(9);
  key[0] = 'l'.charCodeAt(0);
  key.writeBigInt64BE(id, 1);
  return key;
}

export const leaseValue = ({ ttl, renewals }: Lease): Uint8Array => jsonValue({ ttl, renewals });

export function parseLease(key: Uint8Array, value: Uint8Array): Pick<Lease, 'id' | 'ttl' | 'renewals'> {
  const id = Buffer.from(key.buffer, key.byteOffset, key.byteLength).readBigInt64BE(1);
  return { id, ...parseJson<{ ttl: number; renewals: number }>(value) };
}

export const namedKey = (prefix: 'm' | 'a' | 's' | 'g', name: string): Uint8Array => text(`${prefix}${name}`);
export const nameOfKey = (key: Uint8Array): string => Buffer.from(key).toString().slice(1);

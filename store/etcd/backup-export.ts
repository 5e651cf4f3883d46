import type { AuthMeta } from '../auth/auth-store.ts';
import type { ConfState, Term } from '../../raft/core/types.ts';
import type { BackendEntry, BackendSnapshot, EntryRange } from '../backend/backend.ts';
import type { BoltBucket } from '../bolt/bolt-writer.ts';
import type { BoltEntry } from '../bolt/format.ts';
import { authName, bucketName, encodeRevision, etcdIdText, leaseCodec, metaName, u64 } from './backup-schema.ts';
import { authKey } from './auth/auth-records.ts';
import { etcd } from './command.ts';
import { idToBigint } from './identity.ts';
import { indexKey, metaKey, nameOfKey, parseJson, parseLease, parseRecord, prefixes } from './records.ts';
import type { MemberRecord, MetaRecord } from './store-state.ts';
import { storageVersion } from './version.ts';

/** What a backup says besides what the backend holds. */
export interface BackupFacts {
  readonly term: Term;
  readonly confState: ConfState;
  /** nothing of a compaction is left to be cleaned up */
  readonly swept: boolean;
}

type Batches = AsyncIterable<readonly BoltEntry[]>;

const kvCodec = etcd.codec<{ key: Uint8Array }>('mvccpb.KeyValue');
const alarmCodec = etcd.codec('etcdserverpb.AlarmMember');

const rangeOf = (prefix: string): EntryRange => {
  const from = prefix.charCodeAt(0);
  return { gte: new Uint8Array([from]), lt: new Uint8Array([from + 1]) };
};

async function* mapped(
  entries: AsyncIterable<readonly BackendEntry[]>,
  map: (entry: BackendEntry) => BoltEntry,
): Batches {
  for await (const batch of entries) yield batch.map(map);
}

/** A few, in whatever order they come. */
async function* sorted(
  entries: AsyncIterable<readonly BackendEntry[]>,
  map: (entry: BackendEntry) => BoltEntry,
): Batches {
  const all: BoltEntry[] = [];
  for await (const batch of entries) all.push(...batch.map(map));
  yield all.sort((a, b) => Buffer.compare(a.key, b.key));
}

const tag = { createRevision: 0x10, key: 0x0a } as const;

/** Only what exists has a revision of its creation; it is the field behind the key. See mvccpb.KeyValue. */
function isTombstone(record: Uint8Array): boolean {
  if (record[0] !== tag.key) return false;
  let at = 1;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = record[at++] ?? 0;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return record[at + length] !== tag.createRevision;
}

function keyEntry({ key, value }: BackendEntry): BoltEntry {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  const tombstone = isTombstone(value);
  const revision = encodeRevision({ main: Number(bytes.readBigUInt64BE(1)), sub: bytes.readUInt32BE(9), tombstone });
  // the value is the same message with the same fields; of a deletion etcd keeps the key alone
  return { key: revision, value: tombstone ? kvCodec.encode({ key: parseRecord(key, value).key }) : value };
}

function leaseEntry({ key, value }: BackendEntry): BoltEntry {
  const { id, ttl } = parseLease(key, value);
  return { key: u64(BigInt.asUintN(64, id)), value: leaseCodec.encode({ ID: id, TTL: ttl }) };
}

function alarmEntry({ key }: BackendEntry): BoltEntry {
  const [id = '', alarm] = nameOfKey(key).split('/');
  const name = alarmCodec.encode({ memberID: idToBigint(id), alarm: Number(alarm) });
  return { key: name, value: new Uint8Array(0) };
}

/** Ids do not fit into JavaScript's numbers, and etcd wants numbers: so this is written by hand. */
function memberEntry({ key, value }: BackendEntry): BoltEntry {
  const id = nameOfKey(key);
  const { name, peerUrls, clientUrls, learner } = parseJson<MemberRecord>(value);
  const rest = JSON.stringify({
    peerURLs: peerUrls,
    ...(learner === true && { isLearner: true }),
    ...(name !== '' && { name }),
    ...(clientUrls.length > 0 && { clientURLs: clientUrls }),
  });
  return { key: Buffer.from(etcdIdText(id)), value: Buffer.from(`{"id":${idToBigint(id)},${rest.slice(1)}`) };
}

const removedEntry = ({ key }: BackendEntry): BoltEntry => ({
  key: Buffer.from(etcdIdText(nameOfKey(key))),
  value: Buffer.from('removed'),
});

function confStateJson({ voters, votersOutgoing, learners, learnersNext, autoLeave }: ConfState): string {
  const lists: [string, readonly string[]][] = [
    ['voters', voters],
    ['learners', learners],
    ['voters_outgoing', votersOutgoing],
    ['learners_next', learnersNext],
  ];
  const fields = lists.flatMap(([name, ids]) =>
    ids.length === 0 ? [] : [`"${name}":[${ids.map(idToBigint).join(',')}]`],
  );
  return `{${[...fields, `"auto_leave":${autoLeave}`].join(',')}}`;
}

async function* metaEntries(snapshot: BackendSnapshot, { term, confState, swept }: BackupFacts): Batches {
  const index = await snapshot.get(indexKey);
  const meta = await snapshot.get(metaKey);
  const compactRevision = meta === undefined ? -1 : parseJson<MetaRecord>(meta).compactRevision;
  const compacted = encodeRevision({ main: Math.max(0, compactRevision), sub: 0, tombstone: false });
  const values: [string, Uint8Array, boolean][] = [
    [metaName.confState, Buffer.from(confStateJson(confState)), true],
    [metaName.consistentIndex, u64(index === undefined ? 0 : parseJson<number>(index)), true],
    // without it etcd cleans up as it starts
    [metaName.finishedCompact, compacted, compactRevision > 0 && swept],
    [metaName.scheduledCompact, compacted, compactRevision > 0],
    [metaName.storageVersion, Buffer.from(storageVersion), true],
    [metaName.term, u64(term), true],
  ];
  const there = values.filter(([, , has]) => has);
  yield there.map(([name, value]) => ({ key: Buffer.from(name), value }));
}

/** Users and roles are kept as etcd keeps them, under their names. */
const namedEntry = ({ key, value }: BackendEntry): BoltEntry => ({ key: key.subarray(1), value });

async function* authEntries(snapshot: BackendSnapshot): Batches {
  const value = await snapshot.get(authKey);
  if (value === undefined) return;
  const { enabled, revision } = parseJson<AuthMeta>(value);
  yield [
    { key: Buffer.from(authName.enabled), value: new Uint8Array([enabled ? 1 : 0]) },
    { key: Buffer.from(authName.revision), value: u64(revision) },
  ];
}

async function* nothing(): Batches {}

/** What a backup of the snapshot consists of. It is read as it is written; nothing of it is kept. */
export function backupBuckets(snapshot: BackendSnapshot, facts: BackupFacts): BoltBucket[] {
  const of = (prefix: string): AsyncIterable<readonly BackendEntry[]> => snapshot.entries(rangeOf(prefix));
  const contents: Record<string, () => Batches> = {
    [bucketName.key]: () => mapped(of(prefixes.record), keyEntry),
    [bucketName.lease]: () => mapped(of(prefixes.lease), leaseEntry),
    [bucketName.meta]: () => metaEntries(snapshot, facts),
    [bucketName.members]: () => sorted(of(prefixes.member), memberEntry),
    [bucketName.membersRemoved]: () => sorted(of(prefixes.removed), removedEntry),
    [bucketName.alarm]: () => sorted(of(prefixes.alarm), alarmEntry),
    [bucketName.cluster]: nothing,
    [bucketName.auth]: () => authEntries(snapshot),
    [bucketName.authUsers]: () => mapped(of(prefixes.authUser), namedEntry),
    [bucketName.authRoles]: () => mapped(of(prefixes.authRole), namedEntry),
  };
  return Object.entries(contents).map(([name, entries]) => ({ name, entries }));
}

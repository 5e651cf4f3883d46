import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncDirectory } from '../../base/sync-directory.ts';
import type { AuthMeta } from '../auth/auth-store.ts';
import type { BackendEntry } from '../backend/backend.ts';
import { LevelBackend } from '../backend/level-backend.ts';
import { authKey } from './auth/auth-records.ts';
import { BackupFile } from './backup-file.ts';
import { authName, bucketName, leaseCodec } from './backup-schema.ts';
import type { Identity } from './claim.ts';
import { etcd } from './command.ts';
import { stampDataVersion } from './data-version.ts';
import { idOfRestored } from './identity.ts';
import type { Bootstrap } from './member-options.ts';
import {
  identityKey,
  indexKey,
  jsonValue,
  leaseKey,
  leaseValue,
  metaKey,
  namedKey,
  prefixes,
  recordKey,
} from './records.ts';
import type { MetaRecord } from './store-state.ts';

export interface RestoreOptions {
  readonly file: string;
  /** must not exist yet, or be empty */
  readonly dataDir: string;
  /** who the member will be, and who the others */
  readonly bootstrap: Bootstrap;
  /** also a file that says nothing, or the wrong thing, about its content */
  readonly skipHashCheck?: boolean;
  /** added to the revision, and all before that is compacted: clients that saw later revisions than the backup has begin anew */
  readonly bumpRevision?: number;
  /** more to tell this cluster from others that are made of the same file */
  readonly salt?: string;
}

export interface Restored {
  readonly memberId: string;
  readonly clusterId: string;
  readonly revision: number;
  readonly compactRevision: number;
  /** records, not keys: of each key as many as it has values that are kept */
  readonly records: number;
  readonly leases: number;
}

/** where the log of a new cluster begins: what the members are made of takes its place up to there */
const firstIndex = 1;
const batchEntries = 1000;
const kvCodec = etcd.codec<{ key: Uint8Array; modRevision: number }>('mvccpb.KeyValue');

class Counts {
  records = 0;
  leases = 0;
}

/** What the store will hold of the file, in batches. */
function* contentOf(backup: BackupFile, counts: Counts): Generator<BackendEntry> {
  for (const { main, sub, tombstone, kv, bytes } of backup.records()) {
    counts.records++;
    // of a deletion etcd keeps the key alone
    const value = tombstone ? kvCodec.encode({ key: kv.key, modRevision: main }) : bytes.slice();
    yield { key: recordKey({ modRevision: main, sub }), value };
  }
  for (const { value } of backup.entries(bucketName.lease)) {
    counts.leases++;
    const { ID: id, TTL: ttl } = leaseCodec.decode(value);
    yield { key: leaseKey(id), value: leaseValue({ id, ttl, renewals: 0, keys: new Set() }) };
  }
}

/** Users and roles, and whether they are asked for. */
function* authOf(backup: BackupFile): Generator<BackendEntry> {
  const buckets: [string, string][] = [
    [bucketName.authUsers, prefixes.authUser],
    [bucketName.authRoles, prefixes.authRole],
  ];
  for (const [bucket, prefix] of buckets) {
    for (const { key, value } of backup.entries(bucket)) {
      yield { key: Buffer.concat([Buffer.from(prefix), key]), value: value.slice() };
    }
  }
  const enabled = backup.get(bucketName.auth, authName.enabled);
  const revision = backup.get(bucketName.auth, authName.revision);
  if (enabled === undefined && revision === undefined) return;
  const meta: AuthMeta = {
    enabled: enabled?.[0] === 1,
    revision: revision?.length === 8 ? Number(revision.readBigUInt64BE()) : 1,
  };
  yield { key: authKey, value: jsonValue(meta) };
}

async function* inBatches(entries: Iterable<BackendEntry>): AsyncIterable<readonly BackendEntry[]> {
  let batch: BackendEntry[] = [];
  for (const entry of entries) {
    batch.push(entry);
    if (batch.length < batchEntries) continue;
    yield batch;
    batch = [];
  }
  yield batch;
  await Promise.resolve();
}

const identityOf = ({ bootstrap, salt = '' }: RestoreOptions, { sha256 }: BackupFile): Identity => ({
  memberId: bootstrap.memberId,
  clusterId: idOfRestored(bootstrap.clusterId, sha256, salt),
  restoredFor: bootstrap.clusterId,
});

function metaOf(backup: BackupFile, bumpRevision: number): MetaRecord {
  const revision = backup.revision() + bumpRevision;
  return { revision, compactRevision: bumpRevision > 0 ? revision : backup.compactRevision() };
}

async function refuseUsed(dataDir: string): Promise<void> {
  const found = existsSync(dataDir) ? await readdir(dataDir) : [];
  if (found.length > 0) throw new Error(`data-dir ${JSON.stringify(dataDir)} exists, and is not empty`);
}

async function fill(directory: string, options: RestoreOptions, backup: BackupFile): Promise<Restored> {
  const { bootstrap, bumpRevision = 0 } = options;
  const identity = identityOf(options, backup);
  const meta = metaOf(backup, bumpRevision);
  const counts = new Counts();
  const members = [...bootstrap.members].map(([id, member]) => ({ key: namedKey('m', id), value: jsonValue(member) }));
  function* entries(): Generator<BackendEntry> {
    yield* contentOf(backup, counts);
    yield* authOf(backup);
    yield* members;
    yield { key: metaKey, value: jsonValue(meta) };
    yield { key: indexKey, value: jsonValue(firstIndex) };
    yield { key: identityKey, value: jsonValue(identity) };
  }
  const backend = await LevelBackend.open(join(directory, 'store'));
  try {
    await backend.replace(inBatches(entries()));
  } finally {
    await backend.close();
  }
  await stampDataVersion(directory);
  const { memberId, clusterId } = identity;
  return { memberId, clusterId, ...meta, records: counts.records, leases: counts.leases };
}

/**
 * Makes the data directory of a member of a new cluster out of a backup. All members of it are made of the same file; their
 * cluster has an identity that follows from it, so that neither members of the old cluster nor one that was made of another
 * file, or of none, can meet them. The directory is there only when it is complete.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const dataDir = resolve(options.dataDir);
  await refuseUsed(dataDir);
  const checkHash = options.skipHashCheck !== true;
  const backup = await BackupFile.open(options.file, { checkHash });
  const temporary = `${dataDir}.restoring`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    const restored = await fill(temporary, options, backup);
    if (existsSync(dataDir)) await rmdir(dataDir);
    await rename(temporary, dataDir);
    await syncDirectory(dirname(dataDir));
    return restored;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    backup.close();
  }
}

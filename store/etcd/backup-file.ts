import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { KeyValue } from '../../proto/etcd-types.ts';
import { crc32c } from '../../base/crc32c.ts';
import { BoltFile } from '../bolt/bolt-file.ts';
import type { BoltEntry } from '../bolt/format.ts';
import { BoltFileError } from '../bolt/page-source.ts';
import { bucketName, decodeRevision, metaName } from './backup-schema.ts';
import type { EtcdRevision } from './backup-schema.ts';
import { etcd } from './command.ts';

/** A backup that cannot be used; the message names the file, and the place where there is one. */
export class BackupError extends Error {
  override name = 'BackupError';
}

const hashBytes = 32;
const sectorBytes = 512;
const readBytes = 1024 * 1024;
const kvCodec = etcd.codec<KeyValue>('mvccpb.KeyValue');

/** A file of whole sectors and 32 bytes more has its SHA-256 behind it. */
const hasHash = (size: number): boolean => size % sectorBytes === hashBytes;
const databaseBytes = (size: number): number => (hasHash(size) ? size - hashBytes : size);

/** What etcdutl prints of a snapshot, by the same names. */
export interface BackupStatus {
  /** CRC-32C of all names, keys and values */
  readonly hash: number;
  readonly revision: number;
  /** keys that exist at that revision */
  readonly totalKey: number;
  /** bytes, without the hash behind the database */
  readonly totalSize: number;
  /** of etcd's storage, '' below 3.6 */
  readonly version: string;
}

/** One change of a key. */
export interface BackupRecord extends EtcdRevision {
  readonly kv: KeyValue;
  /** `kv` as it stands in the file; valid until the next record is asked for */
  readonly bytes: Uint8Array;
}

/**
 * A snapshot of etcd or of ours: a bbolt database, and its SHA-256 where it was received as one. `open` reads the whole file
 * and refuses what is damaged. Reads with blocking calls: for commands.
 */
export class BackupFile {
  readonly file: string;
  /** of the database, in hex */
  readonly sha256: string;
  readonly #bolt: BoltFile;

  private constructor(bolt: BoltFile, sha256: string) {
    this.file = bolt.file;
    this.#bolt = bolt;
    this.sha256 = sha256;
  }

  /** `needsHash`: a file without one is refused, as it may be the beginning of one that has. Throws BoltFileError, BackupError. */
  static async open(file: string, { needsHash = true, checkHash = true } = {}): Promise<BackupFile> {
    const { size } = statSync(file);
    if (!hasHash(size) && needsHash && checkHash) {
      throw new BackupError(
        `${file} has no SHA-256 at its end (${size} bytes): it was cut off, or copied from a data directory; ` +
          'if it was copied, say so with --skip-hash-check',
      );
    }
    const { content, stored } = await hashOf(file, size);
    const bolt = BoltFile.open(file, databaseBytes);
    try {
      bolt.check();
      if (checkHash && stored !== undefined && stored !== content) {
        const text = `the SHA-256 here is ${stored}, and that of what stands before it is ${content}`;
        throw new BoltFileError(file, size - hashBytes, text);
      }
    } catch (error) {
      bolt.close();
      throw error;
    }
    return new BackupFile(bolt, content);
  }

  close(): void {
    this.#bolt.close();
  }

  entries(bucket: string): Generator<BoltEntry, void, undefined> {
    return this.#bolt.entries(bucket);
  }

  get(bucket: string, name: string): Buffer | undefined {
    const value = this.#bolt.get(bucket, name);
    return value && Buffer.from(value);
  }

  /** Of every change that is kept, in order. Throws BackupError where one is not what etcd writes. */
  *records(): Generator<BackupRecord, void, undefined> {
    for (const entry of this.entries(bucketName.key)) {
      const record = this.#record(entry);
      if (record !== undefined) yield record;
    }
  }

  /** undefined: what etcdutl puts where a revision was bumped; nobody reads it */
  #record({ key, value }: BoltEntry): BackupRecord | undefined {
    const fault = (what: string, cause?: unknown): BackupError =>
      new BackupError(`${this.file}: the entry ${Buffer.from(key).toString('hex')} of the bucket key ${what}`, {
        cause,
      });
    const revision = decodeRevision(key);
    if (revision === undefined) throw fault('is at no revision');
    if (value.length === 0) return undefined;
    let kv: KeyValue;
    try {
      kv = kvCodec.decode(value);
    } catch (error) {
      throw fault('holds no key and value', error);
    }
    if (kv.key.length === 0) throw fault('has no key');
    if (!revision.tombstone && kv.modRevision !== revision.main) throw fault(`says revision ${kv.modRevision}`);
    return { ...revision, kv, bytes: value };
  }

  /** of the last change, or of a compaction behind it; at least 1 */
  revision(): number {
    let last = Math.max(1, this.compactRevision());
    for (const { key } of this.entries(bucketName.key)) last = Math.max(last, decodeRevision(key)?.main ?? 0);
    return last;
  }

  /** -1: nothing was compacted */
  compactRevision(): number {
    const names = [metaName.finishedCompact, metaName.scheduledCompact];
    const revisions = names.map((name) => {
      const value = this.get(bucketName.meta, name);
      return value === undefined ? 0 : (decodeRevision(value)?.main ?? 0);
    });
    const highest = Math.max(...revisions);
    return highest > 0 ? highest : -1;
  }

  /** Reads all of it once more. */
  status(): BackupStatus {
    let hash = 0;
    let revision = 0;
    const keys = new Set<string>();
    for (const name of this.#bolt.bucketNames()) {
      hash = crc32c(Buffer.from(name), hash);
      for (const entry of this.entries(name)) {
        hash = crc32c(entry.value, crc32c(entry.key, hash));
        if (name !== bucketName.key) continue;
        const record = this.#record(entry);
        revision = record?.main ?? decodeRevision(entry.key)?.main ?? revision;
        if (record === undefined) continue;
        const { key } = record.kv;
        const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
        if (record.tombstone) keys.delete(text);
        else keys.add(text);
      }
    }
    const version = this.get(bucketName.meta, metaName.storageVersion)?.toString() ?? '';
    return { hash, revision, totalKey: keys.size, totalSize: this.#bolt.bytes, version };
  }
}

async function hashOf(file: string, size: number): Promise<{ content: string; stored: string | undefined }> {
  const end = databaseBytes(size);
  const hash = createHash('sha256');
  const tail: Buffer[] = [];
  let at = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: readBytes }) as AsyncIterable<Buffer>) {
    const content = Math.max(0, Math.min(chunk.length, end - at));
    hash.update(chunk.subarray(0, content));
    if (content < chunk.length) tail.push(chunk.subarray(content));
    at += chunk.length;
  }
  const stored = hasHash(size) ? Buffer.concat(tail).toString('hex') : undefined;
  return { content: hash.digest('hex'), stored };
}

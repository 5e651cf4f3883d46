import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import type { LogIndex, SnapshotMeta } from '../core/types.ts';
import { crc32c } from '../../base/crc32c.ts';
import { CorruptFileError, DiskError } from './disk-error.ts';
import { systemDisk } from './disk.ts';
import type { Disk, DiskFile } from './disk.ts';
import { syncDir } from './wal/segment-files.ts';

/**
 * A snapshot file; numbers are little-endian:
 *
 *     | magic "KUORSNAP" | version u32 | meta length u32 | meta JSON | crc u32 |      crc of all before it
 *     | length u32 | crc u32 | bytes |  ...                                          a chunk; crc of its bytes
 *     | 0 u32 | crc u32 | total u64 |                                                crc of all chunks' bytes
 *
 * It has its name only when it is complete and durable. The last `keptFiles` are kept.
 */
const magic = Buffer.from('KUORSNAP', 'latin1');
const version = 1;
const prefixBytes = 16;
const chunkHeaderBytes = 8;
export const snapshotChunkBytesMax = 1024 * 1024;
const storedChunkBytesMax = 64 * 1024 * 1024;
const metaBytesMax = 1024 * 1024;
const keptFiles = 2;

const hex16 = (value: number): string => value.toString(16).padStart(16, '0');

export class SnapshotStore {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #fsync: boolean;
  readonly #log: Log;
  #writers = 0;

  private constructor(disk: Disk, dir: string, fsync: boolean, log: Log) {
    this.#disk = disk;
    this.#dir = dir;
    this.#fsync = fsync;
    this.#log = log;
  }

  static async open(dir: string, fsync: boolean, log: Log, disk: Disk = systemDisk): Promise<SnapshotStore> {
    try {
      await disk.mkdir(dir);
      for (const name of await disk.readdir(dir)) if (name.endsWith('.tmp')) await disk.unlink(join(dir, name));
    } catch (error) {
      throw new DiskError('opening', dir, error);
    }
    return new SnapshotStore(disk, dir, fsync, log);
  }

  file(index: LogIndex): string {
    return join(this.#dir, `${hex16(index)}.snap`);
  }

  /** Stores an image; durable when it resolves. What `chunks` throws passes through, and nothing stays behind. */
  async save(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const file = this.file(meta.index);
    const temporary = `${file}.${++this.#writers}.tmp`;
    let handle: DiskFile | undefined;
    try {
      handle = await inDiskWords('creation', temporary, () => this.#disk.open(temporary, 'w'));
      await writeImage(handle, temporary, meta, chunks);
      if (this.#fsync) await inDiskWords('fsync', temporary, () => handle!.sync());
      await handle.close();
      handle = undefined;
      await inDiskWords('rename', file, () => this.#disk.rename(temporary, file));
      if (this.#fsync) await syncDir(this.#disk, this.#dir);
    } catch (error) {
      await handle?.close().catch(() => {});
      await this.#disk.unlink(temporary).catch(() => {});
      throw error;
    }
    return file;
  }

  async indexes(): Promise<LogIndex[]> {
    const names = await inDiskWords('listing', this.#dir, () => this.#disk.readdir(this.#dir));
    const indexes = names.flatMap((name) =>
      /^[0-9a-f]{16}\.snap$/.test(name) ? [parseInt(name.slice(0, 16), 16)] : [],
    );
    return indexes.sort((a, b) => a - b);
  }

  /** Reads the whole file once to verify it, then hands it out. Throws CorruptFileError or DiskError. */
  async load(index: LogIndex): Promise<{ meta: SnapshotMeta; chunks: AsyncIterable<Uint8Array> }> {
    const file = this.file(index);
    const { meta, chunks } = await readImage(this.#disk, file);
    for await (const chunk of chunks) void chunk;
    return { meta, chunks: (await readImage(this.#disk, file)).chunks };
  }

  /** Removes old files; none from `inForce` on, which the log may lead back to, however many have come since. */
  async prune(inForce: LogIndex): Promise<void> {
    for (const index of (await this.indexes()).slice(0, -keptFiles)) {
      if (index >= inForce) return;
      await this.#disk.unlink(this.file(index)).catch((error: unknown) => {
        this.#log.warn({ file: this.file(index), error }, 'an old snapshot file could not be removed');
      });
    }
  }
}

async function inDiskWords<T>(operation: string, file: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new DiskError(operation, file, error);
  }
}

async function writeImage(
  handle: DiskFile,
  file: string,
  meta: SnapshotMeta,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const write = (bytes: Uint8Array): Promise<void> => inDiskWords('write', file, () => handle.appendFile(bytes));
  const json = Buffer.from(JSON.stringify(meta));
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix.writeUInt32LE(version, 8);
  prefix.writeUInt32LE(json.length, 12);
  await write(Buffer.concat([prefix, json, u32(crc32c(json, crc32c(prefix)))]));
  let crc = 0;
  let total = 0;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    await write(Buffer.concat([u32(chunk.length), u32(crc32c(chunk)), chunk]));
    crc = crc32c(chunk, crc);
    total += chunk.length;
  }
  const end = Buffer.alloc(16);
  end.writeUInt32LE(crc, 4);
  end.writeBigUInt64LE(BigInt(total), 8);
  await write(end);
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

/** Reads exactly `length` bytes at `offset`, or says where the file ends. */
async function readAt(handle: DiskFile, file: string, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let have = 0; have < length;) {
    const { bytesRead } = await inDiskWords('read', file, () => handle.read(bytes, have, length - have, offset + have));
    if (bytesRead === 0) throw new CorruptFileError(file, offset + have, 'the snapshot is cut off');
    have += bytesRead;
  }
  return bytes;
}

async function readImage(disk: Disk, file: string): Promise<{ meta: SnapshotMeta; chunks: AsyncIterable<Uint8Array> }> {
  const handle = await inDiskWords('opening', file, () => disk.open(file, 'r'));
  let meta: SnapshotMeta;
  let start: number;
  try {
    ({ meta, start } = await readMeta(handle, file));
  } finally {
    await handle.close();
  }
  return { meta, chunks: { [Symbol.asyncIterator]: () => readChunks(disk, file, start) } };
}

async function readMeta(handle: DiskFile, file: string): Promise<{ meta: SnapshotMeta; start: number }> {
  const prefix = await readAt(handle, file, 0, prefixBytes);
  if (!prefix.subarray(0, 8).equals(magic)) throw new CorruptFileError(file, 0, 'this is not a snapshot file');
  const found = prefix.readUInt32LE(8);
  if (found > version) {
    throw new CorruptFileError(
      file,
      8,
      `format version ${found}, but this program knows up to ${version}: it is older`,
    );
  }
  const length = prefix.readUInt32LE(12);
  if (length > metaBytesMax) throw new CorruptFileError(file, 12, 'the header is damaged');
  const rest = await readAt(handle, file, prefixBytes, length + 4);
  const json = rest.subarray(0, length);
  if (crc32c(json, crc32c(prefix)) !== rest.readUInt32LE(length)) {
    throw new CorruptFileError(file, 0, 'the header does not match its checksum');
  }
  return { meta: JSON.parse(json.toString('utf8')) as SnapshotMeta, start: prefixBytes + length + 4 };
}

async function* readChunks(disk: Disk, file: string, start: number): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await inDiskWords('opening', file, () => disk.open(file, 'r'));
  try {
    let offset = start;
    let crc = 0;
    let total = 0;
    for (;;) {
      const header = await readAt(handle, file, offset, chunkHeaderBytes);
      const length = header.readUInt32LE(0);
      if (length === 0) {
        const end = await readAt(handle, file, offset + chunkHeaderBytes, 8);
        const whole = header.readUInt32LE(4) === crc && Number(end.readBigUInt64LE()) === total;
        if (!whole) throw new CorruptFileError(file, offset, 'the chunks do not match the checksum over all');
        return;
      }
      if (length > storedChunkBytesMax) throw new CorruptFileError(file, offset, 'a chunk header is damaged');
      const chunk = await readAt(handle, file, offset + chunkHeaderBytes, length);
      if (crc32c(chunk) !== header.readUInt32LE(4)) {
        throw new CorruptFileError(file, offset, 'a chunk does not match its checksum');
      }
      crc = crc32c(chunk, crc);
      total += length;
      yield chunk;
      offset += chunkHeaderBytes + length;
    }
  } finally {
    await handle.close();
  }
}

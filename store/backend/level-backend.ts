import { ClassicLevel } from 'classic-level';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../base/sync-directory.ts';
import { BackendError } from './backend.ts';
import type { Backend, BackendEntry, BackendSnapshot, EntryRange, WriteOp } from './backend.ts';

type Db = ClassicLevel<Uint8Array, Uint8Array>;

/**
 * What lies under LevelDB's chained batch: it copies the bytes at once. The checks and options above it, which keys and
 * values that are bytes have no use for, take four times as long as LevelDB itself.
 */
interface RawBatch {
  _put(key: Uint8Array, value: Uint8Array): void;
  _del(key: Uint8Array): void;
  _write(options: object): Promise<void>;
  _clear(): void;
}
const rawBatch = (db: Db): RawBatch => db.batch() as unknown as RawBatch;

/** raised when what is written cannot be read by older programs any more */
const formatVersion = 1;
const formatKey = new TextEncoder().encode('!format');

const writeBufferBytes = 16 * 1024 * 1024;
/** LevelDB's log in use is closed when it holds about so much, before LevelDB would do so by itself */
const logBytesMax = writeBufferBytes / 2;
/** at least what LevelDB's memory takes for an entry besides key and value */
const entryOverheadBytes = 128;
/** before all keys */
const noKey = new Uint8Array(1);
/** behind all keys */
const lastKey = new Uint8Array([0xff, 0xff]);
const readBatchEntries = 2000;
/** of which LevelDB hands out at a time; its default of 16 KiB is 45 entries */
const readBatchBytes = 1024 * 1024;
const replaceBatchBytes = 4 * 1024 * 1024;
const views = { keyEncoding: 'view', valueEncoding: 'view' } as const;

function openError(location: string, error: unknown): BackendError {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const detail = cause?.message ?? String(error);
  if (cause?.code === 'LEVEL_LOCKED') {
    return new BackendError('in-use', `the store ${location} is in use by another process`, { cause: error });
  }
  if (/no space left/i.test(detail)) {
    const advice = 'nothing acknowledged is lost; free space on its file system, then start the member again';
    return new BackendError('unusable', `cannot open the store ${location}: ${detail}: ${advice}`, { cause: error });
  }
  if (cause?.code === 'LEVEL_CORRUPTION' || /corrupt|checksum|missing files|no such file/i.test(detail)) {
    const advice = 'move the data directory away and let this member join again, or restore a backup';
    return new BackendError('corrupt', `the store ${location} is damaged (${detail}): ${advice}`, { cause: error });
  }
  return new BackendError('unusable', `cannot open the store ${location}: ${detail}`, { cause: error });
}

async function openDb(location: string): Promise<Db> {
  const db: Db = new ClassicLevel(location, { ...views, writeBufferSize: writeBufferBytes });
  try {
    await db.open();
  } catch (error) {
    throw openError(location, error);
  }
  try {
    const found = await db.get(formatKey);
    if (found === undefined) await db.put(formatKey, new Uint8Array([formatVersion]));
    else if (found[0]! > formatVersion) {
      const text = `the store ${location} has format ${found[0]}, and this program reads up to ${formatVersion}: use a newer one`;
      throw new BackendError('newer-format', text);
    }
  } catch (error) {
    await db.close();
    throw error instanceof BackendError ? error : openError(location, error);
  }
  return db;
}

async function syncFile(path: string): Promise<void> {
  let file;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    // a log that was just made into a table, which LevelDB itself has synced
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function* read(
  db: Db,
  range: EntryRange,
  snapshot?: ReturnType<Db['snapshot']>,
): AsyncIterable<readonly BackendEntry[]> {
  const iterator = db.iterator<Uint8Array, Uint8Array>({
    ...views,
    ...range,
    highWaterMarkBytes: readBatchBytes,
    ...(snapshot && { snapshot }),
  });
  try {
    for (;;) {
      const batch = await iterator.nextv(readBatchEntries);
      if (batch.length === 0) return;
      yield batch.filter(([key]) => !isFormatKey(key)).map(([key, value]) => ({ key, value }));
    }
  } finally {
    await iterator.close();
  }
}

const isFormatKey = (key: Uint8Array): boolean => key[0] === formatKey[0] && Buffer.compare(key, formatKey) === 0;

async function fill(db: Db, entries: AsyncIterable<readonly BackendEntry[]>): Promise<void> {
  let ops: { type: 'put'; key: Uint8Array; value: Uint8Array }[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (ops.length > 0) await db.batch(ops, views);
    ops = [];
    bytes = 0;
  };
  for await (const batch of entries) {
    for (const { key, value } of batch) {
      ops.push({ type: 'put', key, value });
      bytes += key.length + value.length;
      if (bytes > replaceBatchBytes) await flush();
    }
  }
  await flush();
}

/**
 * On LevelDB. The directory holds a file `current` that names the database in use, so that `replace` can build another
 * one beside it and switch over by renaming that file.
 */
export class LevelBackend implements Backend {
  readonly #directory: string;
  #name: string;
  #db: Db;
  /** filled and emptied for each write: the memory of one that is dropped waits for the garbage collector */
  #batch: RawBatch;
  #lastWrite: Promise<void> = Promise.resolve();
  /** an upper bound of what the log in use holds */
  #logBytes = 0;

  private constructor(directory: string, name: string, db: Db) {
    this.#directory = directory;
    this.#name = name;
    this.#db = db;
    this.#batch = rawBatch(db);
  }

  static async open(directory: string): Promise<LevelBackend> {
    await mkdir(directory, { recursive: true });
    const named = await readFile(join(directory, 'current'), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const name = named?.trim() ?? 'db-1';
    if (!/^db-\d+$/.test(name)) {
      throw new BackendError('corrupt', `${join(directory, 'current')} names no database: ${JSON.stringify(name)}`);
    }
    const db = await openDb(join(directory, name));
    const backend = new LevelBackend(directory, name, db);
    if (named === undefined) await backend.#setCurrent(name);
    await backend.#removeOthers();
    return backend;
  }

  /** Writes take their turns. */
  write(ops: readonly WriteOp[]): Promise<void> {
    const write = this.#lastWrite.then(() => this.#write(ops));
    this.#lastWrite = write.catch(() => {});
    return write;
  }

  /**
   * LevelDB closes a log without syncing it. After a power failure the end of that one could be missing while the next
   * is there: data lost, and the index that says it is applied kept. So a log is closed here, just after it was synced.
   */
  async #write(ops: readonly WriteOp[]): Promise<void> {
    if (this.#logBytes > logBytesMax) {
      await this.sync();
      // of no keys at all: only makes a table of the log in use, and begins another
      await this.#db.compactRange(noKey, noKey, views);
      this.#logBytes = 0;
    }
    const batch = this.#batch;
    try {
      for (const { key, value } of ops) {
        this.#logBytes += key.length + (value?.length ?? 0) + entryOverheadBytes;
        if (value === undefined) batch._del(key);
        else batch._put(key, value);
      }
      await batch._write({});
    } finally {
      batch._clear();
    }
  }

  /**
   * LevelDB's own synced write covers the log in use only; the one before it, not yet made into a table, may still be
   * unsynced. So all logs are synced here, beside LevelDB, which does not hold up its writes either.
   */
  async sync(): Promise<void> {
    const location = join(this.#directory, this.#name);
    const logs = (await readdir(location)).filter((file) => file.endsWith('.log'));
    await Promise.all(logs.map((file) => syncFile(join(location, file))));
    await syncDirectory(location);
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#db.get(key);
  }

  entries(range: EntryRange = {}): AsyncIterable<readonly BackendEntry[]> {
    return read(this.#db, range);
  }

  snapshot(): BackendSnapshot {
    const db = this.#db;
    const snapshot = db.snapshot();
    return {
      get: (key) => db.get(key, { ...views, snapshot }),
      entries: (range = {}) => read(db, range, snapshot),
      close: () => snapshot.close(),
    };
  }

  async replace(entries: AsyncIterable<readonly BackendEntry[]>): Promise<void> {
    const name = `db-${Number(this.#name.slice(3)) + 1}`;
    const location = join(this.#directory, name);
    await rm(location, { recursive: true, force: true });
    let db = await openDb(location);
    try {
      await fill(db, entries);
      // closing and opening again makes tables of the logs; what is left is synced below
      await db.close();
      await this.#syncAll(location);
      db = await openDb(location);
    } catch (error) {
      await db.close().catch(() => {});
      await rm(location, { recursive: true, force: true });
      throw error;
    }
    await this.#setCurrent(name);
    const old = this.#db;
    this.#db = db;
    this.#batch = rawBatch(db);
    this.#name = name;
    this.#logBytes = 0;
    await old.close();
    await this.#removeOthers();
  }

  /** LevelDB's own work on its files goes on in a thread of its own. */
  async compact(): Promise<void> {
    await this.#db.compactRange(noKey, lastKey, views);
  }

  async sizeBytes(): Promise<number> {
    const location = join(this.#directory, this.#name);
    let size = 0;
    for (const file of await readdir(location)) {
      size += await stat(join(location, file)).then(
        (found) => found.size,
        () => 0, // cleaned up meanwhile
      );
    }
    return size;
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  async #syncAll(location: string): Promise<void> {
    for (const file of await readdir(location)) await syncFile(join(location, file));
    await syncDirectory(location);
  }

  async #setCurrent(name: string): Promise<void> {
    const path = join(this.#directory, 'current');
    await writeFile(`${path}.new`, `${name}\n`);
    await syncFile(`${path}.new`);
    await rename(`${path}.new`, path);
    await syncDirectory(this.#directory);
  }

  /** what a crash in `replace` left behind, or the database before it */
  async #removeOthers(): Promise<void> {
    for (const file of await readdir(this.#directory)) {
      if (file !== this.#name && file.startsWith('db-')) {
        await rm(join(this.#directory, file), { recursive: true, force: true });
      }
    }
  }
}

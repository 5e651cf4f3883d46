import type { Backend, BackendEntry, BackendSnapshot, EntryRange, WriteOp } from '../../store/backend/backend.ts';
import type { Life } from './event-queue.ts';
import type { SimDisk } from './sim-disk.ts';

/** longer keys than this go through Buffer */
const shortKeyBytes = 64;
const nameOf = (key: Uint8Array): string =>
  key.length <= shortKeyBytes
    ? String.fromCharCode.apply(null, key as unknown as number[])
    : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
const bytesOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(name, 'latin1'));
const entriesPerBatch = 256;

type Content = Map<string, Uint8Array>;
/** name and former value, in turn */
type Undo = (string | Uint8Array | undefined)[];

async function* sortedEntries(content: Content, range: EntryRange = {}): AsyncIterable<readonly BackendEntry[]> {
  const from = range.gte === undefined ? '' : nameOf(range.gte);
  const to = range.lt === undefined ? undefined : nameOf(range.lt);
  const names: string[] = [];
  for (const name of content.keys()) if (name >= from && (to === undefined || name < to)) names.push(name);
  names.sort();
  for (let at = 0; at < names.length; at += entriesPerBatch) {
    yield await Promise.resolve(
      names.slice(at, at + entriesPerBatch).map((name) => ({ key: bytesOf(name), value: content.get(name)! })),
    );
  }
}

/**
 * The database of one machine, which outlives the processes that use it: what LevelDB promises, without its files. A
 * power failure takes some of the last unsynced writes, whole ones, never an earlier and not a later one.
 */
export class BackendStore {
  readonly #disk: SimDisk;
  #content: Content = new Map();
  /** a snapshot reads it: it must not change any more */
  #shared = false;
  /** how to take back each write that is not synced */
  #unsynced: Undo[] = [];
  /** writes that were settled before the first of `unsynced` */
  #settled = 0;
  #bytes = 0;

  constructor(disk: SimDisk) {
    this.#disk = disk;
  }

  /** as one process sees it */
  of(life: Life): Backend {
    const disk = this.#disk;
    return {
      write: async (ops) => {
        disk.admitWrite(1, 'store');
        this.#write(ops);
        await disk.pass(life, 'write');
      },
      sync: () => this.#sync(life),
      get: async (key) => {
        await disk.pass(life, 'read');
        return this.#content.get(nameOf(key));
      },
      entries: (range) => sortedEntries(this.#share(), range),
      snapshot: () => this.#snapshot(),
      replace: (entries) => this.#replace(life, entries),
      sizeBytes: () => Promise.resolve(this.#bytes),
      close: () => disk.pass(life, 'name'),
    };
  }

  /** The machine lost its power. */
  lose(fate: 'lost' | 'kept' | 'some'): void {
    const writes = this.#unsynced.length;
    const kept = fate === 'kept' ? writes : fate === 'lost' ? 0 : this.#disk.random.below(writes + 1);
    const content = this.#own();
    for (let i = writes - 1; i >= kept; i--) {
      const undo = this.#unsynced[i]!;
      for (let j = undo.length - 2; j >= 0; j -= 2) {
        const name = undo[j] as string;
        this.#set(content, name, content.get(name), undo[j + 1] as Uint8Array | undefined);
      }
    }
    this.#settle(writes);
  }

  wipe(): void {
    this.#content = new Map();
    this.#bytes = 0;
    this.#settle(this.#unsynced.length);
  }

  #write(ops: readonly WriteOp[]): void {
    const content = this.#own();
    const undo: Undo = [];
    for (const { key, value } of ops) {
      const name = nameOf(key);
      const before = content.get(name);
      undo.push(name, before);
      // not copied: what is handed to a backend is not written to any more
      this.#set(content, name, before, value);
    }
    this.#unsynced.push(undo);
  }

  async #sync(life: Life): Promise<void> {
    const mark = this.#settled + this.#unsynced.length;
    await this.#disk.pass(life, 'sync');
    // one that fails settles nothing: a power failure may still take what it was for
    this.#disk.failBy('sync', 'fdatasync', 'store');
    this.#settle(mark - this.#settled);
  }

  #snapshot(): BackendSnapshot {
    const content = this.#share();
    return {
      get: (key) => Promise.resolve(content.get(nameOf(key))),
      entries: (range) => sortedEntries(content, range),
      close: () => Promise.resolve(),
    };
  }

  async #replace(life: Life, entries: AsyncIterable<readonly BackendEntry[]>): Promise<void> {
    const content: Content = new Map();
    let bytes = 0;
    for await (const batch of entries) {
      this.#disk.admitWrite(1, 'store');
      for (const { key, value } of batch) {
        content.set(nameOf(key), new Uint8Array(value));
        bytes += key.length + value.length;
      }
      await this.#disk.pass(life, 'write');
    }
    await this.#disk.pass(life, 'sync', () => {
      this.#content = content;
      this.#shared = false;
      this.#bytes = bytes;
      this.#settle(this.#unsynced.length);
    });
  }

  #set(content: Content, name: string, before: Uint8Array | undefined, value: Uint8Array | undefined): void {
    if (before !== undefined) this.#bytes -= name.length + before.length;
    if (value === undefined) {
      content.delete(name);
      return;
    }
    content.set(name, value);
    this.#bytes += name.length + value.length;
  }

  #settle(writes: number): void {
    if (writes <= 0) return;
    this.#settled += writes;
    this.#unsynced.splice(0, writes);
  }

  #share(): Content {
    this.#shared = true;
    return this.#content;
  }

  #own(): Content {
    if (this.#shared) {
      this.#content = new Map(this.#content);
      this.#shared = false;
    }
    return this.#content;
  }
}

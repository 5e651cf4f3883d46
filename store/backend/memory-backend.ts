import type { Backend, BackendEntry, BackendSnapshot, EntryRange, WriteOp } from './backend.ts';

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
const bytesOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(name, 'latin1'));

async function* sortedEntries(
  content: ReadonlyMap<string, Uint8Array>,
  range: EntryRange = {},
): AsyncIterable<readonly BackendEntry[]> {
  const from = range.gte === undefined ? '' : nameOf(range.gte);
  const to = range.lt === undefined ? undefined : nameOf(range.lt);
  const names = [...content.keys()].filter((name) => name >= from && (to === undefined || name < to)).sort();
  if (names.length > 0) yield names.map((name) => ({ key: bytesOf(name), value: content.get(name)! }));
}

/** For tests and simulation: nothing outlives the process. */
export class MemoryBackend implements Backend {
  #content = new Map<string, Uint8Array>();

  write(ops: readonly WriteOp[]): Promise<void> {
    for (const { key, value } of ops) {
      if (value === undefined) this.#content.delete(nameOf(key));
      else this.#content.set(nameOf(key), value.slice());
    }
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#content.get(nameOf(key)));
  }

  entries(range?: EntryRange): AsyncIterable<readonly BackendEntry[]> {
    return sortedEntries(new Map(this.#content), range);
  }

  snapshot(): BackendSnapshot {
    const content = new Map(this.#content);
    return {
      get: (key) => Promise.resolve(content.get(nameOf(key))),
      entries: (range) => sortedEntries(content, range),
      close: () => Promise.resolve(),
    };
  }

  async replace(entries: AsyncIterable<readonly BackendEntry[]>): Promise<void> {
    const content = new Map<string, Uint8Array>();
    for await (const batch of entries) for (const { key, value } of batch) content.set(nameOf(key), value.slice());
    this.#content = content;
  }

  sizeBytes(): Promise<number> {
    let size = 0;
    for (const [name, value] of this.#content) size += name.length + value.length;
    return Promise.resolve(size);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

import { assert } from '../../base/assert.ts';
import { bucketFlag, encodeMetaPage, pageBytes, pageFlag, writePageHeader } from './format.ts';
import type { BoltEntry } from './format.ts';
import { encodePage, TreeWriter } from './tree-writer.ts';
import type { PageContent, PageSink } from './tree-writer.ts';

export interface BoltBucket {
  readonly name: string;
  /** in rising order of keys, in batches; the same each time */
  entries(): AsyncIterable<readonly BoltEntry[]>;
}

/** What must be known before the first byte of a file. */
export interface BoltPlan {
  readonly buckets: readonly BoltBucket[];
  readonly root: number;
  readonly pageCount: number;
  /** of the whole file */
  readonly bytes: number;
}

/** the freelist's page; two pages of meta stand before it */
const freelistPage = 2;
const firstTreePage = 3;
/** the newer of the two; the other is one lower */
const transaction = 2;
const chunkBytes = 64 * 1024;

const pagesOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / pageBytes));

/** Gives out numbers only. */
class PageCounter implements PageSink {
  next = firstTreePage;

  put(_content: PageContent, bytes: number): number {
    const id = this.next;
    this.next += pagesOf(bytes);
    return id;
  }
}

/** Puts pages into chunks, in order. */
class PageCollector implements PageSink {
  readonly #counter = new PageCounter();
  #chunk = Buffer.alloc(chunkBytes);
  #used = 0;
  #full: Buffer[] = [];

  put(content: PageContent, bytes: number): number {
    const id = this.#counter.put(content, bytes);
    encodePage(this.#room(pagesOf(bytes) * pageBytes), id, content);
    return id;
  }

  /** finished chunks; `all`: also the one that is being filled */
  take(all = false): Buffer[] {
    if (all) this.#close();
    const full = this.#full;
    this.#full = [];
    return full;
  }

  #room(bytes: number): Buffer {
    if (this.#used + bytes > this.#chunk.length) {
      this.#close();
      // most of a page larger than a chunk is one value
      if (bytes > chunkBytes) this.#chunk = Buffer.alloc(bytes);
    }
    const room = this.#chunk.subarray(this.#used, this.#used + bytes);
    this.#used += bytes;
    return room;
  }

  #close(): void {
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = Buffer.alloc(chunkBytes);
    this.#used = 0;
  }
}

/** Puts all trees into `sink`, bucket by bucket, and that of the buckets behind them; `step` after each batch. */
async function* writeTrees<T>(
  buckets: readonly BoltBucket[],
  sink: PageSink,
  step: () => Iterable<T>,
): AsyncGenerator<T, number, undefined> {
  const root = new TreeWriter(sink);
  for (const bucket of buckets) {
    const tree = new TreeWriter(sink);
    for await (const batch of bucket.entries()) {
      for (const { key, value } of batch) tree.add(key, value);
      yield* step();
    }
    root.add(Buffer.from(bucket.name), tree.finishBucket(), bucketFlag);
  }
  return root.finishTree();
}

/**
 * Reads all entries once to find out where everything will be: the head of a file names its last pages. `writeBolt` reads
 * them once more. So a database of any size is written in one go, with a few pages in memory and no temporary file.
 */
export async function planBolt(unsorted: readonly BoltBucket[]): Promise<BoltPlan> {
  const buckets = [...unsorted].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const counter = new PageCounter();
  const trees = writeTrees(buckets, counter, () => [] as never[]);
  const { value: root } = await trees.next();
  assert(root !== undefined, 'counting yields nothing but its result');
  return { buckets, root, pageCount: counter.next, bytes: counter.next * pageBytes };
}

function head({ root, pageCount }: BoltPlan): Buffer {
  const freelist = Buffer.alloc(pageBytes);
  writePageHeader(freelist, freelistPage, pageFlag.freelist, 0, 0);
  const meta = { root, pageCount, freelist: freelistPage };
  return Buffer.concat([
    encodeMetaPage(0, { ...meta, transaction }),
    encodeMetaPage(1, { ...meta, transaction: transaction - 1 }),
    freelist,
  ]);
}

/** The file, in chunks of about 64 KiB. Rejects where the entries are not those that the plan was made of. */
export async function* writeBolt(plan: BoltPlan): AsyncGenerator<Uint8Array, void, undefined> {
  yield head(plan);
  let bytes = firstTreePage * pageBytes;
  const collector = new PageCollector();
  const trees = writeTrees(plan.buckets, collector, () => collector.take());
  for (;;) {
    const { done, value } = await trees.next();
    if (done === true) {
      assert(value === plan.root, 'the entries are those that the plan was made of');
      break;
    }
    bytes += value.length;
    yield value;
  }
  for (const chunk of collector.take(true)) {
    bytes += chunk.length;
    yield chunk;
  }
  assert(bytes === plan.bytes, 'the file is as long as planned');
}

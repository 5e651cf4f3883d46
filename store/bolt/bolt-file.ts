import { bucketFlag, bucketHeaderBytes, decodeMetaPage, pageFlag, pageHeaderBytes } from './format.ts';
import type { BoltEntry, BoltMeta } from './format.ts';
import { branchElements, freelistPages, leafElements, PageFault, readPageHeader } from './page.ts';
import type { ReadPage } from './page.ts';
import { PageSource } from './page-source.ts';
import type { LeafElement } from './tree-writer.ts';

/** bbolt makes trees of three or four levels out of a billion entries */
const depthMax = 64;
const pageBytesMax = 64 * 1024;
const metaHeadBytes = 80;

const isBucket = ({ flags }: LeafElement): boolean => (flags & bucketFlag) !== 0;

/** Where in the tree a page hangs: what its keys must be, and how deep it is. */
interface Place {
  readonly from: Uint8Array | undefined;
  readonly below: Uint8Array | undefined;
  readonly depth: number;
}
const top: Place = { from: undefined, below: undefined, depth: 0 };

/**
 * A bbolt database, for reading. Every page is checked as it is read: it is the one that it should be, its elements lie
 * within it, keys rise, no page is used twice. Throws BoltFileError with the place otherwise. Reads with blocking calls: for
 * commands, not for a server.
 */
export class BoltFile {
  readonly #source: PageSource;
  readonly #meta: BoltMeta;
  /** a bit a page: reached by the walks since `check` began */
  #used: Uint8Array | undefined;

  /** `bytesOf`: how much of a file of that size is the database; default: all of it */
  static open(file: string, bytesOf?: (size: number) => number): BoltFile {
    const source = new PageSource(file, bytesOf);
    try {
      return new BoltFile(source);
    } catch (error) {
      source.close();
      throw error;
    }
  }

  private constructor(source: PageSource) {
    this.#source = source;
    this.#meta = readMeta(source);
    const { pageBytes, pageCount, root } = this.#meta;
    if (pageCount * pageBytes > source.bytes) {
      throw source.damaged(source.bytes, `it is cut off here: it should have ${pageCount * pageBytes} bytes`);
    }
    if (root >= pageCount) throw source.damaged(0, 'the root of the database is outside of it');
  }

  get file(): string {
    return this.#source.file;
  }

  /** of the pages in use */
  get bytes(): number {
    return this.#meta.pageCount * this.#meta.pageBytes;
  }

  bucketNames(): string[] {
    return this.#buckets().map(({ key }) => Buffer.from(key).toString());
  }

  /** The entries in order; none where there is no such bucket. They are valid until the next one is asked for. */
  *entries(bucket: string): Generator<BoltEntry, void, undefined> {
    const found = this.#buckets().find(({ key }) => Buffer.from(key).toString() === bucket);
    if (found !== undefined) for (const leaf of this.#bucketLeaves(found)) yield* leaf;
  }

  get(bucket: string, key: string): Uint8Array | undefined {
    const wanted = Buffer.from(key);
    for (const entry of this.entries(bucket)) if (wanted.equals(entry.key)) return entry.value;
    return undefined;
  }

  /** Reads all of it, as bbolt's own check does: also that each page is either used or free. */
  check(): void {
    const { freelist, pageCount } = this.#meta;
    this.#used = new Uint8Array(Math.ceil(pageCount / 8));
    const used = this.#used;
    try {
      for (const page of [0, 1]) this.#use(page, 0);
      const free = freelist === undefined ? undefined : this.#freePages(freelist);
      for (const bucket of this.#buckets()) for (const _ of this.#bucketLeaves(bucket));
      if (free === undefined) return; // nobody says which are
      for (let page = 0; page < pageCount; page++) {
        if (((used[page >> 3]! >> (page & 7)) & 1) === 0) {
          throw this.#source.damaged(page * this.#meta.pageBytes, `page ${page} is neither used nor free`);
        }
      }
    } finally {
      this.#used = undefined;
    }
  }

  close(): void {
    this.#source.close();
  }

  #freePages(freelist: number): readonly number[] {
    const page = this.#page(freelist);
    const free = this.#within(page, freelistPages);
    for (const id of free) {
      if (id < 2 || id >= this.#meta.pageCount) {
        throw this.#source.damaged(freelist * this.#meta.pageBytes, `the free page ${id} is outside of the database`);
      }
      this.#use(id, 0);
    }
    return free;
  }

  #buckets(): LeafElement[] {
    const buckets = [...this.#leaves(this.#meta.root, top)].flat();
    if (!buckets.every(isBucket)) throw this.#source.damaged(0, 'an entry beside the buckets');
    return buckets;
  }

  *#bucketLeaves({ key, value }: LeafElement): Generator<LeafElement[], void, undefined> {
    const name = Buffer.from(key).toString();
    const header = Buffer.from(value.buffer, value.byteOffset, value.length);
    if (header.length < bucketHeaderBytes) throw this.#source.damaged(0, `the bucket ${name} has no head`);
    const root = Number(header.readBigUInt64LE(0));
    const leaves = root === 0 ? [this.#inline(header.subarray(bucketHeaderBytes), name)] : this.#leaves(root, top);
    for (const leaf of leaves) {
      if (leaf.some(isBucket))
        throw this.#source.damaged(root * this.#meta.pageBytes, `a bucket within bucket ${name}`);
      yield leaf;
    }
  }

  #inline(bytes: Buffer, name: string): LeafElement[] {
    try {
      if (bytes.length < pageHeaderBytes) throw new PageFault(0, 'no page');
      return leafElements({ ...readPageHeader(bytes), bytes });
    } catch (error) {
      if (!(error instanceof PageFault)) throw error;
      const at = this.#meta.root * this.#meta.pageBytes;
      throw this.#source.damaged(at, `the page of the bucket ${name}: ${error.message}`);
    }
  }

  /** The leaf pages of a tree, in order. */
  *#leaves(id: number, place: Place): Generator<LeafElement[], void, undefined> {
    const page = this.#page(id);
    const offset = id * this.#meta.pageBytes;
    if (place.depth > depthMax) throw this.#source.damaged(offset, 'a tree that is too deep: it runs in a circle');
    if (page.flags === pageFlag.leaf) {
      const elements = this.#within(page, leafElements);
      this.#checkOrder(offset, elements, place);
      yield elements;
    } else if (page.flags === pageFlag.branch) {
      const elements = this.#within(page, branchElements);
      this.#checkOrder(offset, elements, place);
      for (const [i, { key, child }] of elements.entries()) {
        yield* this.#leaves(child, { from: key, below: elements[i + 1]?.key ?? place.below, depth: place.depth + 1 });
      }
    } else {
      throw this.#source.damaged(offset, `page ${id} is neither leaf nor branch`);
    }
  }

  #checkOrder(offset: number, elements: readonly { readonly key: Uint8Array }[], { from, below }: Place): void {
    let previous = from;
    for (const [i, { key }] of elements.entries()) {
      const order = previous === undefined ? -1 : Buffer.compare(previous, key);
      if (order > 0 || (order === 0 && i > 0)) throw this.#source.damaged(offset, 'keys do not rise');
      previous = key;
    }
    if (below !== undefined && previous !== undefined && Buffer.compare(previous, below) >= 0) {
      throw this.#source.damaged(offset, 'a key belongs behind its page');
    }
  }

  #within<T>(page: ReadPage, read: (page: ReadPage) => T): T {
    try {
      return read(page);
    } catch (error) {
      if (!(error instanceof PageFault)) throw error;
      throw this.#source.damaged(page.id * this.#meta.pageBytes + error.at, error.message);
    }
  }

  #page(id: number): ReadPage {
    const { pageBytes, pageCount } = this.#meta;
    const offset = id * pageBytes;
    if (!(id >= 2 && id < pageCount)) throw this.#source.damaged(0, `page ${id} is outside of the database`);
    const header = readPageHeader(this.#source.read(offset, pageHeaderBytes));
    if (header.id !== id) throw this.#source.damaged(offset, `page ${id} says that it is page ${header.id}`);
    if (id + header.overflow >= pageCount) throw this.#source.damaged(offset + 12, `page ${id} is too long`);
    for (let i = 0; i <= header.overflow; i++) this.#use(id + i, offset);
    return { ...header, bytes: this.#source.read(offset, (header.overflow + 1) * pageBytes) };
  }

  #use(page: number, offset: number): void {
    if (this.#used === undefined) return;
    const bit = 1 << (page & 7);
    const byte = this.#used[page >> 3]!;
    if ((byte & bit) !== 0) throw this.#source.damaged(offset, `page ${page} is used twice`);
    this.#used[page >> 3] = byte | bit;
  }
}

/** The newer of the two that is sound. */
function readMeta(source: PageSource): BoltMeta {
  if (source.bytes < metaHeadBytes) throw source.damaged(source.bytes, 'it ends within its first page');
  const first = decodeMetaPage(source.read(0, metaHeadBytes));
  // where the first is damaged, the size of a page is a guess
  const pageBytes = typeof first === 'string' ? 4096 : first.pageBytes;
  if (pageBytes < 1024 || pageBytes > pageBytesMax || (pageBytes & (pageBytes - 1)) !== 0) {
    throw source.damaged(0, `pages of ${pageBytes} bytes`);
  }
  const hasSecond = source.bytes >= pageBytes + metaHeadBytes;
  const second = hasSecond ? decodeMetaPage(source.read(pageBytes, metaHeadBytes)) : 'it ends before its second page';
  if (typeof first === 'string') {
    if (typeof second === 'string') throw source.damaged(0, first);
    return second;
  }
  return typeof second === 'string' || second.transaction < first.transaction ? first : second;
}

import { assert } from '../../base/assert.ts';
import {
  bucketHeaderBytes,
  elementBytes,
  inlinePageBytesMax,
  pageBytes,
  pageFlag,
  pageHeaderBytes,
  writePageHeader,
} from './format.ts';

export interface LeafElement {
  readonly flags: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
export interface BranchElement {
  readonly key: Uint8Array;
  readonly child: number;
}
export type PageContent =
  | { readonly flags: typeof pageFlag.leaf; readonly elements: readonly LeafElement[] }
  | { readonly flags: typeof pageFlag.branch; readonly elements: readonly BranchElement[] };

/** Where pages go, in the order they are finished; returns the page's number. */
export interface PageSink {
  put(content: PageContent, bytes: number): number;
}

/** bbolt's limit: a key's size is signed there, and leaves room */
const keyBytesMax = 32_768;
/** bbolt's limit */
const valueBytesMax = 2 ** 31 - 2;

const leafBytes = ({ key, value }: LeafElement): number => elementBytes + key.length + value.length;
const branchBytes = ({ key }: BranchElement): number => elementBytes + key.length;

/** Writes the page into `out`, which is zeros and as long as the pages that it takes. */
export function encodePage(out: Buffer, id: number, { flags, elements }: PageContent): void {
  writePageHeader(out, id, flags, elements.length, Math.ceil(out.length / pageBytes) - 1);
  let at = pageHeaderBytes;
  let data = pageHeaderBytes + elements.length * elementBytes;
  for (const element of elements) {
    if ('child' in element) {
      out.writeUInt32LE(data - at, at);
      out.writeUInt32LE(element.key.length, at + 4);
      out.writeBigUInt64LE(BigInt(element.child), at + 8);
      out.set(element.key, data);
      data += element.key.length;
    } else {
      const { key, value } = element;
      out.writeUInt32LE(element.flags, at);
      out.writeUInt32LE(data - at, at + 4);
      out.writeUInt32LE(key.length, at + 8);
      out.writeUInt32LE(value.length, at + 12);
      out.set(key, data);
      out.set(value, data + key.length);
      data += key.length + value.length;
    }
    at += elementBytes;
  }
}

/** The pages of one level above the leaves, the one that is being filled in memory. */
interface BranchLevel {
  elements: BranchElement[];
  bytes: number;
}

/**
 * Builds the B+ tree of one bucket out of entries that come in order: a page is handed on when the next entry does not
 * fit, and becomes an element of the page above it. What is in memory is one page a level.
 */
export class TreeWriter {
  readonly #sink: PageSink;
  #leaf: LeafElement[] = [];
  #leafBytes = pageHeaderBytes;
  /** from the leaves up */
  readonly #levels: BranchLevel[] = [];
  #last: Uint8Array | undefined;

  constructor(sink: PageSink) {
    this.#sink = sink;
  }

  /** Keys must come in rising order. */
  add(key: Uint8Array, value: Uint8Array, flags = 0): void {
    assert(key.length > 0 && key.length <= keyBytesMax, 'a key has 1 to 32,768 bytes');
    assert(value.length <= valueBytesMax, 'a value has less than 2 GiB');
    assert(this.#last === undefined || Buffer.compare(this.#last, key) < 0, 'keys come in rising order');
    this.#last = key;
    const element: LeafElement = { flags, key, value };
    const bytes = leafBytes(element);
    if (this.#leaf.length > 0 && this.#leafBytes + bytes > pageBytes) this.#finishLeaf();
    this.#leaf.push(element);
    this.#leafBytes += bytes;
  }

  /** The bucket's entry in the tree of buckets: where its root is, or the bucket itself where it is small. */
  finishBucket(): Uint8Array {
    const inline = this.#levels.length === 0 && this.#leafBytes <= inlinePageBytesMax;
    const value = Buffer.alloc(bucketHeaderBytes + (inline ? this.#leafBytes : 0));
    if (inline) encodePage(value.subarray(bucketHeaderBytes), 0, { flags: pageFlag.leaf, elements: this.#leaf });
    else value.writeBigUInt64LE(BigInt(this.finishTree()), 0);
    return value;
  }

  /** Page number of the root. */
  finishTree(): number {
    if (this.#levels.length === 0) return this.#putLeaf();
    this.#finishLeaf();
    for (let depth = 0; ; depth++) {
      const { elements, bytes } = this.#levels[depth]!;
      const only = depth === this.#levels.length - 1;
      const first = elements[0]!;
      const page = this.#sink.put({ flags: pageFlag.branch, elements }, bytes);
      if (only) return page;
      this.#addChild(depth + 1, { key: first.key, child: page });
    }
  }

  #putLeaf(): number {
    const page = this.#sink.put({ flags: pageFlag.leaf, elements: this.#leaf }, this.#leafBytes);
    this.#leaf = [];
    this.#leafBytes = pageHeaderBytes;
    return page;
  }

  #finishLeaf(): void {
    const { key } = this.#leaf[0]!;
    this.#addChild(0, { key, child: this.#putLeaf() });
  }

  #addChild(depth: number, element: BranchElement): void {
    const level = (this.#levels[depth] ??= { elements: [], bytes: pageHeaderBytes });
    const bytes = branchBytes(element);
    // the last child moves on with the new one, so that no page has a single child
    if (level.elements.length > 3 && level.bytes + bytes > pageBytes) {
      const moved = level.elements.pop()!;
      const first = level.elements[0]!;
      const { elements } = level;
      const page = this.#sink.put({ flags: pageFlag.branch, elements }, level.bytes - branchBytes(moved));
      level.elements = [moved];
      level.bytes = pageHeaderBytes + branchBytes(moved);
      this.#addChild(depth + 1, { key: first.key, child: page });
    }
    level.elements.push(element);
    level.bytes += bytes;
  }
}

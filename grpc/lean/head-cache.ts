import type { HeaderFields, HpackDecoder } from './hpack.ts';
import { requestHead } from './request-head.ts';
import type { RequestHead } from './request-head.ts';

const blocksMax = 32;
const blockBytesMax = 128;

/** A header block, decoded; what it says of a request is looked up when it is asked for. */
export class DecodedBlock {
  readonly fields: HeaderFields;
  #head: RequestHead | undefined;

  constructor(fields: HeaderFields) {
    this.fields = fields;
  }

  /** Throws StreamError where it is no request's. */
  head(streamId: number): RequestHead {
    return (this.#head ??= requestHead(streamId, this.fields));
  }
}

/** Most requests of a connection have the same few header blocks, and these mean the same as long as the table does not change. */
export class HeadCache {
  readonly #decoder: HpackDecoder;
  readonly #known = new Map<string, DecodedBlock>();
  #tableChanges = 0;

  constructor(decoder: HpackDecoder) {
    this.#decoder = decoder;
  }

  decode(block: Buffer): DecodedBlock {
    if (block.length > blockBytesMax) return new DecodedBlock(this.#decoder.decode(block));
    const bytes = block.toString('latin1');
    if (this.#tableChanges === this.#decoder.tableChanges) {
      const known = this.#known.get(bytes);
      if (known !== undefined) return known;
    }
    const before = this.#decoder.tableChanges;
    const decoded = new DecodedBlock(this.#decoder.decode(block));
    if (this.#tableChanges !== this.#decoder.tableChanges || this.#known.size >= blocksMax) {
      this.#known.clear();
      this.#tableChanges = this.#decoder.tableChanges;
    }
    if (before === this.#decoder.tableChanges) this.#known.set(bytes, decoded);
    return decoded;
  }
}

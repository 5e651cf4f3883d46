import { ConnectionError, errorCode } from './frame.ts';
import { decodeHuffman } from './huffman.ts';

/** RFC 7541, appendix A; index 1 is first */
const staticTable: readonly (readonly [string, string])[] = [
  [':authority', ''], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'],
  [':scheme', 'http'], [':scheme', 'https'], [':status', '200'], [':status', '204'], [':status', '206'],
  [':status', '304'], [':status', '400'], [':status', '404'], [':status', '500'], ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'], ['accept-language', ''], ['accept-ranges', ''], ['accept', ''],
  ['access-control-allow-origin', ''], ['age', ''], ['allow', ''], ['authorization', ''], ['cache-control', ''],
  ['content-disposition', ''], ['content-encoding', ''], ['content-language', ''], ['content-length', ''],
  ['content-location', ''], ['content-range', ''], ['content-type', ''], ['cookie', ''], ['date', ''], ['etag', ''],
  ['expect', ''], ['expires', ''], ['from', ''], ['host', ''], ['if-match', ''], ['if-modified-since', ''],
  ['if-none-match', ''], ['if-range', ''], ['if-unmodified-since', ''], ['last-modified', ''], ['link', ''],
  ['location', ''], ['max-forwards', ''], ['proxy-authenticate', ''], ['proxy-authorization', ''], ['range', ''],
  ['referer', ''], ['refresh', ''], ['retry-after', ''], ['server', ''], ['set-cookie', ''],
  ['strict-transport-security', ''], ['transfer-encoding', ''], ['user-agent', ''], ['vary', ''], ['via', ''],
  ['www-authenticate', ''],
]; // prettier-ignore

/** what an entry counts besides its bytes (RFC 7541, section 4.1) */
const entryOverheadBytes = 32;
export const headerTableBytes = 4096;

const broken = (message: string): ConnectionError => new ConnectionError(errorCode.compressionError, message);

interface TableEntry {
  readonly name: string;
  readonly value: string;
  readonly size: number;
}

/** name, value, name, value, ... in the order of the block */
export type HeaderFields = readonly string[];

/** Decodes header blocks; one for each direction of a connection, since blocks build on those before them. */
export class HpackDecoder {
  readonly #listBytesMax: number;
  /** newest last */
  readonly #dynamic: TableEntry[] = [];
  #dynamicBytes = 0;
  #tableBytesMax = headerTableBytes;
  /** counts what changed the table: the same block means the same as long as this does not move */
  tableChanges = 0;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** A list larger than `listBytesMax` (as SETTINGS_MAX_HEADER_LIST_SIZE counts) ends the connection. */
  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax;
  }

  /** Throws ConnectionError: after a block that cannot be decoded no later one can. */
  decode(block: Uint8Array): HeaderFields {
    this.#block = block;
    this.#at = 0;
    const fields: string[] = [];
    let listBytes = 0;
    while (this.#at < block.length) {
      const first = block[this.#at]!;
      if ((first & 0xe0) === 0x20) {
        if (fields.length > 0) throw broken('a table size update must stand before the first field');
        this.#resize(this.#integer(5));
        continue;
      }
      const entry = this.#field(first);
      listBytes += entry.size;
      if (listBytes > this.#listBytesMax) {
        throw new ConnectionError(errorCode.enhanceYourCalm, `more than ${this.#listBytesMax} bytes of headers`);
      }
      fields.push(entry.name, entry.value);
    }
    return fields;
  }

  #field(first: number): TableEntry {
    if ((first & 0x80) !== 0) return this.#entry(this.#integer(7));
    const indexed = (first & 0x40) !== 0;
    const nameIndex = this.#integer(indexed ? 6 : 4);
    const name = nameIndex === 0 ? this.#string() : this.#entry(nameIndex).name;
    const value = this.#string();
    const entry = { name, value, size: name.length + value.length + entryOverheadBytes };
    if (indexed) this.#insert(entry);
    return entry;
  }

  #entry(index: number): TableEntry {
    const found = index <= staticTable.length ? staticEntries[index] : this.#dynamic.at(staticTable.length - index);
    if (found === undefined) throw broken(`there is no field ${index} in the table`);
    return found;
  }

  #insert(entry: TableEntry): void {
    this.tableChanges++;
    this.#dynamic.push(entry);
    this.#dynamicBytes += entry.size;
    this.#evict();
  }

  #resize(bytes: number): void {
    if (bytes > headerTableBytes) throw broken(`a table of ${bytes} bytes: more than the ${headerTableBytes} allowed`);
    this.tableChanges++;
    this.#tableBytesMax = bytes;
    this.#evict();
  }

  #evict(): void {
    let count = 0;
    while (this.#dynamicBytes > this.#tableBytesMax) this.#dynamicBytes -= this.#dynamic[count++]!.size;
    if (count > 0) this.#dynamic.splice(0, count);
  }

  /** RFC 7541, section 5.1 */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    const prefix = this.#byte() & mask;
    if (prefix < mask) return prefix;
    let value = prefix;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw broken('an integer is too large');
  }

  #string(): string {
    const huffman = (this.#block[this.#at]! & 0x80) !== 0;
    const length = this.#integer(7);
    const end = this.#at + length;
    if (end > this.#block.length) throw broken('a string is cut off');
    const bytes = this.#block.subarray(this.#at, end);
    this.#at = end;
    if (!huffman) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const text = decodeHuffman(bytes);
    if (text === undefined) throw broken('a string is not a valid Huffman code');
    return text;
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw broken('the header block is cut off');
    return byte;
  }
}

/** at their index; 0 is none */
const staticEntries: readonly (TableEntry | undefined)[] = [
  undefined,
  ...staticTable.map(([name, value]) => ({ name, value, size: name.length + value.length + entryOverheadBytes })),
];

/** A field as a literal that leaves the table as it is, without Huffman: for constant blocks, and for what is said once. */
export function literalField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), stringLiteral(name), stringLiteral(value)]);
}

/** A field as a literal that enters the peer's table. */
export function indexedLiteralField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40), stringLiteral(name), stringLiteral(value)]);
}

function stringLiteral(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([integerBytes(bytes.length, 7), bytes]);
}

function integerBytes(value: number, prefixBits: number): Buffer {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Buffer.of(value);
  const out = [mask];
  for (let rest = value - mask; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...out, rest]);
    out.push((rest % 128) | 0x80);
  }
}

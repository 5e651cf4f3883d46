import { maskedCrcFits } from './masked-crc.ts';
import { unsnappy } from './snappy.ts';
import { readVarint } from './varint.ts';

/**
 * A table of LevelDB (.ldb, .sst): blocks, and an index of them.
 *
 *     block    | content | compression u8 (1: snappy) | crc u32 |
 *     footer   | meta index: offset, size | index: offset, size | zeros | magic u64 |        the last 48 bytes
 *     index    | shared, unshared, value length | key | offset, size of a block | ... | restart points | their number u32 |
 *
 * Offsets, sizes and lengths are varints. https://github.com/google/leveldb/blob/main/doc/table_format.md
 */
const footerBytes = 48;
const trailerBytes = 5;
const magic = 0xdb4775248b80fb57n;
const snappyCompressed = 1;

export interface TableFault {
  readonly offset: number;
  readonly what: string;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
  readonly end: number;
}

function handleAt(bytes: Buffer, at: number): Handle | undefined {
  const offset = readVarint(bytes, at);
  const size = offset && readVarint(bytes, offset.end);
  return size && { offset: offset.value, size: size.value, end: size.end };
}

function blockFault(bytes: Buffer, { offset, size }: Handle): TableFault | undefined {
  const trailer = offset + size;
  if (trailer + trailerBytes > bytes.length) return { offset, what: 'a block reaches beyond the file' };
  const fits = maskedCrcFits(bytes.subarray(offset, trailer + 1), bytes.readUInt32LE(trailer + 1));
  return fits ? undefined : { offset, what: 'a block does not match its checksum' };
}

function contentOf(bytes: Buffer, { offset, size }: Handle): Buffer | undefined {
  const content = bytes.subarray(offset, offset + size);
  return bytes[offset + size] === snappyCompressed ? unsnappy(content) : content;
}

/** What an index block names; undefined: malformed. */
function handlesOf(block: Buffer): Handle[] | undefined {
  const handles: Handle[] = [];
  const end = block.length < 4 ? -1 : block.length - 4 - 4 * block.readUInt32LE(block.length - 4);
  if (end < 0) return undefined;
  for (let at = 0; at < end;) {
    const shared = readVarint(block, at);
    const unshared = shared && readVarint(block, shared.end);
    const length = unshared && readVarint(block, unshared.end);
    if (length === undefined) return undefined;
    const value = length.end + unshared!.value;
    const handle = handleAt(block, value);
    if (handle === undefined) return undefined;
    handles.push(handle);
    at = value + length.value;
  }
  return handles;
}

/** Every block of the table against its checksum: the first that does not fit. */
export function tableFault(bytes: Buffer): TableFault | undefined {
  const footer = bytes.length - footerBytes;
  if (footer < 0 || bytes.readBigUInt64LE(bytes.length - 8) !== magic) {
    return { offset: Math.max(0, footer), what: 'the table is cut off, or its end is damaged' };
  }
  const metaIndex = handleAt(bytes, footer);
  const index = metaIndex && handleAt(bytes, metaIndex.end);
  if (index === undefined) return { offset: footer, what: 'the end of the table is damaged' };
  const fault = blockFault(bytes, metaIndex!) ?? blockFault(bytes, index);
  if (fault !== undefined) return fault;
  const content = contentOf(bytes, index);
  const blocks = content && handlesOf(content);
  if (blocks === undefined) return { offset: index.offset, what: 'the index of the table is malformed' };
  for (const block of blocks) {
    const found = blockFault(bytes, block);
    if (found !== undefined) return found;
  }
  return undefined;
}

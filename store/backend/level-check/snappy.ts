import { readVarint } from './varint.ts';

const bytesMax = 256 * 1024 * 1024;

/**
 * Snappy's raw format: the length of the content, then pieces of it, each either there or a copy of what came before. The two
 * low bits of a piece's first byte say which. https://github.com/google/snappy/blob/main/format_description.txt
 *
 *     0c 08 61 62 63 15 03     12 bytes: "abc" as it is, then 9 bytes from 3 back: abcabcabcabc
 *
 * undefined: malformed
 */
export function unsnappy(bytes: Buffer): Buffer | undefined {
  const length = readVarint(bytes, 0);
  if (length === undefined || length.value > bytesMax) return undefined;
  const out = Buffer.alloc(length.value);
  let have = 0;
  for (let at = length.end; at < bytes.length;) {
    const piece = pieceAt(bytes, at);
    if (piece === undefined || have + piece.length > out.length) return undefined;
    if (piece.back === 0) {
      bytes.copy(out, have, piece.data, piece.data + piece.length);
    } else {
      if (piece.back > have) return undefined;
      // byte by byte: a piece may repeat what it has just made
      for (let i = 0; i < piece.length; i++) out[have + i] = out[have + i - piece.back]!;
    }
    have += piece.length;
    at = piece.end;
  }
  return have === out.length ? out : undefined;
}

interface Piece {
  readonly length: number;
  /** 0: the content is at `data` */
  readonly back: number;
  readonly data: number;
  readonly end: number;
}

function pieceAt(bytes: Buffer, at: number): Piece | undefined {
  const tag = bytes[at]!;
  const high = tag >> 2;
  const kind = tag & 3;
  if (kind === 0) {
    const extra = high < 60 ? 0 : high - 59;
    if (at + 1 + extra > bytes.length) return undefined;
    const length = (extra === 0 ? high : bytes.readUIntLE(at + 1, extra)) + 1;
    const data = at + 1 + extra;
    return data + length > bytes.length ? undefined : { length, back: 0, data, end: data + length };
  }
  const size = [0, 1, 2, 4][kind]!;
  if (at + 1 + size > bytes.length) return undefined;
  const low = bytes.readUIntLE(at + 1, size);
  const copy = kind === 1 ? { length: (high & 7) + 4, back: ((tag >> 5) << 8) | low } : { length: high + 1, back: low };
  return copy.back === 0 ? undefined : { ...copy, data: 0, end: at + 1 + size };
}

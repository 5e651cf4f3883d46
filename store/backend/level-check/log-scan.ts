import { maskedCrcFits } from './masked-crc.ts';

/**
 * A log of LevelDB: blocks of 32 KiB, which records never cross.
 *
 *     record   | crc u32 | length u16 | type u8 (1 whole, 2 first, 3 middle, 4 last) | payload |
 *
 * The crc is masked, and covers type and payload. https://github.com/google/leveldb/blob/main/doc/log_format.md
 */
const blockBytes = 32 * 1024;
const headerBytes = 7;
const typeMax = 4;

export interface LogScan {
  /** the first place that is not sound */
  readonly fault: { readonly offset: number; readonly what: string } | undefined;
  /** nothing sound stands behind the fault: a write that a crash cut short, which LevelDB leaves out */
  readonly atEnd: boolean;
}

/** Where the record at `at` ends, or what is wrong with it. */
function recordEnd(bytes: Buffer, at: number, blockEnd: number): number | string {
  if (at + headerBytes > bytes.length) return 'a record is cut off';
  const length = bytes.readUInt16LE(at + 4);
  const type = bytes[at + 6]!;
  const end = at + headerBytes + length;
  // room that was made and not used
  if (type === 0 && length === 0 && bytes.readUInt32LE(at) === 0) return blockEnd;
  if (type > typeMax || end > blockEnd) return 'a record header is damaged';
  if (end > bytes.length) return 'a record is cut off';
  return maskedCrcFits(bytes.subarray(at + 6, end), bytes.readUInt32LE(at))
    ? end
    : 'a record does not match its checksum';
}

export function scanLevelLog(bytes: Buffer): LogScan {
  let fault: LogScan['fault'];
  let soundBehind = false;
  for (let at = 0; at < bytes.length;) {
    const blockEnd = at - (at % blockBytes) + blockBytes;
    const end = blockEnd - at < headerBytes ? blockEnd : recordEnd(bytes, at, blockEnd);
    if (typeof end === 'string') {
      fault ??= { offset: at, what: end };
      const length = at + headerBytes <= bytes.length ? bytes.readUInt16LE(at + 4) : 0;
      // the length may be what is damaged: then the rest of the block cannot be told apart
      const next = at + headerBytes + length;
      const goesOn = next < Math.min(blockEnd, bytes.length) && typeof recordEnd(bytes, next, blockEnd) === 'number';
      at = goesOn ? next : blockEnd;
    } else {
      soundBehind ||= fault !== undefined && end - at > headerBytes;
      at = end;
    }
  }
  return { fault, atEnd: !soundBehind };
}

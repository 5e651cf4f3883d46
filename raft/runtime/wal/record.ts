import { crc32c } from '../../../base/crc32c.ts';

/**
 * A segment is a header and then records; all numbers are little-endian.
 *
 *     segment:  | magic "KUORWAL1" | version u32 | salt u32 | sequence u64 | firstIndex u64 | zero u32 | crc u32 |   40 bytes
 *     record:   | magic u16 | type u8 | check u8 | length u32 | unsyncedFrom u32 | crc u32 | payload ... |       16 + length
 *
 * `check` covers the record's own header, so that a damaged length is not mistaken for a record that was cut off.
 * `unsyncedFrom` is the offset from which the file had not been synced when the record was written: whatever stands
 * before it had been acknowledged. It tells damage (a bad record that a later sync had covered) from a torn write (the
 * disk wrote parts of one unsynced batch in another order). `salt` keeps a log that was stored inside a value from
 * being read as records.
 */

export const recordType = { metadata: 1, mark: 2, hardState: 3, entries: 4 } as const;
export type RecordType = (typeof recordType)[keyof typeof recordType];

export const segmentHeaderBytes = 40;
export const recordHeaderBytes = 16;
export const walFormatVersion = 1;
const segmentMagic = Buffer.from('KUORWAL1', 'latin1');
const recordMagic = 0x4b57;
export const recordMagicBytes = Buffer.from([0x57, 0x4b]);
/** An entry larger than this was never written, so a longer record is damage. */
export const recordBytesMax = 256 * 1024 * 1024;

export interface SegmentHeader {
  readonly version: number;
  readonly salt: number;
  readonly sequence: number;
  readonly firstIndex: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const out = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(out, 0);
  out.writeUInt32LE(header.version, 8);
  out.writeUInt32LE(header.salt, 12);
  out.writeBigUInt64LE(BigInt(header.sequence), 16);
  out.writeBigUInt64LE(BigInt(header.firstIndex), 24);
  out.writeUInt32LE(crc32c(out.subarray(0, 36)), 36);
  return out;
}

/** undefined: damaged, or not a segment at all. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(segmentMagic)) return undefined;
  if (crc32c(bytes.subarray(0, 36)) !== bytes.readUInt32LE(36)) return undefined;
  return {
    version: bytes.readUInt32LE(8),
    salt: bytes.readUInt32LE(12),
    sequence: Number(bytes.readBigUInt64LE(16)),
    firstIndex: Number(bytes.readBigUInt64LE(24)),
  };
}

function headerCheck(bytes: Buffer, at: number): number {
  let sum = 0x5a;
  for (const i of [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]) sum = (sum * 31 + bytes[at + i]!) & 0xff;
  return sum;
}

function recordCrc(bytes: Buffer, at: number, length: number, salt: number): number {
  const header = crc32c(bytes.subarray(at, at + 12), salt);
  return crc32c(bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + length), header);
}

/** `record` has its payload from byte 16 on; fills in the header. */
export function sealRecord(record: Buffer, type: RecordType, unsyncedFrom: number, salt: number): void {
  const length = record.length - recordHeaderBytes;
  record.writeUInt16LE(recordMagic, 0);
  record[2] = type;
  record.writeUInt32LE(length, 4);
  record.writeUInt32LE(unsyncedFrom, 8);
  record[3] = headerCheck(record, 0);
  record.writeUInt32LE(recordCrc(record, 0, length, salt), 12);
}

export interface ReadRecord {
  readonly type: number;
  readonly unsyncedFrom: number;
  readonly payload: Buffer;
  readonly end: number;
}

export type RecordFault = 'short' | 'bad header' | 'bad checksum';

/** The record at `at`, or what is wrong with it. */
export function readRecord(bytes: Buffer, at: number, salt: number): ReadRecord | RecordFault {
  if (at + recordHeaderBytes > bytes.length) return 'short';
  if (bytes.readUInt16LE(at) !== recordMagic || bytes[at + 3] !== headerCheck(bytes, at)) return 'bad header';
  const length = bytes.readUInt32LE(at + 4);
  if (length > recordBytesMax) return 'bad header';
  const end = at + recordHeaderBytes + length;
  if (end > bytes.length) return 'short';
  if (recordCrc(bytes, at, length, salt) !== bytes.readUInt32LE(at + 12)) return 'bad checksum';
  const payload = bytes.subarray(at + recordHeaderBytes, end);
  return { type: bytes[at + 2]!, unsyncedFrom: bytes.readUInt32LE(at + 8), payload, end };
}

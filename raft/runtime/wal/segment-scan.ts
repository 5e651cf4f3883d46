import { CorruptFileError } from '../disk-error.ts';
import { readRecord, recordMagicBytes, segmentHeaderBytes } from './record.ts';
import type { ReadRecord, RecordFault } from './record.ts';

const sectorBytes = 512;

/**
 * Gives every record of a segment to `take`; returns where the sound part ends. Anything unsound in a segment that is
 * not the last, or in front of what had been synced later, is refused: see `isTorn`.
 */
export function scanSegment(
  file: string,
  bytes: Buffer,
  salt: number,
  isLast: boolean,
  take: (record: ReadRecord) => string | undefined,
): { end: number; fault: RecordFault | undefined } {
  let at = segmentHeaderBytes;
  while (at < bytes.length) {
    const record = readRecord(bytes, at, salt);
    if (typeof record === 'string') {
      if (!isLast) throw new CorruptFileError(file, at, `${faultText[record]}, and later segments follow`);
      refuseUnlessTorn(file, bytes, at, salt, record);
      return { end: at, fault: record };
    }
    const malformed = take(record);
    if (malformed !== undefined) throw new CorruptFileError(file, at, malformed);
    at = record.end;
  }
  return { end: at, fault: undefined };
}

export const faultText: Readonly<Record<RecordFault, string>> = {
  short: 'a record is cut off',
  'bad header': 'a record header is damaged',
  'bad checksum': 'a record does not match its checksum',
};

/**
 * A record is torn when a crash interrupted the write that carried it: then the file ends inside it, or a sector of it
 * was never written (reads as zeros). Later records of the same unsynced write may stand behind it, as disks reorder;
 * a record of a later write may not, since that began after this one had been synced and acknowledged.
 */
function refuseUnlessTorn(file: string, bytes: Buffer, at: number, salt: number, fault: RecordFault): void {
  const next = nextRecord(bytes, at + 1, salt);
  if (next !== undefined && next.record.unsyncedFrom > at) {
    throw new CorruptFileError(file, at, `${faultText[fault]}, and sound records follow at byte ${next.at}`);
  }
  if (next === undefined && fault === 'short') return;
  if (hasZeroSector(bytes, at, next?.at ?? bytes.length)) return;
  const what = next === undefined ? 'though the file is whole' : `and sound records follow at byte ${next.at}`;
  throw new CorruptFileError(file, at, `${faultText[fault]}, ${what}`);
}

/** The first sound record behind a bad one whose batch began later, or else the first sound one at all. */
function nextRecord(bytes: Buffer, from: number, salt: number): { at: number; record: ReadRecord } | undefined {
  let first: { at: number; record: ReadRecord } | undefined;
  for (let at = bytes.indexOf(recordMagicBytes, from); at >= 0;) {
    const record = readRecord(bytes, at, salt);
    if (typeof record !== 'string') {
      first ??= { at, record };
      if (record.unsyncedFrom >= from) return { at, record };
      at = bytes.indexOf(recordMagicBytes, record.end);
    } else {
      at = bytes.indexOf(recordMagicBytes, at + 1);
    }
  }
  return first;
}

/** Whether one of the sectors that [from, to) touches holds nothing but zeros there. */
function hasZeroSector(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to;) {
    const end = Math.min(to, at - (at % sectorBytes) + sectorBytes);
    if (bytes.subarray(at, end).every((byte) => byte === 0)) return true;
    at = end;
  }
  return false;
}

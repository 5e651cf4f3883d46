import { dirname } from 'node:path';
import { systemClock } from '../../../base/clock.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { systemRandom } from '../../../base/random.ts';
import type { Random } from '../../../base/random.ts';
import type { HardState } from '../../core/types.ts';
import { CorruptFileError, DiskError, WrongDataDirError } from '../disk-error.ts';
import { systemDisk } from '../disk.ts';
import type { Disk, DiskFile } from '../disk.ts';
import type { ReachFaultPoint } from '../fault-point.ts';
import type { SnapshotMark, WalMetadata } from './payload.ts';
import { decodeSegmentHeader, walFormatVersion } from './record.ts';
import type { SegmentHeader } from './record.ts';
import { WalReplay } from './replay.ts';
import type { WalState } from './replay.ts';
import { listSegments, syncDir } from './segment-files.ts';
import type { SegmentName } from './segment-files.ts';
import { faultText, scanSegment } from './segment-scan.ts';
import { createSegment, defaultSegmentBytes, Wal } from './wal.ts';
import type { DiskFault, WalOptions } from './wal.ts';

export interface OpenWalOptions {
  readonly dir: string;
  readonly metadata: WalMetadata;
  /** what a log that does not exist yet starts with */
  readonly initial: { readonly mark: SnapshotMark; readonly hardState: HardState };
  readonly fsync: boolean;
  readonly segmentBytes?: number;
  readonly diskFault?: DiskFault;
  readonly faultPoint?: ReachFaultPoint;
  /** default: this machine's */
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log: Log;
}

function writerOptions(options: OpenWalOptions): WalOptions {
  const { dir, fsync, segmentBytes = defaultSegmentBytes, diskFault, faultPoint } = options;
  const { disk = systemDisk, clock = systemClock, random = systemRandom } = options;
  return { dir, fsync, segmentBytes, diskFault, faultPoint, disk, clock, random };
}

export interface OpenedWal {
  readonly wal: Wal;
  readonly state: WalState;
  readonly created: boolean;
}

/** Opens the log or makes a new one; throws CorruptFileError, WrongDataDirError or DiskError. */
export async function openWal(options: OpenWalOptions): Promise<OpenedWal> {
  const { dir, fsync, disk = systemDisk } = options;
  let segments: SegmentName[];
  try {
    await disk.mkdir(dir);
    segments = await listSegments(disk, dir);
  } catch (error) {
    throw new DiskError('opening', dir, error);
  }
  if (segments.length === 0) {
    if (fsync) await syncDir(disk, dirname(dir));
    return createWal(options);
  }
  return readWal(options, disk, segments);
}

async function createWal(options: OpenWalOptions): Promise<OpenedWal> {
  const { metadata, initial } = options;
  const walOptions = writerOptions(options);
  const head = { metadata, mark: initial.mark, hardState: initial.hardState, lastIndex: initial.mark.index };
  const { segment, handle, salt, size } = await createSegment(walOptions, head, 1);
  const wal = new Wal(walOptions, head, [segment], { handle, salt, size, olderBytes: 0 });
  return { wal, state: { mark: initial.mark, hardState: initial.hardState, entries: [] }, created: true };
}

function checkedHeader(segment: SegmentName, bytes: Buffer): SegmentHeader {
  const header = decodeSegmentHeader(bytes);
  if (header === undefined) throw new CorruptFileError(segment.file, 0, 'the segment header is damaged');
  if (header.version > walFormatVersion) {
    throw new WrongDataDirError(
      `${segment.file} has format version ${header.version}, this program knows up to ${walFormatVersion}. ` +
        'It was written by a newer version: start the member with that one.',
    );
  }
  if (header.sequence !== segment.sequence || header.firstIndex !== segment.firstIndex) {
    throw new CorruptFileError(segment.file, 0, `the segment was renamed: it says sequence ${header.sequence}`);
  }
  return header;
}

async function readWal(options: OpenWalOptions, disk: Disk, segments: SegmentName[]): Promise<OpenedWal> {
  const oldest = segments[0]!;
  const replay = new WalReplay(options.metadata, oldest.firstIndex);
  const sizes = new Map<string, number>();
  let salt = 0;
  let size = 0;
  let unsynced: Buffer = Buffer.alloc(0);
  for (const [i, segment] of segments.entries()) {
    const expected = oldest.sequence + i;
    if (segment.sequence !== expected) {
      throw new CorruptFileError(segment.file, 0, `the segment before it, number ${expected}, is missing`);
    }
    const bytes = await disk.readFile(segment.file).catch((error: unknown) => {
      throw new DiskError('read', segment.file, error);
    });
    ({ salt } = checkedHeader(segment, bytes));
    const isLast = i === segments.length - 1;
    let unsyncedFrom = 0;
    const scan = scanSegment(segment.file, bytes, salt, isLast, (record) => {
      ({ unsyncedFrom } = record);
      return replay.take(record, segment.file);
    });
    unsynced = bytes.subarray(unsyncedFrom, scan.end);
    if (scan.fault !== undefined) {
      await truncateTail(disk, segment.file, scan.end);
      const fields = { file: segment.file, offset: scan.end, droppedBytes: bytes.length - scan.end };
      options.log.warn(
        fields,
        `repaired the log: ${faultText[scan.fault]} at its end, as after a crash; cut it off there`,
      );
    }
    size = scan.end;
    sizes.set(segment.file, size);
  }
  const state = replay.finish(oldest.file);
  const wal = await reopen(options, disk, segments, state, sizes, { salt, size, unsynced });
  return { wal, state, created: false };
}

async function truncateTail(disk: Disk, file: string, size: number): Promise<void> {
  try {
    const handle = await disk.open(file, 'r+');
    try {
      await handle.truncate(size);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new DiskError('truncation', file, error);
  }
}

async function reopen(
  options: OpenWalOptions,
  disk: Disk,
  segments: SegmentName[],
  state: WalState,
  sizes: ReadonlyMap<string, number>,
  { salt, size, unsynced }: { salt: number; size: number; unsynced: Buffer },
): Promise<Wal> {
  const { file } = segments.at(-1)!;
  const handle = await disk.open(file, 'r+').catch((error: unknown) => {
    throw new DiskError('opening', file, error);
  });
  if (options.fsync) {
    await makeDurable(disk, options.dir, file, handle, unsynced, size).catch(async (error: unknown) => {
      await handle.close().catch(() => {});
      throw error;
    });
  }
  let olderBytes = -size;
  for (const bytes of sizes.values()) olderBytes += bytes;
  const lastIndex = state.entries.at(-1)?.index ?? state.mark.logStart.index;
  const head = { metadata: options.metadata, mark: state.mark, hardState: state.hardState, lastIndex };
  const wal = new Wal(writerOptions(options), head, segments, { handle, salt, size, olderBytes });
  for (const [name, bytes] of sizes) wal.noteSegmentSize(name, bytes);
  return wal;
}

/**
 * What a crash left in the page cache may not be on disk yet, but is about to be relied on. The end of it, up to which
 * nothing says that it was synced, is written again: if a sync of it failed, the system has taken it for clean since, and
 * another sync would succeed without it. Names are synced for the same reason.
 */
async function makeDurable(
  disk: Disk,
  dir: string,
  file: string,
  handle: DiskFile,
  unsynced: Buffer,
  size: number,
): Promise<void> {
  try {
    for (let at = 0; at < unsynced.length;) {
      const { bytesWritten } = await handle.writev([unsynced.subarray(at)], size - unsynced.length + at);
      at += bytesWritten;
    }
    await handle.sync();
  } catch (error) {
    throw new DiskError('fsync', file, error);
  }
  await syncDir(disk, dir);
}

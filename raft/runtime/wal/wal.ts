import type { Clock } from '../../../base/clock.ts';
import { DurationHistogram } from '../../../base/duration-histogram.ts';
import type { Random } from '../../../base/random.ts';
import type { Entry, HardState, LogIndex } from '../../core/types.ts';
import { DiskError } from '../disk-error.ts';
import type { Disk, DiskFile } from '../disk.ts';
import type { RaftFaultPoint, ReachFaultPoint } from '../fault-point.ts';
import { encodeEntries, encodeHardState, encodeJson } from './payload.ts';
import type { SnapshotMark, WalMetadata } from './payload.ts';
import { encodeSegmentHeader, recordType, sealRecord, walFormatVersion } from './record.ts';
import type { RecordType } from './record.ts';
import { createDurably, segmentFile, syncDir } from './segment-files.ts';
import type { SegmentName } from './segment-files.ts';

export const defaultSegmentBytes = 16 * 1024 * 1024;
/** One write-and-sync carries at most about so much, so that the first that waits for it is not kept for long. */
const groupBytesMax = 16 * 1024 * 1024;
/** IOV_MAX of Linux */
const buffersPerWriteMax = 1024;

/** What one Ready asks to be made durable; written in this order. */
export interface WalWrite {
  readonly mark?: SnapshotMark;
  readonly entries: readonly Entry[];
  readonly hardState?: HardState;
}

interface Queued {
  readonly records: readonly { type: RecordType; bytes: Buffer }[];
  readonly size: number;
  readonly sync: boolean;
  readonly write: WalWrite;
  readonly done: () => void;
}

/** What a new segment repeats, so that older ones can be removed. */
export interface WalHead {
  readonly metadata: WalMetadata;
  mark: SnapshotMark;
  hardState: HardState;
  lastIndex: LogIndex;
}

export interface WalOptions {
  readonly dir: string;
  readonly segmentBytes: number;
  readonly fsync: boolean;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** For tests and fault injection: awaited before each operation; what it throws the disk is taken to have answered. */
  readonly diskFault?: DiskFault;
  readonly faultPoint?: ReachFaultPoint;
}

export type DiskFault = (operation: 'write' | 'fdatasync', file: string) => Promise<void> | undefined;

/**
 * The appending half of the log: one writer; whatever queues up while it waits for the disk goes out with its next
 * write and shares the sync. A failed write or sync ends it: nothing further is acknowledged, `failed` tells.
 */
export class Wal {
  readonly failed: Promise<DiskError>;
  readonly #options: WalOptions;
  readonly #head: WalHead;
  readonly #segments: SegmentName[];
  #handle: DiskFile;
  #salt: number;
  #size: number;
  /** offset from which the current segment is not synced */
  #unsyncedFrom: number;
  #olderBytes: number;
  #queue: Queued[] = [];
  #running: Promise<void> | undefined;
  #ended = false;
  #fail: (error: DiskError) => void = () => {};
  readonly #syncDurations = new DurationHistogram();
  #syncLastMs = 0;
  #syncMaxMs = 0;
  #syncs = 0;
  #groupStartedMs: number | undefined;

  constructor(
    options: WalOptions,
    head: WalHead,
    segments: SegmentName[],
    tail: { handle: DiskFile; salt: number; size: number; olderBytes: number },
  ) {
    this.#options = options;
    this.#head = head;
    this.#segments = segments;
    this.#handle = tail.handle;
    this.#salt = tail.salt;
    this.#size = tail.size;
    this.#unsyncedFrom = tail.size;
    this.#olderBytes = tail.olderBytes;
    this.failed = new Promise((resolve) => (this.#fail = resolve));
  }

  get bytes(): number {
    return this.#olderBytes + this.#size;
  }

  get mark(): SnapshotMark {
    return this.#head.mark;
  }

  /** how long the write and sync under way have taken until now; 0 where none is */
  get busyMs(): number {
    return this.#groupStartedMs === undefined ? 0 : this.#options.clock.monotonicMs() - this.#groupStartedMs;
  }

  get syncDurations(): DurationHistogram {
    return this.#syncDurations;
  }

  get syncStats(): { lastMs: number; maxMs: number; count: number } {
    return { lastMs: this.#syncLastMs, maxMs: this.#syncMaxMs, count: this.#syncs };
  }

  /** `done` is called, in the order of the calls, when this write (with `sync`: durably) and all before it are through. */
  append(write: WalWrite, sync: boolean, done: () => void): void {
    if (this.#ended) return;
    const records = recordsOf(write);
    const size = records.reduce((sum, record) => sum + record.bytes.length, 0);
    if (size === 0 && this.#running === undefined) {
      done();
      return;
    }
    this.#queue.push({ records, size, sync, write, done });
    this.#running ??= this.#run();
  }

  /** Removes segments that hold nothing above `index`; call it only when a mark that starts the log there is durable. */
  async releaseTo(index: LogIndex): Promise<void> {
    let removed = false;
    while (this.#segments.length > 1 && this.#segments[1]!.firstIndex <= index + 1) {
      const { file } = this.#segments.shift()!;
      try {
        const size = this.#sizes.get(file) ?? 0;
        await this.#options.disk.unlink(file);
        this.#sizes.delete(file);
        this.#olderBytes -= size;
        removed = true;
      } catch (error) {
        throw new DiskError('removal', file, error);
      }
    }
    if (removed && this.#options.fsync) await syncDir(this.#options.disk, this.#options.dir);
    if (removed) await this.#options.faultPoint?.('raftAfterWALRelease');
  }

  /** Finishes what is queued. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#ended = true;
    await this.#handle.close().catch(() => {});
  }

  /** As a crash would: what is queued is not written, nothing is acknowledged any more. */
  async abandon(): Promise<void> {
    this.#ended = true;
    this.#queue = [];
    while (this.#running !== undefined) await this.#running;
    await this.#handle.close().catch(() => {});
  }

  readonly #sizes = new Map<string, number>();

  noteSegmentSize(file: string, size: number): void {
    this.#sizes.set(file, size);
  }

  async #run(): Promise<void> {
    try {
      await Promise.resolve(); // writes of the same turn go out together
      while (this.#queue.length > 0) await this.#writeGroup(this.#takeGroup());
    } catch (error) {
      this.#ended = true;
      this.#queue = [];
      this.#fail(error instanceof DiskError ? error : new DiskError('write', this.#currentFile, error));
    } finally {
      this.#running = undefined;
    }
  }

  get #currentFile(): string {
    return this.#segments.at(-1)!.file;
  }

  #takeGroup(): Queued[] {
    let count = 0;
    for (let size = 0; count < this.#queue.length && (count === 0 || size < groupBytesMax); count++) {
      size += this.#queue[count]!.size;
    }
    return this.#queue.splice(0, count);
  }

  async #writeGroup(group: readonly Queued[]): Promise<void> {
    const buffers: Buffer[] = [];
    let sync = false;
    for (const queued of group) {
      sync ||= queued.sync;
      for (const { type, bytes } of queued.records) {
        sealRecord(bytes, type, this.#unsyncedFrom, this.#salt);
        buffers.push(bytes);
      }
    }
    this.#groupStartedMs = this.#options.clock.monotonicMs();
    if (this.#options.faultPoint !== undefined) await this.#pass('raftBeforeSave', 'write');
    await this.#writeAll(buffers);
    if (sync) await this.#sync();
    if (this.#options.faultPoint !== undefined) await this.#pass('raftAfterSave', 'write');
    for (const { write } of group) this.#remember(write);
    for (const { done } of group) if (!this.#ended) done();
    if (this.#size >= this.#options.segmentBytes && !this.#ended) await this.#roll();
    this.#groupStartedMs = undefined;
  }

  async #writeAll(buffers: Buffer[]): Promise<void> {
    const file = this.#currentFile;
    for (let from = 0; from < buffers.length; from += buffersPerWriteMax) {
      let rest = buffers.slice(from, from + buffersPerWriteMax);
      while (rest.length > 0) {
        let written: number;
        try {
          await this.#options.diskFault?.('write', file);
          ({ bytesWritten: written } = await this.#handle.writev(rest, this.#size));
        } catch (error) {
          throw new DiskError('write', file, error);
        }
        this.#size += written;
        rest = dropBytes(rest, written);
      }
    }
  }

  async #sync(): Promise<void> {
    if (this.#options.fsync) {
      const started = this.#options.clock.monotonicMs();
      try {
        await this.#options.diskFault?.('fdatasync', this.#currentFile);
        await this.#options.faultPoint?.('walBeforeSync');
        await this.#handle.datasync();
        await this.#options.faultPoint?.('walAfterSync');
      } catch (error) {
        throw new DiskError('fdatasync', this.#currentFile, error);
      }
      this.#syncLastMs = this.#options.clock.monotonicMs() - started;
      this.#syncMaxMs = Math.max(this.#syncMaxMs, this.#syncLastMs);
      this.#syncDurations.observe(this.#syncLastMs);
    }
    this.#syncs++;
    this.#unsyncedFrom = this.#size;
  }

  async #pass(point: RaftFaultPoint, operation: string): Promise<void> {
    try {
      await this.#options.faultPoint?.(point);
    } catch (error) {
      throw new DiskError(operation, this.#currentFile, error);
    }
  }

  #remember({ mark, entries, hardState }: WalWrite): void {
    if (mark !== undefined) {
      this.#head.mark = mark;
      if (mark.kind === 'reset') this.#head.lastIndex = mark.index;
    }
    if (hardState !== undefined) this.#head.hardState = hardState;
    const last = entries.at(-1);
    if (last !== undefined) this.#head.lastIndex = last.index;
  }

  async #roll(): Promise<void> {
    if (this.#unsyncedFrom < this.#size) await this.#sync();
    const full = this.#currentFile;
    const { segment, handle, salt, size } = await createSegment(
      this.#options,
      this.#head,
      this.#segments.at(-1)!.sequence + 1,
    );
    this.#sizes.set(full, this.#size);
    this.#olderBytes += this.#size;
    await this.#handle.close();
    this.#segments.push(segment);
    this.#handle = handle;
    this.#salt = salt;
    this.#size = size;
    this.#unsyncedFrom = size;
  }
}

function recordsOf({ mark, entries, hardState }: WalWrite): { type: RecordType; bytes: Buffer }[] {
  const records: { type: RecordType; bytes: Buffer }[] = [];
  if (mark !== undefined) records.push({ type: recordType.mark, bytes: encodeJson(mark) });
  for (const bytes of encodeEntries(entries)) records.push({ type: recordType.entries, bytes });
  if (hardState !== undefined) records.push({ type: recordType.hardState, bytes: encodeHardState(hardState) });
  return records;
}

function dropBytes(buffers: readonly Buffer[], count: number): Buffer[] {
  let left = count;
  for (const [i, buffer] of buffers.entries()) {
    if (left < buffer.length) return [buffer.subarray(left), ...buffers.slice(i + 1)];
    left -= buffer.length;
  }
  return [];
}

/** A segment is complete (header, metadata, mark, hard state) and durable before it gets its name. */
export async function createSegment(options: WalOptions, head: WalHead, sequence: number) {
  const salt = options.random.below(2 ** 32);
  const firstIndex = head.lastIndex + 1;
  const file = segmentFile(options.dir, sequence, firstIndex);
  const header = encodeSegmentHeader({ version: walFormatVersion, salt, sequence, firstIndex });
  const metadata = { type: recordType.metadata, bytes: encodeJson(head.metadata) };
  const records = [metadata, ...recordsOf({ mark: head.mark, entries: [], hardState: head.hardState })];
  for (const { type, bytes } of records) sealRecord(bytes, type, header.length, salt);
  const content = Buffer.concat([header, ...records.map((record) => record.bytes)]);
  const handle = await createDurably(options.disk, options.dir, file, content, options.fsync);
  return { segment: { file, sequence, firstIndex }, handle, salt, size: content.length };
}

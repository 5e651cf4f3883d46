import type { Entry, HardState, LogIndex } from '../../core/types.ts';
import { CorruptFileError, WrongDataDirError } from '../disk-error.ts';
import { decodeEntries, decodeHardState, decodeJson } from './payload.ts';
import type { SnapshotMark, WalMetadata } from './payload.ts';
import { recordType } from './record.ts';
import type { ReadRecord } from './record.ts';

/** What a log holds once all its records are read. */
export interface WalState {
  readonly mark: SnapshotMark;
  readonly hardState: HardState;
  /** those behind `mark.logStart`, without gaps */
  readonly entries: readonly Entry[];
}

/**
 * Takes the records in order and keeps what is in force. A later entry at an index drops those from there on.
 *
 *     records            entries 1..4@1   mark(cut 2)   entries 4..5@2
 *     in force           3@1 4@2 5@2, behind logStart 2
 */
export class WalReplay {
  readonly #expected: WalMetadata;
  #mark: SnapshotMark | undefined;
  #hardState: HardState = { term: 0, vote: '', commit: 0 };
  #entries: Entry[] = [];
  /** index before #entries[0] */
  #base: LogIndex;

  /** `firstIndex`: that of the oldest segment; what precedes it was cut off, which a mark must confirm in the end */
  constructor(expected: WalMetadata, firstIndex: LogIndex) {
    this.#expected = expected;
    this.#base = firstIndex - 1;
  }

  /** The name of what is malformed, or undefined. Throws WrongDataDirError. */
  take(record: ReadRecord, file: string): string | undefined {
    switch (record.type) {
      case recordType.metadata:
        return this.#takeMetadata(decodeJson(record.payload) as WalMetadata | undefined, file);
      case recordType.mark:
        return this.#takeMark(decodeJson(record.payload) as SnapshotMark | undefined);
      case recordType.hardState:
        return this.#takeHardState(decodeHardState(record.payload));
      case recordType.entries:
        return this.#takeEntries(decodeEntries(record.payload));
      default:
        return `a record of the unknown type ${record.type}`;
    }
  }

  #takeMetadata(metadata: WalMetadata | undefined, file: string): string | undefined {
    if (metadata === undefined) return 'malformed metadata';
    const { clusterId, nodeId } = this.#expected;
    if (metadata.clusterId !== clusterId) {
      throw new WrongDataDirError(
        `${file} belongs to cluster ${metadata.clusterId}, but this member is of cluster ${clusterId}. ` +
          'Name the data directory of this cluster, or an empty one for a new member.',
      );
    }
    if (metadata.nodeId !== nodeId) {
      throw new WrongDataDirError(
        `${file} belongs to member ${metadata.nodeId}, but this member is ${nodeId}. ` +
          'Two members must not share a data directory: name the one of this member.',
      );
    }
    return undefined;
  }

  #takeMark(mark: SnapshotMark | undefined): string | undefined {
    if (mark === undefined) return 'a malformed snapshot mark';
    // Each segment repeats the mark in force at its head; a reset must not void the entries that came since.
    if (this.#mark?.kind === mark.kind && this.#mark.index === mark.index) return undefined;
    this.#mark = mark;
    if (mark.kind === 'reset') {
      this.#entries = [];
      this.#base = Math.max(this.#base, mark.index);
    } else if (mark.logStart.index > this.#base) {
      this.#entries = this.#entries.slice(mark.logStart.index - this.#base);
      this.#base = mark.logStart.index;
    }
    return undefined;
  }

  #takeHardState(state: HardState | undefined): string | undefined {
    if (state === undefined) return 'a malformed hard state';
    this.#hardState = state;
    return undefined;
  }

  #takeEntries(entries: readonly Entry[] | undefined): string | undefined {
    if (entries === undefined) return 'malformed entries';
    for (const entry of entries) {
      if (entry.index <= this.#base) {
        this.#entries.length = 0;
        continue;
      }
      const position = entry.index - this.#base - 1;
      if (position > this.#entries.length) {
        return `entry ${entry.index} leaves a gap behind entry ${this.#base + this.#entries.length}`;
      }
      this.#entries.length = position;
      this.#entries.push(entry);
    }
    return undefined;
  }

  finish(oldestFile: string): WalState {
    const mark = this.#mark;
    if (mark === undefined) throw new CorruptFileError(oldestFile, 0, 'the log has no snapshot mark');
    if (mark.logStart.index < this.#base) {
      const what = `the log should start behind entry ${mark.logStart.index}: an older segment is missing`;
      throw new CorruptFileError(oldestFile, 0, what);
    }
    return { mark, hardState: this.#hardState, entries: this.#entries };
  }
}

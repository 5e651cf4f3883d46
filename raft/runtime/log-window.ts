import { totalBytes } from '../core/entry.ts';
import { MemoryStorage } from '../core/memory-storage.ts';
import type { ConfState, Entry, HardState, LogIndex, LogStorage, SnapshotMeta, Term } from '../core/types.ts';
import type { SnapshotMark } from './wal/payload.ts';

/**
 * The durable part of the log, as the core reads it: in memory, a copy of what the write-ahead log holds. The state
 * machine can be asked for a snapshot at any time, so what is offered to followers is whatever has been applied.
 */
export class LogWindow implements LogStorage {
  readonly #storage = new MemoryStorage();
  readonly #offered: () => SnapshotMeta | undefined;
  #bytes = 0;

  constructor(mark: SnapshotMark, hardState: HardState, entries: readonly Entry[], offered: LogWindow['snapshot']) {
    this.#storage.applySnapshot({ ...mark.logStart, confState: mark.confState });
    this.#storage.setConfState(mark.confState);
    this.#storage.setHardState(hardState);
    this.#offered = offered;
    this.append(entries);
  }

  /** of the entries held */
  get bytes(): number {
    return this.#bytes;
  }

  initialState(): { hardState: HardState; confState: ConfState } {
    return this.#storage.initialState();
  }

  firstIndex(): LogIndex {
    return this.#storage.firstIndex();
  }

  lastIndex(): LogIndex {
    return this.#storage.lastIndex();
  }

  term(index: LogIndex): Term {
    return this.#storage.term(index);
  }

  entries(low: LogIndex, high: LogIndex, maxBytes: number): readonly Entry[] {
    return this.#storage.entries(low, high, maxBytes);
  }

  snapshot(): SnapshotMeta | undefined {
    return this.#offered();
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0]?.index;
    if (first === undefined) return;
    const end = this.lastIndex() + 1;
    if (first < end) this.#bytes -= this.#bytesOf(Math.max(first, this.firstIndex()), end);
    this.#storage.append(entries);
    this.#bytes += totalBytes(entries);
  }

  /** Cuts the log up to and with `index`. */
  compact(index: LogIndex): void {
    if (index < this.firstIndex()) return;
    this.#bytes -= this.#bytesOf(this.firstIndex(), index + 1);
    this.#storage.compact(index);
  }

  /** The log restarts behind a snapshot. */
  reset(snapshot: SnapshotMeta): void {
    this.#storage.applySnapshot(snapshot);
    this.#bytes = this.#bytesOf(this.firstIndex(), this.lastIndex() + 1);
  }

  /** The index up to which to cut so that at most `bytesMax` stay behind it, at least `low`, at most `high`. */
  cutKeeping(bytesMax: number, low: LogIndex, high: LogIndex): LogIndex {
    let cut = this.lastIndex();
    for (let bytes = 0; cut > low; cut--) {
      bytes += cut >= this.firstIndex() ? this.#bytesOf(cut, cut + 1) : 0;
      if (bytes > bytesMax) break;
    }
    return Math.min(Math.max(cut, low), high);
  }

  #bytesOf(low: LogIndex, high: LogIndex): number {
    return low < high ? totalBytes(this.#storage.entries(low, high, Infinity)) : 0;
  }
}

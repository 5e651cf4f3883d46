import { emptyData, limitBytes } from './entry.ts';
import { LogCompactedError, LogCorruptionError, LogUnavailableError } from './errors.ts';
import type { ConfState, Entry, HardState, LogIndex, LogStorage, SnapshotMeta, Term } from './types.ts';

export const emptyConfState: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/**
 * A log in memory. `#entries[0]` stands for the last entry that was cut off, of which only index and term are known:
 *
 *     index   5    6  7  8
 *            (t2)  t2 t3 t3      firstIndex 6, lastIndex 8, term(5) = t2
 */
export class MemoryStorage implements LogStorage {
  #entries: Entry[] = [{ index: 0, term: 0, type: 'normal', data: emptyData }];
  #snapshot: SnapshotMeta | undefined;
  #hardState: HardState = { term: 0, vote: '', commit: 0 };
  #confState: ConfState;

  constructor(confState: ConfState = emptyConfState) {
    this.#confState = confState;
  }

  initialState(): { hardState: HardState; confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#confState };
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /** The configuration in force at the index a restarted core is told is applied. */
  setConfState(confState: ConfState): void {
    this.#confState = confState;
  }

  firstIndex(): LogIndex {
    return this.#entries[0]!.index + 1;
  }

  lastIndex(): LogIndex {
    return this.#entries.at(-1)!.index;
  }

  term(index: LogIndex): Term {
    const base = this.#entries[0]!.index;
    if (index < base) throw new LogCompactedError(`term of entry ${index}: the log begins after ${base}`);
    const entry = this.#entries[index - base];
    if (!entry) throw new LogUnavailableError(`term of entry ${index}: the log ends at ${this.lastIndex()}`);
    return entry.term;
  }

  entries(low: LogIndex, high: LogIndex, maxBytes: number): readonly Entry[] {
    const base = this.#entries[0]!.index;
    if (low <= base) throw new LogCompactedError(`entries from ${low}: the log begins after ${base}`);
    if (high > this.lastIndex() + 1) {
      throw new LogUnavailableError(`entries up to ${high - 1}: the log ends at ${this.lastIndex()}`);
    }
    return limitBytes(this.#entries.slice(low - base, high - base), maxBytes);
  }

  snapshot(): SnapshotMeta | undefined {
    return this.#snapshot;
  }

  /** Appends, dropping what was there from the first new entry's index on. Entries that are cut off already are ignored. */
  append(entries: readonly Entry[]): void {
    const base = this.#entries[0]!.index;
    const fresh = entries[0] && entries[0].index <= base ? entries.filter((entry) => entry.index > base) : entries;
    const first = fresh[0]?.index;
    if (first === undefined) return;
    if (first > this.lastIndex() + 1) {
      throw new LogCorruptionError(`entry ${first} would leave a gap after ${this.lastIndex()}`);
    }
    this.#entries.length = first - base;
    for (const entry of fresh) this.#entries.push(entry);
  }

  /** A snapshot of our own state that followers may be offered; cuts nothing. */
  setSnapshot(snapshot: SnapshotMeta): void {
    if (!this.#snapshot || snapshot.index >= this.#snapshot.index) this.#snapshot = snapshot;
  }

  /** Cuts the log up to and with `index`. */
  compact(index: LogIndex): void {
    const base = this.#entries[0]!.index;
    if (index <= base) return;
    const last = this.#entries[index - base];
    if (!last) throw new LogUnavailableError(`compaction at ${index}: the log ends at ${this.lastIndex()}`);
    this.#entries = [{ ...last, data: emptyData }, ...this.#entries.slice(index - base + 1)];
  }

  /** The state was replaced by a snapshot: the log restarts behind it. An older snapshot than ours is ignored. */
  applySnapshot(snapshot: SnapshotMeta): void {
    if (snapshot.index <= this.#entries[0]!.index) return;
    this.#entries = [{ index: snapshot.index, term: snapshot.term, type: 'normal', data: emptyData }];
    this.#snapshot = snapshot;
    this.#confState = snapshot.confState;
  }
}

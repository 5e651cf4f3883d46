import { entryBytes, limitBytes, totalBytes } from '../entry.ts';
import { LogCompactedError, LogCorruptionError, LogUnavailableError } from '../errors.ts';
import type { Entry, LogIndex, LogStorage, SnapshotMeta, Term } from '../types.ts';
import { Unstable } from './unstable.ts';

/**
 * The whole log: stored entries, then those still on their way to the disk.
 *
 *     snapshot | first ... applied ... handedOut ... committed ... last
 *
 * Invariants: applied <= handedOut <= committed <= lastIndex; committed never goes back; no committed entry is ever
 * overwritten; nothing above `stableIndex` is handed out.
 */
export class RaftLog {
  readonly unstable: Unstable;
  committed: LogIndex;
  applied: LogIndex;
  readonly #storage: LogStorage;
  readonly #maxHandedOutBytes: number;
  /** committed entries handed out and not yet applied, oldest first */
  #batches: { last: LogIndex; bytes: number }[] = [];
  #handedOut: LogIndex;
  #handedOutBytes = 0;

  constructor(storage: LogStorage, committed: LogIndex, applied: LogIndex, maxHandedOutBytes: number) {
    this.#storage = storage;
    this.unstable = new Unstable(storage.lastIndex() + 1);
    // The commit index is written without fsync, so after a crash the state machine may know better.
    this.committed = Math.max(committed, applied, storage.firstIndex() - 1);
    this.applied = Math.max(applied, storage.firstIndex() - 1);
    this.#handedOut = this.applied;
    this.#maxHandedOutBytes = maxHandedOutBytes;
    if (this.committed > storage.lastIndex()) {
      throw new LogCorruptionError(
        `the log ends at ${storage.lastIndex()}, but ${this.committed} is committed: the log was truncated or lost; ` +
          'remove this member and add it anew',
      );
    }
  }

  get firstIndex(): LogIndex {
    return this.unstable.snapshot ? this.unstable.snapshot.index + 1 : this.#storage.firstIndex();
  }

  get lastIndex(): LogIndex {
    return this.unstable.end - 1;
  }

  /** all up to here is on our own disk */
  get stableIndex(): LogIndex {
    return this.unstable.offset - 1;
  }

  get lastTerm(): Term {
    return this.termAt(this.lastIndex) ?? 0;
  }

  /** undefined where the log does not (or no longer) reach */
  termAt(index: LogIndex): Term | undefined {
    const term = this.unstable.termAt(index);
    if (term !== undefined) return term;
    if (index < this.firstIndex - 1 || index > this.lastIndex) return undefined;
    return ifAvailable(() => this.#storage.term(index));
  }

  matchTerm(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Section 5.4.1: a later last term wins, then the longer log. */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** Entries from `low` on, about `maxBytes` of them and at least one; undefined when they have been compacted. */
  entriesFrom(low: LogIndex, maxBytes: number, end: LogIndex = this.unstable.end): readonly Entry[] | undefined {
    if (low >= end) return [];
    if (low < this.firstIndex) return undefined;
    const { offset } = this.unstable;
    if (low >= offset) return limitBytes(this.unstable.entries.slice(low - offset, end - offset), maxBytes);
    const storedEnd = Math.min(end, offset);
    const stored = ifAvailable(() => this.#storage.entries(low, storedEnd, maxBytes));
    if (stored === undefined || stored.length < storedEnd - low || end <= offset) return stored;
    const room = maxBytes - totalBytes(stored);
    const next = this.unstable.entries[0];
    if (!next || entryBytes(next) > room) return stored;
    return [...stored, ...limitBytes(this.unstable.entries.slice(0, end - offset), room)];
  }

  /** The newest snapshot to offer to a follower, or undefined while there is none. */
  snapshot(): SnapshotMeta | undefined {
    return this.unstable.snapshot ?? this.#storage.snapshot();
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0]?.index;
    if (first === undefined) return;
    if (first <= this.committed) {
      throw new LogCorruptionError(
        `entry ${first} would overwrite the committed log (committed up to ${this.committed})`,
      );
    }
    this.unstable.truncateAndAppend(entries);
  }

  /**
   * Appends what a leader sent after (prevIndex, prevTerm), keeping entries that are there already (section 5.3).
   * Returns the index of the last of them, or undefined where the logs do not match at prevIndex.
   */
  maybeAppend(prevIndex: LogIndex, prevTerm: Term, commit: LogIndex, entries: readonly Entry[]): LogIndex | undefined {
    if (!this.matchTerm(prevIndex, prevTerm)) return undefined;
    const lastNew = prevIndex + entries.length;
    const conflict = entries.findIndex((entry) => !this.matchTerm(entry.index, entry.term));
    if (conflict >= 0) this.append(entries.slice(conflict));
    this.commitTo(Math.min(commit, lastNew));
    return lastNew;
  }

  /** The last index at or before `index` whose term is at most `term`: where two logs may still agree (see replication). */
  findConflictByTerm(index: LogIndex, term: Term): { index: LogIndex; term: Term } {
    let at = Math.min(index, this.lastIndex);
    for (; at > 0; at--) {
      const ours = this.termAt(at);
      if (ours === undefined) return { index: at, term: 0 };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: 0, term: 0 };
  }

  commitTo(index: LogIndex): void {
    if (index <= this.committed) return;
    if (index > this.lastIndex) {
      throw new LogCorruptionError(
        `the leader says ${index} is committed and was acknowledged here, but the log ends at ${this.lastIndex}: ` +
          'the log was truncated or lost; remove this member and add it anew',
      );
    }
    this.committed = index;
  }

  /** Section 5.4.2: only an entry of the leader's own term is committed by counting; those before it come along. */
  maybeCommit(index: LogIndex, term: Term): boolean {
    if (index <= this.committed || !this.matchTerm(index, term)) return false;
    this.commitTo(index);
    return true;
  }

  hasNextCommitted(): boolean {
    if (this.unstable.snapshot || this.#handedOutBytes >= this.#maxHandedOutBytes) return false;
    return this.#handedOut < Math.min(this.committed, this.stableIndex);
  }

  /** Committed entries to apply: durable here, in order, each once; what is handed out and unapplied stays bounded. */
  handOutCommitted(): readonly Entry[] {
    if (!this.hasNextCommitted()) return [];
    const end = Math.min(this.committed, this.stableIndex) + 1;
    const entries = this.entriesFrom(this.#handedOut + 1, this.#maxHandedOutBytes - this.#handedOutBytes, end);
    const last = entries?.at(-1);
    if (!entries || !last) throw new LogCorruptionError(`committed entry ${this.#handedOut + 1} is not in the log`);
    const bytes = totalBytes(entries);
    this.#batches.push({ last: last.index, bytes });
    this.#handedOutBytes += bytes;
    this.#handedOut = last.index;
    return entries;
  }

  appliedTo(index: LogIndex): void {
    if (index <= this.applied) return;
    this.applied = index;
    this.#handedOut = Math.max(this.#handedOut, index);
    while (this.#batches[0] && this.#batches[0].last <= index) this.#handedOutBytes -= this.#batches.shift()!.bytes;
  }

  restore(snapshot: SnapshotMeta): void {
    this.committed = snapshot.index;
    this.unstable.restore(snapshot);
  }

  /** Whether a committed entry that is not yet applied satisfies `matches`. Read in pages, to keep memory bounded. */
  someUnapplied(matches: (entry: Entry) => boolean, pageBytes: number): boolean {
    let low = Math.max(this.applied + 1, this.firstIndex);
    while (low <= this.committed) {
      const page = this.entriesFrom(low, pageBytes, this.committed + 1);
      if (!page || page.length === 0) return false;
      if (page.some(matches)) return true;
      low += page.length;
    }
    return false;
  }
}

/** A driver may compact its storage at any time, also between our look at firstIndex and the read. */
function ifAvailable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LogCompactedError || error instanceof LogUnavailableError) return undefined;
    throw error;
  }
}

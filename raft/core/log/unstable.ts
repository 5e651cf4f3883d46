import type { Entry, LogIndex, SnapshotMeta, Term } from '../types.ts';

/** One Ready's entries on their way to the disk. */
interface Write {
  readonly index: LogIndex;
  readonly term: Term;
  /** what of the write is still part of the log: lowered when a later append overwrites its tail */
  validTo: LogIndex;
}

/**
 * The tail of the log that is not known to be on disk.
 *
 *     storage        | unstable.entries
 *     1  2  3  4  5  |  6   7   8   9
 *                    offset=6   handedOutTo=8: 6 and 7 are being written, 8 and 9 wait for the next Ready
 *
 * Invariants: entries[i].index === offset + i; offset <= handedOutTo <= offset + entries.length.
 *
 * The A-B-A race: 6@1 is handed out, overwritten by 6@2, and that by 6@1 again, while the disk has finished only the
 * first write. Index and term of that acknowledgement equal those of the current entry, yet the write of 6@2 will undo
 * it. So each write remembers how much of it is still valid, and acknowledgements consume writes in their order.
 */
export class Unstable {
  offset: LogIndex;
  entries: Entry[] = [];
  snapshot: SnapshotMeta | undefined;
  #handedOutTo: LogIndex;
  #snapshotHandedOut = false;
  #writes: Write[] = [];

  constructor(offset: LogIndex) {
    this.offset = offset;
    this.#handedOutTo = offset;
  }

  /** index after the last entry held here */
  get end(): LogIndex {
    return this.offset + this.entries.length;
  }

  termAt(index: LogIndex): Term | undefined {
    if (index >= this.offset) return this.entries[index - this.offset]?.term;
    return this.snapshot?.index === index ? this.snapshot.term : undefined;
  }

  hasNext(): boolean {
    return this.#handedOutTo < this.end || (this.snapshot !== undefined && !this.#snapshotHandedOut);
  }

  /** What no Ready has carried yet; from now on it counts as being written. */
  handOut(): { entries: readonly Entry[]; snapshot: SnapshotMeta | undefined } {
    const entries = this.entries.slice(this.#handedOutTo - this.offset);
    const snapshot = this.#snapshotHandedOut ? undefined : this.snapshot;
    if (snapshot) this.#snapshotHandedOut = true;
    const last = entries.at(-1);
    if (last) this.#writes.push({ index: last.index, term: last.term, validTo: last.index });
    this.#handedOutTo = this.end;
    return { entries, snapshot };
  }

  /** Appends, dropping whatever was there from the first new entry's index on. */
  truncateAndAppend(entries: readonly Entry[]): void {
    const from = entries[0]?.index;
    if (from === undefined) return;
    if (from < this.end) this.#invalidateFrom(from);
    if (from <= this.offset) {
      this.offset = from;
      this.entries = [...entries];
    } else {
      this.entries.length = from - this.offset;
      for (const entry of entries) this.entries.push(entry);
    }
    this.#handedOutTo = Math.min(this.#handedOutTo, from);
  }

  /** The write that ended in (index, term) is on disk. Returns whether anything became stable by it. */
  acknowledge(index: LogIndex, term: Term): boolean {
    const position = this.#writes.findIndex((write) => write.index === index && write.term === term);
    if (position < 0) return false;
    let stable = 0;
    for (const write of this.#writes.splice(0, position + 1)) stable = Math.max(stable, write.validTo);
    if (stable < this.offset) return false;
    this.entries = this.entries.slice(stable + 1 - this.offset);
    this.offset = stable + 1;
    this.#handedOutTo = Math.max(this.#handedOutTo, this.offset);
    return true;
  }

  restore(snapshot: SnapshotMeta): void {
    this.#invalidateFrom(1);
    this.snapshot = snapshot;
    this.#snapshotHandedOut = false;
    this.entries = [];
    this.offset = snapshot.index + 1;
    this.#handedOutTo = this.offset;
  }

  snapshotStable(index: LogIndex): boolean {
    if (this.snapshot?.index !== index) return false;
    this.snapshot = undefined;
    this.#snapshotHandedOut = false;
    return true;
  }

  #invalidateFrom(index: LogIndex): void {
    for (const write of this.#writes) write.validTo = Math.min(write.validTo, index - 1);
  }
}

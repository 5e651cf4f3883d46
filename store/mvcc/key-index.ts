import { assert } from '../../base/assert.ts';
import { KeyEntry } from './key-entry.ts';
import type { KeyName } from './key-name.ts';
import { noPosition } from './record-log.ts';
import type { Position, RecordLog } from './record-log.ts';

/** a run of neighbouring keys */
interface Chunk {
  readonly entries: KeyEntry[];
  /** entries whose newest record is no tombstone */
  live: number;
}

const chunkSizeMax = 512;

/**
 * Keys in order, as a list of sorted chunks: point access by a map, ranges and counts by whole chunks. Of each key it
 * knows the records that may still be asked for, oldest first. A tombstone (version 0) ends a generation:
 *
 *     put x (rev 2), put x (3), delete x (5), put x (8):
 *     modRevision   2  3  5  8
 *     version       1  2  0  1      at revision 4: the value of 3; at 5, 6, 7: nothing; from 8 on: the value of 8
 *     created       2  2  0  8
 */
export class KeyIndex {
  readonly #log: RecordLog;
  readonly #byName = new Map<KeyName, KeyEntry>();
  #chunks: Chunk[] = [];
  #live = 0;

  constructor(log: RecordLog) {
    this.#log = log;
  }

  /** keys that exist now */
  get liveCount(): number {
    return this.#live;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: KeyName): KeyEntry | undefined {
    return this.#byName.get(name);
  }

  isLive(entry: KeyEntry): boolean {
    return this.#log.version(entry.last) !== 0;
  }

  /** the newest record, if it is no tombstone; else -1 */
  latest(entry: KeyEntry): Position {
    return this.isLive(entry) ? entry.last : noPosition;
  }

  /** place of the newest record that is not newer than `revision`; -1: none */
  placeAt(entry: KeyEntry, revision: number): number {
    let low = 0;
    let high = entry.count;
    if (high > 0 && this.#log.modRevision(entry.last) <= revision) return high - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log.modRevision(entry.at(middle)) <= revision) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** the record in force at `revision`; -1: none */
  positionAt(entry: KeyEntry, revision: number): Position {
    const place = this.placeAt(entry, revision);
    if (place < 0) return noPosition;
    const position = entry.at(place);
    return this.#log.version(position) === 0 ? noPosition : position;
  }

  /** the value that a record took the place of; -1: none */
  positionBefore(entry: KeyEntry, position: Position): Position {
    let place = this.placeAt(entry, this.#log.modRevision(position));
    // a transaction may change a key more than once
    while (place >= 0 && entry.at(place) !== position) place--;
    if (place <= 0) return noPosition;
    const before = entry.at(place - 1);
    return this.#log.version(before) === 0 ? noPosition : before;
  }

  /** Adds a record that is newer than all others of the key `name`; `entry`: what `get` says of it. */
  append(name: KeyName, entry: KeyEntry | undefined, position: Position): void {
    const isLive = this.#log.version(position) !== 0;
    if (entry === undefined) {
      this.#insert(new KeyEntry(name, position), isLive);
      return;
    }
    const wasLive = this.isLive(entry);
    entry.add(position);
    if (isLive !== wasLive) this.#countLive(entry, isLive ? 1 : -1);
  }

  /** Takes out an entry that has no records left. */
  remove(entry: KeyEntry): void {
    assert(entry.count === 0, 'only an empty entry may leave the index');
    const at = this.#chunkOf(entry.name);
    const chunk = this.#chunks[at]!;
    const place = lowerBound(chunk.entries, entry.name);
    assert(chunk.entries[place] === entry, 'an entry is in the chunk that its name leads to');
    chunk.entries.splice(place, 1);
    if (chunk.entries.length === 0) this.#chunks.splice(at, 1);
    this.#byName.delete(entry.name);
  }

  /** Visits the entries of [start, end) in order, dead ones too, until `visit` returns false. */
  visit(start: KeyName, end: KeyName | undefined, visit: (entry: KeyEntry) => boolean): void {
    if (this.#chunks.length === 0) return;
    let at = this.#chunkOf(start);
    let place = lowerBound(this.#chunks[at]!.entries, start);
    for (; at < this.#chunks.length; at++, place = 0) {
      const { entries } = this.#chunks[at]!;
      for (; place < entries.length; place++) {
        const entry = entries[place]!;
        if (end !== undefined && entry.name >= end) return;
        if (!visit(entry)) return;
      }
    }
  }

  /** how many keys of [start, end) exist now */
  countLive(start: KeyName, end: KeyName | undefined): number {
    if (this.#chunks.length === 0) return 0;
    let count = 0;
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const { entries, live } = this.#chunks[at]!;
      if (end !== undefined && entries[0]!.name >= end) break;
      const whole = entries[0]!.name >= start && (end === undefined || entries[entries.length - 1]!.name < end);
      if (whole) {
        count += live;
        continue;
      }
      for (let place = lowerBound(entries, start); place < entries.length; place++) {
        const entry = entries[place]!;
        if (end !== undefined && entry.name >= end) break;
        if (this.isLive(entry)) count++;
      }
    }
    return count;
  }

  #insert(entry: KeyEntry, isLive: boolean): void {
    this.#byName.set(entry.name, entry);
    const live = Number(isLive);
    this.#live += live;
    if (this.#chunks.length === 0) {
      this.#chunks.push({ entries: [entry], live });
      return;
    }
    const at = this.#chunkOf(entry.name);
    const chunk = this.#chunks[at]!;
    chunk.entries.splice(lowerBound(chunk.entries, entry.name), 0, entry);
    chunk.live += live;
    if (chunk.entries.length > chunkSizeMax) this.#split(at);
  }

  #split(at: number): void {
    const chunk = this.#chunks[at]!;
    // keys that come in rising order leave full chunks behind
    const last = at === this.#chunks.length - 1;
    const upper = chunk.entries.splice(last ? chunk.entries.length - 32 : chunk.entries.length >>> 1);
    let live = 0;
    for (const entry of upper) if (this.isLive(entry)) live++;
    chunk.live -= live;
    this.#chunks.splice(at + 1, 0, { entries: upper, live });
  }

  #countLive(entry: KeyEntry, by: 1 | -1): void {
    this.#live += by;
    this.#chunks[this.#chunkOf(entry.name)]!.live += by;
  }

  /** the last chunk that begins at or before `name` (the first one where none does) */
  #chunkOf(name: KeyName): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]!.entries[0]!.name <= name) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function lowerBound(entries: readonly KeyEntry[], name: KeyName): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

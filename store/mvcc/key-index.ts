import { assert } from '../../base/assert.ts';
import { chunkSizeMax, KeyChunk } from './key-chunk.ts';
import { noKey, KeyTable } from './key-table.ts';
import type { KeyId } from './key-table.ts';
import type { KeyName } from './key-name.ts';
import { noPosition } from './record-log.ts';
import type { Keeper, Position, RecordLog } from './record-log.ts';

/** left for what comes between, where keys come in rising order */
const splitRest = 32;

/**
 * Keys in order, as a list of sorted chunks: point access by a table, ranges and counts by whole chunks. Each key has its
 * records, oldest first, as a chain in the log. A tombstone (version 0) ends a generation:
 *
 *     put x (rev 2), put x (3), delete x (5), put x (8):
 *     modRevision   2  3  5  8
 *     version       1  2  0  1      at revision 4: the value of 3; at 5, 6, 7: nothing; from 8 on: the value of 8
 *     created       2  2  0  8
 */
export class KeyIndex implements Keeper {
  readonly #log: RecordLog;
  readonly #table: KeyTable;
  readonly #chunks: KeyChunk[] = [];
  #live = 0;

  constructor(log: RecordLog) {
    this.#log = log;
    this.#table = new KeyTable(log);
  }

  /** keys that exist now */
  get liveCount(): number {
    return this.#live;
  }

  get size(): number {
    return this.#table.size;
  }

  /** -1: no record of it is kept */
  find(name: KeyName): KeyId {
    return this.#table.find(name);
  }

  /** the newest record, which may be a tombstone */
  newest(id: KeyId): Position {
    return this.#table.newest(id);
  }

  isLive(id: KeyId): boolean {
    return this.#log.version(this.#table.newest(id)) !== 0;
  }

  /** the newest record, if it is no tombstone; else -1 */
  latest(id: KeyId): Position {
    const newest = this.#table.newest(id);
    return this.#log.version(newest) === 0 ? noPosition : newest;
  }

  /** the newest record that is not newer than `revision`; -1: none. Nothing below the compaction may be asked for. */
  newestUpTo(id: KeyId, revision: number): Position {
    const log = this.#log;
    let at = this.#table.newest(id);
    while (at !== noPosition && log.modRevision(at) > revision) {
      const leap = log.leapBack(at);
      at = log.previous(log.modRevision(leap) > revision ? leap : at);
    }
    return at;
  }

  /** the record in force at `revision`; -1: none */
  positionAt(id: KeyId, revision: number): Position {
    const position = this.newestUpTo(id, revision);
    return position === noPosition || this.#log.version(position) === 0 ? noPosition : position;
  }

  /** Adds a record that is newer than all others of the key `name`; `id`: what `find` says of it. */
  append(name: KeyName, id: KeyId, position: Position): void {
    const isLive = this.#log.version(position) !== 0;
    if (id === noKey) {
      this.#insert(name, this.#table.add(name, position), Number(isLive));
      return;
    }
    const wasLive = this.isLive(id);
    this.#table.setNewest(id, position);
    if (isLive === wasLive) return;
    const by = isLive ? 1 : -1;
    this.#live += by;
    this.#chunks[this.#chunkOf(name)]!.live += by;
  }

  /** Takes out a key whose last record, a tombstone, is about to be dropped. */
  remove(id: KeyId): void {
    assert(!this.isLive(id), 'only a key that was deleted may leave the index');
    const name = this.#log.name(this.#table.newest(id));
    const at = this.#chunkOf(name);
    const chunk = this.#chunks[at]!;
    const place = chunk.lowerBound(name);
    assert(chunk.at(place) === id, 'a key is in the chunk that its name leads to');
    chunk.remove(place);
    if (chunk.count === 0) this.#chunks.splice(at, 1);
    if (at === 0 && this.#chunks.length > 0) this.#chunks[0]!.start = '';
    this.#table.remove(id);
  }

  /** A record that is not the newest of its key is about to be dropped: the one after it forgets it. */
  unlink(id: KeyId, position: Position): void {
    this.#log.forgetPrevious(this.#after(id, position));
  }

  moved(from: Position, to: Position): void {
    const id = this.#table.find(this.#log.name(from));
    if (this.#table.newest(id) === from) this.#table.setNewest(id, to);
    else this.#log.setPrevious(this.#after(id, from), to);
  }

  /** Visits the keys of [start, end) in order, deleted ones too, until `visit` returns false. */
  visit(start: KeyName, end: KeyName | undefined, visit: (id: KeyId) => boolean): void {
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at]!;
      if (end !== undefined && chunk.start >= end) return;
      const to = this.#isBefore(at, end) ? chunk.count : chunk.lowerBound(end!);
      let place = chunk.start >= start ? 0 : chunk.lowerBound(start);
      for (; place < to; place++) if (!visit(chunk.at(place))) return;
    }
  }

  /** how many keys of [start, end) exist now */
  countLive(start: KeyName, end: KeyName | undefined): number {
    let count = 0;
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at]!;
      if (end !== undefined && chunk.start >= end) break;
      const before = this.#isBefore(at, end);
      if (before && chunk.start >= start) {
        count += chunk.live;
        continue;
      }
      count += chunk.countLive(chunk.lowerBound(start), before ? chunk.count : chunk.lowerBound(end!));
    }
    return count;
  }

  /** whether all of a chunk comes before `end`; false: unknown */
  #isBefore(at: number, end: KeyName | undefined): boolean {
    if (end === undefined) return true;
    const next = this.#chunks[at + 1];
    return next !== undefined && next.start <= end;
  }

  /** the record of a key that has `position` before it */
  #after(id: KeyId, position: Position): Position {
    const log = this.#log;
    const oldestBeside = log.leapBack(position);
    let at = this.#table.newest(id);
    for (;;) {
      assert(at !== noPosition, 'a record that is kept, and is not the newest, has one after it');
      const before = log.previous(at);
      if (before === position) return at;
      const leap = log.leapBack(at);
      // within the segment of the one that is looked for step by step, else from segment to segment
      if (leap === oldestBeside) at = before;
      else if (log.previous(leap) === position) return leap;
      else at = log.previous(leap);
    }
  }

  #insert(name: KeyName, id: KeyId, live: number): void {
    this.#live += live;
    if (this.#chunks.length === 0) this.#chunks.push(new KeyChunk(this.#log, this.#table, ''));
    const at = this.#chunkOf(name);
    let chunk = this.#chunks[at]!;
    if (chunk.count === chunkSizeMax) {
      // keys that come in rising order leave full chunks behind
      const place = at === this.#chunks.length - 1 ? chunk.count - splitRest : chunk.count >>> 1;
      const upper = chunk.split(place);
      this.#chunks.splice(at + 1, 0, upper);
      if (name >= upper.start) chunk = upper;
    }
    chunk.insert(name, id);
    chunk.live += live;
  }

  /** the last chunk that starts at or before `name` (the first one where none does) */
  #chunkOf(name: KeyName): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]!.start <= name) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

import { assert } from '../../base/assert.ts';
import type { KeyName } from './key-name.ts';
import { noPosition } from './record-log.ts';
import type { Position, RecordLog } from './record-log.ts';

/** Number of a key in its table; free again once the key is removed. */
export type KeyId = number;
export const noKey: KeyId = -1;

const sizeMin = 16;

function hashOf(name: KeyName): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  // the low bits choose the place
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}

/** `from` with twice the room */
function grown(from: Uint32Array): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}

/**
 * Keys by name, and where the newest record of each is. It holds no names: they stand in the records. Open addressing,
 * so that a million keys are three arrays outside the JavaScript heap:
 *
 *     put b, put a, put c; the hash of b ends in 4, those of a and c in 1:
 *
 *     id        0   1   2
 *     newest   @b  @a  @c
 *     hashes   …4  …1  …1        places   0 1 2 3 4 5 6 7
 *                                         . 2 3 . 1 . . .     id + 1; c takes the next free one
 *
 *     a goes: c moves up, else the search for it would end at the hole
 *                                         . 3 . . 1 . . .
 */
export class KeyTable {
  readonly #log: RecordLog;
  #places = new Uint32Array(2 * sizeMin);
  #newest = new Uint32Array(sizeMin);
  #hashes = new Uint32Array(sizeMin);
  /** ids given so far, free ones too */
  #given = 0;
  readonly #free: KeyId[] = [];

  constructor(log: RecordLog) {
    this.#log = log;
  }

  get size(): number {
    return this.#given - this.#free.length;
  }

  /** -1: no such key */
  find(name: KeyName): KeyId {
    const hash = hashOf(name);
    const mask = this.#places.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const id = this.#places[place]! - 1;
      if (id < 0) return noKey;
      if (this.#hashes[id] === hash && this.#log.compareKey(this.#newest[id]!, name) === 0) return id;
    }
  }

  newest(id: KeyId): Position {
    return this.#newest[id]!;
  }

  setNewest(id: KeyId, position: Position): void {
    this.#newest[id] = position;
  }

  /** of a key that is not there yet */
  add(name: KeyName, position: Position): KeyId {
    assert(position !== noPosition, 'a key has a record');
    if (this.#given === this.#newest.length && this.#free.length === 0) this.#grow();
    const id = this.#free.pop() ?? this.#given++;
    this.#newest[id] = position;
    this.#hashes[id] = hashOf(name);
    this.#settle(id);
    return id;
  }

  remove(id: KeyId): void {
    const places = this.#places;
    const mask = places.length - 1;
    let hole = this.#hashes[id]! & mask;
    while (places[hole] !== id + 1) hole = (hole + 1) & mask;
    // those behind that had to give way move up, so that no search ends too early
    for (let place = (hole + 1) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const wanted = this.#hashes[places[place]! - 1]! & mask;
      if (((place - wanted) & mask) < ((place - hole) & mask)) continue;
      places[hole] = places[place]!;
      hole = place;
    }
    places[hole] = 0;
    this.#free.push(id);
  }

  #settle(id: KeyId): void {
    const mask = this.#places.length - 1;
    let place = this.#hashes[id]! & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = id + 1;
  }

  #grow(): void {
    this.#newest = grown(this.#newest);
    this.#hashes = grown(this.#hashes);
    this.#places = new Uint32Array(2 * this.#newest.length);
    for (let id = 0; id < this.#given; id++) this.#settle(id);
  }
}

import { assert } from '../../base/assert.ts';
import type { KeyName } from './key-name.ts';
import { noPosition } from './record-log.ts';
import type { Position } from './record-log.ts';

/** positions kept as a plain array; more go outside the JavaScript heap */
const plainMax = 1024;
/** taken from the front before room is given back */
const slackMin = 16;

/** A queue of positions: added at the end, taken from the front, read anywhere. */
class PositionQueue {
  #items: number[] | Uint32Array = [];
  #head = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#head;
  }

  at(place: number): Position {
    return this.#items[this.#head + place]!;
  }

  setFirst(position: Position): void {
    this.#items[this.#head] = position;
  }

  push(position: Position): void {
    if (this.#end >= plainMax && this.#end === this.#items.length) this.#takeOver(new Uint32Array(this.length * 2));
    this.#items[this.#end++] = position;
  }

  shift(): Position {
    const position = this.at(0);
    this.#head++;
    if (this.#head >= slackMin && this.#head > this.length) {
      this.#takeOver(this.length < plainMax ? [] : new Uint32Array(this.length));
    }
    return position;
  }

  #takeOver(items: number[] | Uint32Array): void {
    const { length } = this;
    for (let i = 0; i < length; i++) items[i] = this.at(i);
    this.#items = items;
    this.#head = 0;
    this.#end = length;
  }
}

/** A key, and where its records are, oldest first. Most keys have one. */
export class KeyEntry {
  readonly name: KeyName;
  /** the newest one */
  last: Position;
  #older: PositionQueue | undefined;

  constructor(name: KeyName, position: Position) {
    this.name = name;
    this.last = position;
  }

  get count(): number {
    return this.last === noPosition ? 0 : 1 + (this.#older?.length ?? 0);
  }

  /** the oldest one; none: -1 */
  get oldest(): Position {
    return this.#older === undefined ? this.last : this.#older.at(0);
  }

  /** `place` from 0, the oldest, to `count` - 1 */
  at(place: number): Position {
    const older = this.#older;
    return older === undefined || place >= older.length ? this.last : older.at(place);
  }

  add(position: Position): void {
    (this.#older ??= new PositionQueue()).push(this.last);
    this.last = position;
  }

  dropOldest(): Position {
    assert(this.last !== noPosition, 'there is one to drop');
    const older = this.#older;
    if (older === undefined) {
      const dropped = this.last;
      this.last = noPosition;
      return dropped;
    }
    const dropped = older.shift();
    if (older.length === 0) this.#older = undefined;
    return dropped;
  }

  replaceOldest(position: Position): void {
    if (this.#older === undefined) this.last = position;
    else this.#older.setFirst(position);
  }
}

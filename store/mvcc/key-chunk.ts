import type { KeyName } from './key-name.ts';
import type { KeyId, KeyTable } from './key-table.ts';
import type { RecordLog } from './record-log.ts';

const roomMin = 8;
/** keys in a chunk */
export const chunkSizeMax = 512;

/** four characters of a name from `from` on, as a number in the same order; zeros behind its end */
function headOf(name: KeyName, from: number): number {
  let head = 0;
  for (let i = from; i < from + 4; i++) head = (head << 8) | (i < name.length ? name.charCodeAt(i) : 0);
  return head >>> 0;
}

function commonLength(a: KeyName, b: KeyName): number {
  const max = Math.min(a.length, b.length);
  let length = 0;
  while (length < max && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

/**
 * A run of neighbouring keys. Their names stand in the records, far apart in memory, so four characters of each are kept
 * here: those behind what all of them begin with. Most searches need no more.
 *
 *     prefix   /pods/a/nginx-
 *     ids      7    3    9    4
 *     heads    1    11   12   7c4f      of nginx-1, nginx-11, nginx-12, nginx-7c4f9: the last one may have neighbours
 *                                       with the same head, and then the records decide
 */
export class KeyChunk {
  readonly #log: RecordLog;
  readonly #table: KeyTable;
  #ids = new Uint32Array(roomMin);
  #heads = new Uint32Array(roomMin);
  #prefix: KeyName = '';
  #count = 0;
  /** keys whose newest record is no tombstone */
  live = 0;
  /** a name that none of them comes before, and that none of an earlier chunk reaches */
  start: KeyName;

  constructor(log: RecordLog, table: KeyTable, start: KeyName) {
    this.#log = log;
    this.#table = table;
    this.start = start;
  }

  get count(): number {
    return this.#count;
  }

  at(place: number): KeyId {
    return this.#ids[place]!;
  }

  /** place of the first key that is not before `name` */
  lowerBound(name: KeyName): number {
    const prefix = this.#prefix;
    if (!name.startsWith(prefix)) return name < prefix ? 0 : this.#count;
    const head = headOf(name, prefix.length);
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#heads[middle]!;
      if (found < head || (found === head && this.#compare(middle, name) < 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** where there is room for it: `count` is below `chunkSizeMax` */
  insert(name: KeyName, id: KeyId): void {
    if (this.#count === 0) this.#prefix = name;
    else if (!name.startsWith(this.#prefix)) this.#frame(name.slice(0, commonLength(this.#prefix, name)));
    if (this.#count === this.#ids.length) this.#resize(Math.min(chunkSizeMax, this.#count * 2));
    const place = this.lowerBound(name);
    this.#ids.copyWithin(place + 1, place, this.#count);
    this.#heads.copyWithin(place + 1, place, this.#count);
    this.#count++;
    this.#ids[place] = id;
    this.#heads[place] = headOf(name, this.#prefix.length);
  }

  remove(place: number): void {
    this.#ids.copyWithin(place, place + 1, this.#count);
    this.#heads.copyWithin(place, place + 1, this.#count);
    this.#count--;
  }

  /** Moves the keys from `place` on to a chunk of their own. */
  split(place: number): KeyChunk {
    const upper = new KeyChunk(this.#log, this.#table, this.#nameAt(place));
    upper.#resize(chunkSizeMax);
    upper.#ids.set(this.#ids.subarray(place, this.#count));
    upper.#count = this.#count - place;
    this.#count = place;
    for (const half of [this, upper]) {
      const [first, last] = [half.#nameAt(0), half.#nameAt(half.#count - 1)];
      half.#frame(first.slice(0, commonLength(first, last)));
    }
    for (let i = 0; i < upper.#count; i++) if (upper.#isLive(i)) upper.live++;
    this.live -= upper.live;
    return upper;
  }

  /** how many keys of the places [from, to) exist now */
  countLive(from: number, to: number): number {
    let count = 0;
    for (let place = from; place < to; place++) if (this.#isLive(place)) count++;
    return count;
  }

  #isLive(place: number): boolean {
    return this.#log.version(this.#table.newest(this.#ids[place]!)) !== 0;
  }

  #nameAt(place: number): KeyName {
    return this.#log.name(this.#table.newest(this.#ids[place]!));
  }

  #compare(place: number, name: KeyName): number {
    return this.#log.compareKey(this.#table.newest(this.#ids[place]!), name);
  }

  #frame(prefix: KeyName): void {
    this.#prefix = prefix;
    for (let i = 0; i < this.#count; i++) this.#heads[i] = headOf(this.#nameAt(i), prefix.length);
  }

  #resize(room: number): void {
    const [ids, heads] = [this.#ids, this.#heads];
    this.#ids = new Uint32Array(room);
    this.#heads = new Uint32Array(room);
    this.#ids.set(ids);
    this.#heads.set(heads);
  }
}

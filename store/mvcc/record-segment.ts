import type { KeyName } from './key-name.ts';
import type { StoredValue } from './types.ts';

const numbersPerSlot = 3;
const modAt = 0;
const createAt = 1;
const versionAt = 2;

const wordsPerSlot = 7;
const subAt = 0;
const hashAt = 1;
const firstAt = 2;
const keyLengthAt = 3;
const valueAt = 4;
const valueLengthAt = 5;
const previousAt = 6;

/** what is left empty of a full segment is given back where it is more than this part of it */
const slackMax = 1 / 4;

/**
 * Records side by side outside the JavaScript heap: their numbers in two typed arrays, their keys and values in one
 * buffer. Nothing of it ever changes, so what is read are views of it.
 *
 *     put x=a (rev 2), put y=bb (3), put x=c (4):
 *
 *     slot      0               │ 1               │ 2
 *     numbers   2 2 1           │ 3 3 1           │ 4 2 2           mod, create, version
 *     words     0 # 0 1 1 1 -1  │ 0 # 1 1 3 2 -1  │ 0 # 0 1 5 1 0   sub, hash, first slot with this key, the key's length,
 *     bytes     x a             │ y b b           │ c               where the value is, its length, the record before
 *
 * A key stands in front of the value of its first record here.
 */
export class RecordSegment {
  /** place in the log's table of segments */
  readonly id: number;
  /** records of it that a key still holds */
  live = 0;
  /** nothing is added any more, and no history needs it */
  settled = false;
  /** the slots before have been moved away */
  moved = 0;
  #count = 0;
  #used = 0;
  #slots: number;
  #numbers: Float64Array;
  #words: Uint32Array;
  #bytes: Uint8Array;
  /** only where a record has one */
  #leases: BigInt64Array | undefined;

  constructor(id: number, slots: number, bytes: number) {
    this.id = id;
    this.#slots = slots;
    this.#numbers = new Float64Array(slots * numbersPerSlot);
    this.#words = new Uint32Array(slots * wordsPerSlot);
    this.#bytes = new Uint8Array(bytes);
  }

  get count(): number {
    return this.#count;
  }

  /** of keys and values */
  get usedBytes(): number {
    return this.#used;
  }

  /** all that it takes of memory */
  get sizeBytes(): number {
    const leases = this.#leases?.byteLength ?? 0;
    return this.#numbers.byteLength + this.#words.byteLength + this.#bytes.length + leases;
  }

  fits(bytes: number): boolean {
    return this.#count < this.#slots && this.#used + bytes <= this.#bytes.length;
  }

  /**
   * Copies it in; to be called where it `fits`. `beside`: slot of a record here with the same key, -1: none; `previous`:
   * what the log is to know of the record before. Returns its slot.
   */
  append(record: StoredValue, beside: number, previous: number): number {
    const slot = this.#count++;
    const { key, value, lease } = record;
    const n = slot * numbersPerSlot;
    const numbers = this.#numbers;
    numbers[n + modAt] = record.modRevision;
    numbers[n + createAt] = record.createRevision;
    numbers[n + versionAt] = record.version;
    const w = slot * wordsPerSlot;
    const words = this.#words;
    words[w + subAt] = record.sub;
    words[w + hashAt] = record.hash;
    if (beside < 0) this.#copy(key);
    words[w + firstAt] = beside < 0 ? slot : words[beside * wordsPerSlot + firstAt]!;
    words[w + keyLengthAt] = key.length;
    words[w + valueAt] = this.#copy(value);
    words[w + valueLengthAt] = value.length;
    words[w + previousAt] = previous;
    if (lease !== 0n) (this.#leases ??= new BigInt64Array(this.#slots))[slot] = lease;
    this.live++;
    return slot;
  }

  modRevision(slot: number): number {
    return this.#numbers[slot * numbersPerSlot + modAt]!;
  }

  createRevision(slot: number): number {
    return this.#numbers[slot * numbersPerSlot + createAt]!;
  }

  version(slot: number): number {
    return this.#numbers[slot * numbersPerSlot + versionAt]!;
  }

  sub(slot: number): number {
    return this.#words[slot * wordsPerSlot + subAt]!;
  }

  hash(slot: number): number {
    return this.#words[slot * wordsPerSlot + hashAt]!;
  }

  lease(slot: number): bigint {
    return this.#leases === undefined ? 0n : this.#leases[slot]!;
  }

  /** the first slot here with the same key */
  first(slot: number): number {
    return this.#words[slot * wordsPerSlot + firstAt]!;
  }

  /** as it was given, a 32-bit integer */
  previous(slot: number): number {
    return this.#words[slot * wordsPerSlot + previousAt]! | 0;
  }

  setPrevious(slot: number, previous: number): void {
    this.#words[slot * wordsPerSlot + previousAt] = previous;
  }

  key(slot: number): Uint8Array {
    return this.#view(this.#keyAt(slot), this.#words[slot * wordsPerSlot + keyLengthAt]!);
  }

  /** Negative where the key comes before `name`, 0 where it is that. */
  compareKey(slot: number, name: KeyName): number {
    const length = this.#words[slot * wordsPerSlot + keyLengthAt]!;
    const at = this.#keyAt(slot);
    const bytes = this.#bytes;
    const common = Math.min(length, name.length);
    for (let i = 0; i < common; i++) {
      const difference = bytes[at + i]! - name.charCodeAt(i);
      if (difference !== 0) return difference;
    }
    return length - name.length;
  }

  value(slot: number): Uint8Array {
    const w = slot * wordsPerSlot;
    return this.#view(this.#words[w + valueAt]!, this.#words[w + valueLengthAt]!);
  }

  /** of key and value */
  contentBytes(slot: number): number {
    const w = slot * wordsPerSlot;
    return this.#words[w + keyLengthAt]! + this.#words[w + valueLengthAt]!;
  }

  read(slot: number): StoredValue {
    return {
      key: this.key(slot),
      createRevision: this.createRevision(slot),
      modRevision: this.modRevision(slot),
      version: this.version(slot),
      value: this.value(slot),
      lease: this.lease(slot),
      sub: this.sub(slot),
      hash: this.hash(slot),
    };
  }

  /** the first slot of `revision` or a later one; `count` where all are older. Where they are in order of revisions. */
  firstFrom(revision: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.modRevision(middle) < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Nothing more is added: gives back what was taken in vain. */
  seal(): void {
    if (this.#count < this.#slots * (1 - slackMax)) {
      this.#slots = this.#count;
      this.#numbers = this.#numbers.slice(0, this.#count * numbersPerSlot);
      this.#words = this.#words.slice(0, this.#count * wordsPerSlot);
      this.#leases = this.#leases?.slice(0, this.#count);
    }
    if (this.#used < this.#bytes.length * (1 - slackMax)) this.#bytes = this.#bytes.slice(0, this.#used);
  }

  #keyAt(slot: number): number {
    const first = this.first(slot) * wordsPerSlot;
    return this.#words[first + valueAt]! - this.#words[first + keyLengthAt]!;
  }

  #copy(bytes: Uint8Array): number {
    const at = this.#used;
    if (bytes.length > 0) this.#bytes.set(bytes, at);
    this.#used += bytes.length;
    return at;
  }

  #view(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, at, length);
  }
}

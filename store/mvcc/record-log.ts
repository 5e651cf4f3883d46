import { assert } from '../../base/assert.ts';
import { RecordSegment } from './record-segment.ts';
import { keyName } from './key-name.ts';
import type { KeyName } from './key-name.ts';
import type { StoredValue } from './types.ts';

/**
 * Where a record is: segment × 4096 + slot, a small integer. It is good until the record is dropped or moved; who holds
 * records is asked, and told, when they move.
 */
export type Position = number;
export const noPosition: Position = -1;
/** stands where a record says which one was before, once it is dropped itself */
const droppedMark = -2;

const slotBits = 12;
const slotMask = (1 << slotBits) - 1;
/** positions stay below 2^31: integers that take no memory of their own */
const segmentsMax = 1 << (31 - slotBits);

/** The first segment of a log is small, and each may be twice as large as the one before. */
export interface SegmentLimits {
  readonly slotsMin: number;
  /** at most 4096 */
  readonly slotsMax: number;
  readonly bytesMin: number;
  /** of keys and values; a larger record has a segment alone */
  readonly bytesMax: number;
}
const defaults: SegmentLimits = { slotsMin: 16, slotsMax: slotMask + 1, bytesMin: 1024, bytesMax: 1024 * 1024 };

/** a settled segment with fewer live records than this part of all is emptied */
const liveShareMin = 1 / 4;

/** Who knows where records are. */
export interface Keeper {
  /** `from` is as it was until this returns */
  moved(from: Position, to: Position): void;
}

/**
 * All records, in the order in which they were made; the history, which reaches back to some revision, is their end. Each
 * knows the one before it with the same key, as long as somebody may ask for that.
 *
 *     two records a segment; x is put in the revisions 2, 4 and 6, y is put in 3 and deleted in 5:
 *
 *     [2x 3y] [4x 5y†] [6x   ]         history from 2 on
 *
 *     compaction at 5 drops 2x and 3y: nobody needs the first segment any more, and it goes at once
 *             [4x 5y†] [6x   ]         history from 5 on (a watch may begin there)
 *
 *     z is put in 7 and 8, and compaction at 8 drops 4x, 5y† and 7z:
 *                      [6x 7z] [8z  ]  history from 8 on; the segment of 6x has settled, half of it is live
 *
 * A settled segment of which less than a quarter is live is emptied: its records move to another one, outside the
 * history. So one old key does not keep its neighbours' memory.
 */
export class RecordLog {
  readonly #limits: SegmentLimits;
  readonly #segments: (RecordSegment | undefined)[] = [];
  readonly #freeIds: number[] = [];
  /** those that the history needs, oldest first; the last one is open */
  readonly #history: RecordSegment[] = [];
  /** takes what moves */
  #settling: RecordSegment | undefined;
  /** settled, and to be emptied */
  readonly #sparse = new Set<RecordSegment>();

  constructor(limits: SegmentLimits = defaults) {
    this.#limits = limits;
  }

  /** Copies a record in, which must not be older than the last one. `previous`: the newest one with the same key; -1: none. */
  append(record: StoredValue, previous: Position): Position {
    const bytes = record.key.length + record.value.length;
    const history = this.#history;
    let open = history[history.length - 1];
    if (open === undefined || !open.fits(bytes)) {
      open = this.#next(open, bytes);
      history.push(open);
    }
    const beside = previous >= 0 && previous >>> slotBits === open.id;
    return (open.id << slotBits) | open.append(record, beside ? previous & slotMask : -1, previous);
  }

  /** the record before, with the same key; -1: none that is kept */
  previous(position: Position): Position {
    return Math.max(noPosition, this.#at(position).previous(position & slotMask));
  }

  /** The one before was dropped. */
  forgetPrevious(position: Position): void {
    this.#at(position).setPrevious(position & slotMask, noPosition);
  }

  /** The one before has moved. */
  setPrevious(position: Position, previous: Position): void {
    this.#at(position).setPrevious(position & slotMask, previous);
  }

  isDropped(position: Position): boolean {
    return this.#at(position).previous(position & slotMask) === droppedMark;
  }

  /**
   * The oldest record with the same key in the same segment, to which a search back in time may leap. It may be dropped;
   * then there is none before it.
   */
  leapBack(position: Position): Position {
    return (position & ~slotMask) | this.#at(position).first(position & slotMask);
  }

  name(position: Position): KeyName {
    return keyName(this.key(position));
  }

  /** Negative where the record's key comes before `name`, 0 where it is that. */
  compareKey(position: Position, name: KeyName): number {
    return this.#at(position).compareKey(position & slotMask, name);
  }

  read(position: Position): StoredValue {
    return this.#at(position).read(position & slotMask);
  }

  key(position: Position): Uint8Array {
    return this.#at(position).key(position & slotMask);
  }

  modRevision(position: Position): number {
    return this.#at(position).modRevision(position & slotMask);
  }

  createRevision(position: Position): number {
    return this.#at(position).createRevision(position & slotMask);
  }

  /** 0: a tombstone */
  version(position: Position): number {
    return this.#at(position).version(position & slotMask);
  }

  sub(position: Position): number {
    return this.#at(position).sub(position & slotMask);
  }

  lease(position: Position): bigint {
    return this.#at(position).lease(position & slotMask);
  }

  hash(position: Position): number {
    return this.#at(position).hash(position & slotMask);
  }

  /** of key and value */
  contentBytes(position: Position): number {
    return this.#at(position).contentBytes(position & slotMask);
  }

  /** what there is, in no order; to be measured */
  get segments(): Pick<RecordSegment, 'count' | 'live' | 'settled' | 'sizeBytes'>[] {
    return this.#segments.filter((segment) => segment !== undefined);
  }

  /** No key has it any more. What the history needs stays readable for it. */
  drop(position: Position): void {
    const segment = this.#at(position);
    segment.setPrevious(position & slotMask, droppedMark);
    segment.live--;
    if (segment.settled) this.#tidy(segment);
  }

  /** Visits the records of `revision` and later ones, as far as the history has them, until `visit` returns false. */
  visitFrom(revision: number, visit: (position: Position) => boolean): void {
    const history = this.#history;
    let at = this.#segmentOf(revision);
    let slot = history[at]?.firstFrom(revision) ?? 0;
    for (; at < history.length; at++, slot = 0) {
      const segment = history[at]!;
      for (; slot < segment.count; slot++) if (!visit((segment.id << slotBits) | slot)) return;
    }
  }

  /** The history begins at `revision` from now on, or later. */
  settleBefore(revision: number): void {
    const history = this.#history;
    let count = 0;
    while (count < history.length - 1 && lastRevision(history[count]!) < revision) count++;
    if (count > 0) for (const segment of history.splice(0, count)) this.#settle(segment);
  }

  get repackPending(): boolean {
    return this.#sparse.size > 0;
  }

  /** Moves records out of segments that are nearly empty, looking at up to `budget` of them; returns at how many. */
  repack(budget: number, keeper: Keeper): number {
    let looked = 0;
    for (const segment of this.#sparse) {
      for (; segment.live > 0 && looked < budget; looked++) {
        assert(segment.moved < segment.count, 'a segment has no more live records than records');
        const from = (segment.id << slotBits) | segment.moved++;
        if (this.isDropped(from)) continue;
        keeper.moved(from, this.#appendSettled(this.read(from), this.previous(from)));
        segment.live--;
      }
      if (segment.live > 0) break;
      this.#free(segment);
    }
    return looked;
  }

  #appendSettled(record: StoredValue, previous: Position): Position {
    const bytes = record.key.length + record.value.length;
    let open = this.#settling;
    if (open === undefined || !open.fits(bytes)) {
      this.#settling = this.#next(open, bytes);
      if (open !== undefined) this.#settle(open);
      open = this.#settling;
    }
    return (open.id << slotBits) | open.append(record, -1, previous);
  }

  /** Another segment, for at least one record of so many bytes. */
  #next(previous: RecordSegment | undefined, bytes: number): RecordSegment {
    const { slotsMin, slotsMax, bytesMin, bytesMax } = this.#limits;
    previous?.seal();
    const slots = Math.min(slotsMax, Math.max(slotsMin, 2 * (previous?.count ?? 0)));
    const usual = Math.min(bytesMax, Math.max(bytesMin, 2 * (previous?.usedBytes ?? 0)));
    const id = this.#freeIds.pop() ?? this.#segments.length;
    assert(id < segmentsMax, 'positions stay small integers');
    const segment = new RecordSegment(id, slots, Math.max(usual, bytes));
    this.#segments[id] = segment;
    return segment;
  }

  #settle(segment: RecordSegment): void {
    segment.settled = true;
    this.#tidy(segment);
  }

  #tidy(segment: RecordSegment): void {
    if (segment.live === 0) this.#free(segment);
    else if (segment.live < segment.count * liveShareMin) this.#sparse.add(segment);
  }

  #free(segment: RecordSegment): void {
    this.#sparse.delete(segment);
    this.#segments[segment.id] = undefined;
    this.#freeIds.push(segment.id);
  }

  /** place of the last segment of the history that begins before `revision`: a revision may go on in the next ones */
  #segmentOf(revision: number): number {
    const history = this.#history;
    let low = 0;
    let high = history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (history[middle]!.modRevision(0) < revision) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #at(position: Position): RecordSegment {
    return this.#segments[position >>> slotBits]!;
  }
}

const lastRevision = (segment: RecordSegment): number => segment.modRevision(segment.count - 1);

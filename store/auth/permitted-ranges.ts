import { keyRange } from '../mvcc/key-name.ts';
import type { KeyName } from '../mvcc/key-name.ts';

/** [start, end); `end` undefined: no upper bound */
interface Interval {
  readonly start: KeyName;
  readonly end: KeyName | undefined;
}

const reaches = (end: KeyName | undefined, other: KeyName | undefined): boolean =>
  end === undefined || (other !== undefined && end >= other);

/** A key alone is the interval up to its successor. */
export function intervalOf(key: Uint8Array, rangeEnd: Uint8Array | undefined): Interval {
  const { start, end, single } = keyRange(key, rangeEnd);
  return single ? { start, end: `${start}\0` } : { start, end };
}

/**
 * The union of the ranges that someone may use: those that overlap or touch are one.
 *
 *     [a,c) [b,d) [d,f)   [x,∞)      →      [a,f) [x,∞)
 *
 * So a read of [a,f) is permitted though no single grant covers it.
 */
export class PermittedRanges {
  readonly #merged: readonly Interval[];

  constructor(ranges: readonly { readonly key: Uint8Array; readonly rangeEnd: Uint8Array }[]) {
    const sorted = ranges
      .map(({ key, rangeEnd }) => intervalOf(key, rangeEnd))
      .filter(({ start, end }) => end === undefined || start < end)
      .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    const merged: Interval[] = [];
    for (const next of sorted) {
      const last = merged[merged.length - 1];
      if (last === undefined || !reaches(last.end, next.start)) merged.push(next);
      else if (!reaches(last.end, next.end)) merged[merged.length - 1] = { start: last.start, end: next.end };
    }
    this.#merged = merged;
  }

  /** Whether all of the key, or of [key, rangeEnd), is in the union. */
  cover(key: Uint8Array, rangeEnd?: Uint8Array): boolean {
    const { start, end } = intervalOf(key, rangeEnd);
    const found = this.#startingAtOrBefore(start);
    return found !== undefined && (found.end === undefined || start < found.end) && reaches(found.end, end);
  }

  #startingAtOrBefore(start: KeyName): Interval | undefined {
    let low = 0;
    let high = this.#merged.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#merged[middle]!.start <= start) low = middle + 1;
      else high = middle;
    }
    return this.#merged[low - 1];
  }
}

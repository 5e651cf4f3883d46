/** In which order the items of a merged list stand. Items are told apart by their merge key, or are values ('' as key). */
import { getOwn, isObject } from '../meta/clone.ts';

const identity = (item: unknown, mergeKey: string): unknown =>
  mergeKey !== '' && isObject(item) ? getOwn(item, mergeKey) : item;

function positions(list: readonly unknown[], mergeKey: string): Map<unknown, number> {
  const found = new Map<unknown, number>();
  for (const [i, item] of list.entries()) {
    const id = identity(item, mergeKey);
    if (!found.has(id)) found.set(id, i);
  }
  return found;
}

/**
 * `merged` split into items that `order` names, in its order, and others, in the order of `live`; the others are then
 * woven in where they stood in `live`, as far as that can be told.
 */
export function orderMerged(
  merged: readonly unknown[],
  order: readonly unknown[],
  live: readonly unknown[],
  mergeKey: string,
): unknown[] {
  const ordered = positions(order, mergeKey);
  const was = positions(live, mergeKey);
  const placeIn = (places: Map<unknown, number>, item: unknown): number => places.get(identity(item, mergeKey)) ?? -1;
  const named = merged.filter((item) => placeIn(ordered, item) >= 0);
  const others = merged.filter((item) => placeIn(ordered, item) < 0);
  named.sort((a, b) => placeIn(ordered, a) - placeIn(ordered, b));
  others.sort((a, b) => placeIn(was, a) - placeIn(was, b));
  const result: unknown[] = [];
  let next = 0;
  for (const item of others) {
    // an item of `order` that was not live before has no place to compare, and goes first
    while (next < named.length) {
      const [stood, place] = [placeIn(was, item), placeIn(was, named[next])];
      if (stood >= 0 && place >= 0 && stood < place) break;
      result.push(named[next++]);
    }
    result.push(item);
  }
  return [...result, ...named.slice(next)];
}

/**
 * All of `items` stand in `order`, in that sequence. Items for which `skips` holds need no place, but only as long as
 * places are left: one at the end is out of order to a real server too.
 */
export function orderLike(
  items: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string,
  skips: (item: unknown) => boolean,
): boolean {
  let [at, place] = [0, 0];
  while (at < items.length && place < order.length) {
    if (skips(items[at])) {
      at++;
      continue;
    }
    if (identity(items[at], mergeKey) === identity(order[place], mergeKey)) at++;
    place++;
  }
  return at >= items.length;
}

export const uniqueValues = (values: readonly unknown[]): unknown[] => [...new Set(values)];

export function deleteValues(values: readonly unknown[], gone: readonly unknown[]): unknown[] {
  const set = new Set(gone);
  return values.filter((value) => !set.has(value));
}

export const deleteItems = (items: readonly unknown[], mergeKey: string, id: unknown): unknown[] =>
  items.filter((item) => !isObject(item) || getOwn(item, mergeKey) !== id);

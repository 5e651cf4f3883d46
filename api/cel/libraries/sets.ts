import type { Library } from '../environment.ts';
import { celEqual } from '../equality.ts';
import { type CelList, EntryMap, mapKey, type CelMap, type CelValue } from '../values.ts';
import { EvaluationError } from '../errors.ts';
import { displayValue } from '../display.ts';

const has = (list: CelList, wanted: CelValue): boolean => {
  for (const value of list.values()) if (celEqual(value, wanted)) return true;
  return false;
};

const contains = (list: CelList, sublist: CelList): boolean => {
  for (const value of sublist.values()) if (!has(list, value)) return false;
  return true;
};

const product = ([a, b]: readonly CelValue[]): number => (a as CelList).size * (b as CelList).size + 1;

/** Lists read as sets. */
export const sets: Library = {
  functions: [
    ['`sets.contains`(list<A>, list<A>): bool', (a, b) => contains(a as CelList, b as CelList), product],
    [
      '`sets.equivalent`(list<A>, list<A>): bool',
      (a, b) => contains(a as CelList, b as CelList) && contains(b as CelList, a as CelList),
      (args) => 2 * product(args),
    ],
    [
      '`sets.intersects`(list<A>, list<A>): bool',
      (a, b) => Array.from((a as CelList).values()).some((value) => has(b as CelList, value)),
      product,
    ],
  ],
};

const insert = (map: CelMap, key: CelValue, value: CelValue): EntryMap => {
  if (map.find(key) !== undefined) throw new EvaluationError(`insert failed: key ${displayValue(key)} already exists`);
  const entries = map instanceof EntryMap ? map : copyOf(map);
  if (mapKey(key) === undefined) throw new EvaluationError('unsupported key type');
  return entries.with(key, value);
};

const copyOf = (map: CelMap): EntryMap => {
  let copy = new EntryMap(new Map());
  for (const key of map.keys()) copy = copy.with(key, map.find(key)!);
  return copy;
};

const mapSize = ([map]: readonly CelValue[]): number => 1 + Math.ceil((map as CelMap).size * 0.1);

/** What `transformMap` and `transformMapEntry` build their maps with. */
export const mapInserts: Library = {
  functions: [
    ['`cel.@mapInsert`(map<K, V>, K, V): map<K, V>', (map, key, value) => insert(map as CelMap, key, value), mapSize],
    [
      '`cel.@mapInsert`(map<K, V>, map<K, V>): map<K, V>',
      (map, added) => {
        let result = map as CelMap;
        for (const key of (added as CelMap).keys()) result = insert(result, key, (added as CelMap).find(key)!);
        return result;
      },
      mapSize,
    ],
  ],
};

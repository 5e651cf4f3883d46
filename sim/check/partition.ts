import { inRange } from './evaluate.ts';
import type { Key, Request } from './history.ts';

/** What an operation may read or write. */
export interface Footprint {
  readonly keys: readonly Key[];
  /** `[key, rangeEnd)`: they join the keys in them that any operation names. */
  readonly ranges?: readonly (readonly [key: Key, rangeEnd: Key])[];
}

export function footprintOf(request: Request): Footprint {
  if (request.kind === 'txn') {
    const parts = [...request.compare, ...request.success, ...request.failure].map((part) =>
      'kind' in part ? footprintOf(part) : rangeOrKey(part),
    );
    return { keys: parts.flatMap(({ keys }) => keys), ranges: parts.flatMap(({ ranges = [] }) => ranges) };
  }
  return 'key' in request ? rangeOrKey(request) : { keys: [], ranges: [['', '\0']] };
}

const rangeOrKey = ({ key, rangeEnd }: { readonly key: Key; readonly rangeEnd?: Key }): Footprint =>
  rangeEnd === undefined || rangeEnd === '' ? { keys: [key] } : { keys: [], ranges: [[key, rangeEnd]] };

/**
 * Puts operations into groups such that no key belongs to two (union-find): only then may each group be checked alone.
 * An operation on several keys joins them.
 */
export function joined<T>(operations: readonly T[], footprint: (operation: T) => Footprint): T[][] {
  const parents = new Map<Key, Key>();
  const rootOf = (key: Key): Key => {
    let root = key;
    while (parents.get(root) !== root) root = parents.get(root) ?? root;
    for (let at = key; at !== root;) {
      const next = parents.get(at) ?? root;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  const footprints = operations.map(footprint);
  // a range that names no key of anybody's is a group of its own
  const named = footprints.map(({ keys, ranges = [] }) => [...keys, ...ranges.map(([key, end]) => `${key}\0[${end}`)]);
  for (const keys of named) for (const key of keys) parents.set(key, key);
  const all = [...new Set(footprints.flatMap(({ keys }) => keys))];
  named.forEach((keys, i) => {
    const inside = (footprints[i]!.ranges ?? []).flatMap(([key, end]) => all.filter((k) => inRange(k, key, end)));
    for (const key of [...keys, ...inside]) parents.set(rootOf(key), rootOf(keys[0]!));
  });
  const groups = new Map<Key | undefined, T[]>();
  operations.forEach((operation, i) => {
    const [first] = named[i]!;
    const root = first === undefined ? undefined : rootOf(first);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [operation]);
    else group.push(operation);
  });
  return [...groups.values()];
}

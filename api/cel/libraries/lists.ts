import { checkedDuration, checkedInt, checkedUint } from '../arithmetic.ts';
import type { FunctionEntry, Library } from '../environment.ts';
import { celEqual } from '../equality.ts';
import { EvaluationError, noSuchOverload } from '../errors.ts';
import { ArrayList, CelDuration, CelList, CelOptional, CelUint, mapKey, type CelValue } from '../values.ts';
import { compareValues } from './operators.ts';
import { elements } from './costs.ts';

/** A list may be as long as this by `lists.range`, `flatten` and the others; longer ones cost too much to be made. */
const rangeMax = 1_000_000n;

const list = (value: CelValue): CelList => value as CelList;

const isSorted = (values: CelList): boolean => {
  for (let index = 1; index < values.size; index++) {
    if (compareValues(values.get(index - 1), values.get(index)) > 0) return false;
  }
  return true;
};

const add = (a: CelValue, b: CelValue): CelValue => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkedInt(a + b);
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a instanceof CelUint && b instanceof CelUint) return new CelUint(checkedUint(a.value + b.value));
  if (a instanceof CelDuration && b instanceof CelDuration) return checkedDuration(a.nanos + b.nanos);
  throw noSuchOverload();
};

const sumFrom = (zero: CelValue) => (values: CelValue) => {
  let sum = zero;
  for (const value of list(values).values()) sum = add(sum, value);
  return sum;
};

const extreme = (name: string, sign: number) => (values: CelValue) => {
  let best: CelValue | undefined;
  for (const value of list(values).values()) {
    if (best === undefined || compareValues(value, best) * sign > 0) best = value;
  }
  if (best === undefined) throw new EvaluationError(`${name} called on empty list`);
  return best;
};

const indexOf = (values: CelList, wanted: CelValue): bigint => {
  for (let index = 0; index < values.size; index++) if (celEqual(values.get(index), wanted)) return BigInt(index);
  return -1n;
};

const lastIndexOf = (values: CelList, wanted: CelValue): bigint => {
  for (let index = values.size - 1; index >= 0; index--) if (celEqual(values.get(index), wanted)) return BigInt(index);
  return -1n;
};

const slice = (values: CelList, start: bigint, end: bigint): CelList => {
  const size = BigInt(values.size);
  if (start < 0n || end < 0n)
    throw new EvaluationError(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end) {
    throw new EvaluationError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  }
  if (size < end) throw new EvaluationError(`cannot slice(${start}, ${end}), list is length ${size}`);
  return new ArrayList(Array.from(values.values()).slice(Number(start), Number(end)));
};

const flatten = (values: CelList, depth: bigint): CelValue[] => {
  if (depth < 0n) throw new EvaluationError('level must be non-negative');
  const flat: CelValue[] = [];
  for (const value of values.values()) {
    if (value instanceof CelList && depth > 0n) flat.push(...flatten(value, depth - 1n));
    else flat.push(value);
  }
  return flat;
};

const range = (end: bigint): CelList => {
  if (end > rangeMax) throw new EvaluationError(`range of ${end} exceeds ${rangeMax}`);
  return new ArrayList(Array.from({ length: Math.max(Number(end), 0) }, (_, index) => BigInt(index)));
};

const distinct = (values: CelList): CelList => {
  const seen = new Set<string>();
  const others: CelValue[] = [];
  const kept: CelValue[] = [];
  for (const value of values.values()) {
    const key = mapKey(value);
    const known = key === undefined ? others.some((other) => celEqual(other, value)) : seen.has(key);
    if (known) continue;
    kept.push(value);
    if (key === undefined) others.push(value);
    else seen.add(key);
  }
  return new ArrayList(kept);
};

const sort = (values: CelList): CelList =>
  new ArrayList(Array.from(values.values()).toSorted((a, b) => compareValues(a, b)));

/** `list.sortBy(x, key)` is a macro over this: the list, and the keys in the same order. */
const sortByKeys = (values: CelList, keys: CelList): CelList => {
  const pairs = Array.from(values.values(), (value, index) => ({ value, key: keys.get(index) }));
  return new ArrayList(pairs.toSorted((a, b) => compareValues(a.key, b.key)).map(({ value }) => value));
};

const comparableTypes = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const zeros: Readonly<Record<string, CelValue>> = {
  int: 0n,
  uint: new CelUint(0n),
  double: 0,
  duration: new CelDuration(0n),
};

const perType = comparableTypes.flatMap((type): FunctionEntry[] => [
  [`list<${type}>.isSorted(): bool`, (values) => isSorted(list(values)), elements],
  [`list<${type}>.min(): ${type}`, (values) => extreme('min', -1)(values), elements],
  [`list<${type}>.max(): ${type}`, (values) => extreme('max', 1)(values), elements],
  [`list<${type}>.sort(): list<${type}>`, (values) => sort(list(values)), elements],
  [
    `list<A>.@sortByAssociatedKeys(list<${type}>): list<A>`,
    (values, keys) => sortByKeys(list(values), list(keys)),
    elements,
  ],
]);

const sums = Object.entries(zeros).map(([type, zero]): FunctionEntry => [
  `list<${type}>.sum(): ${type}`,
  (values) => sumFrom(zero)(values),
  elements,
]);

/** Kubernetes' functions on lists, and CEL's lists extension. */
export const lists: Library = {
  functions: [
    ...perType,
    ...sums,
    ['list<A>.indexOf(A): int', (values, wanted) => indexOf(list(values), wanted), elements],
    ['list<A>.lastIndexOf(A): int', (values, wanted) => lastIndexOf(list(values), wanted), elements],
    ['list<A>.includes(A): bool', (values, wanted) => indexOf(list(values), wanted) >= 0n, elements],
    [
      'list<A>.slice(int, int): list<A>',
      (values, start, end) => slice(list(values), start as bigint, end as bigint),
      elements,
    ],
    ['list<list<A>>.flatten(): list<A>', (values) => new ArrayList(flatten(list(values), 1n)), elements],
    [
      'list<dyn>.flatten(int): list<dyn>',
      (values, depth) => new ArrayList(flatten(list(values), depth as bigint)),
      elements,
    ],
    ['`lists.range`(int): list<int>', (end) => range(end as bigint), (_args, result) => list(result).size],
    ['list<A>.distinct(): list<A>', (values) => distinct(list(values)), elements],
    ['list<A>.reverse(): list<A>', (values) => new ArrayList(Array.from(list(values).values()).toReversed()), elements],
    ['list<A>.first(): optional<A>', (values) => endOf(list(values), 0)],
    ['list<A>.last(): optional<A>', (values) => endOf(list(values), list(values).size - 1)],
  ],
};

function endOf(values: CelList, index: number): CelValue {
  const value = values.size === 0 ? undefined : values.get(index);
  return value === undefined ? CelOptional.none : CelOptional.of(value);
}

import { checkedDuration, checkedInt, checkedTimestamp, checkedUint, divide, modulo } from '../arithmetic.ts';
import type { FunctionEntry, Library } from '../environment.ts';
import { asNumeric, celEqual, compareBytes, compareStrings } from '../equality.ts';
import { EvaluationError, noSuchOverload } from '../errors.ts';
import type { CelList } from '../values.ts';
import { CelDuration, CelMap, CelTimestamp, CelUint, type CelValue } from '../values.ts';
import { bothOf, shorterOf } from './costs.ts';

const num = (value: CelValue): number => value as number;
const int = (value: CelValue): bigint => value as bigint;
const uint = (value: CelValue): bigint => (value as CelUint).value;
const span = (value: CelValue): bigint => (value as CelDuration | CelTimestamp).nanos;
const ofUint = (value: bigint): CelUint => new CelUint(checkedUint(value));

const numeric = (
  operator: string,
  onInts: (a: bigint, b: bigint) => bigint,
  onDoubles?: (a: number, b: number) => number,
): FunctionEntry[] => {
  const entries: FunctionEntry[] = [
    [`${operator}(int, int): int`, (a, b) => checkedInt(onInts(int(a), int(b)))],
    [`${operator}(uint, uint): uint`, (a, b) => ofUint(onInts(uint(a), uint(b)))],
  ];
  if (onDoubles !== undefined) {
    entries.push([`${operator}(double, double): double`, (a, b) => onDoubles(num(a), num(b))]);
  }
  return entries;
};

/** Below, equal, above; NaN is none of them. */
export const compareValues = (a: CelValue, b: CelValue): number => {
  const left = asNumeric(a);
  const right = asNumeric(b);
  if (left !== undefined && right !== undefined) {
    if (Number.isNaN(left) || Number.isNaN(right)) throw new EvaluationError('NaN values cannot be ordered');
    return left < right ? -1 : left > right ? 1 : 0;
  }
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  if (a instanceof CelDuration && b instanceof CelDuration) return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  throw noSuchOverload();
};

const comparable = [
  'bool, bool',
  'int, int',
  'int, double',
  'int, uint',
  'uint, uint',
  'uint, double',
  'uint, int',
  'double, double',
  'double, int',
  'double, uint',
  'string, string',
  'bytes, bytes',
  'timestamp, timestamp',
  'duration, duration',
];

const comparison = (operator: string, holds: (order: number) => boolean): FunctionEntry[] =>
  comparable.map((types) => {
    const cost = /string|bytes/.test(types) ? shorterOf : undefined;
    return [`${operator}(${types}): bool`, (a, b) => holds(compareValues(a, b)), cost];
  });

const contains = (container: CelValue, item: CelValue): boolean => {
  if (container instanceof CelMap) return container.find(item) !== undefined;
  for (const element of (container as CelList).values()) if (celEqual(element, item)) return true;
  return false;
};

const joinBytes = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
};

/** Arithmetic, comparison, membership. `&&`, `||`, `?:` and selections are the interpreter's own. */
export const operators: Library = {
  functions: [
    ...numeric(
      '_+_',
      (a, b) => a + b,
      (a, b) => a + b,
    ),
    ['_+_(string, string): string', (a, b) => `${a as string}${b as string}`, bothOf],
    ['_+_(bytes, bytes): bytes', (a, b) => joinBytes(a as Uint8Array, b as Uint8Array), bothOf],
    ['_+_(list<A>, list<A>): list<A>', (a, b) => (a as CelList).concat(b as CelList)],
    ['_+_(duration, duration): duration', (a, b) => checkedDuration(span(a) + span(b))],
    ['_+_(timestamp, duration): timestamp', (a, b) => checkedTimestamp(span(a) + span(b))],
    ['_+_(duration, timestamp): timestamp', (a, b) => checkedTimestamp(span(a) + span(b))],
    ...numeric(
      '_-_',
      (a, b) => a - b,
      (a, b) => a - b,
    ),
    ['_-_(duration, duration): duration', (a, b) => checkedDuration(span(a) - span(b))],
    ['_-_(timestamp, duration): timestamp', (a, b) => checkedTimestamp(span(a) - span(b))],
    ['_-_(timestamp, timestamp): duration', (a, b) => checkedDuration(span(a) - span(b))],
    ...numeric(
      '_*_',
      (a, b) => a * b,
      (a, b) => a * b,
    ),
    ...numeric('_/_', divide, (a, b) => a / b),
    ...numeric('_%_', modulo),
    ['-_(int): int', (a) => checkedInt(-int(a))],
    ['-_(double): double', (a) => -num(a)],
    ['!_(bool): bool', (a) => !(a as boolean)],
    ['_==_(A, A): bool', (a, b) => celEqual(a, b), shorterOf],
    ['_!=_(A, A): bool', (a, b) => !celEqual(a, b), shorterOf],
    ...comparison('_<_', (order) => order < 0),
    ...comparison('_<=_', (order) => order <= 0),
    ...comparison('_>_', (order) => order > 0),
    ...comparison('_>=_', (order) => order >= 0),
    ['@in(A, list<A>): bool', (a, b) => contains(b, a), ([, list]) => (list as CelList).size],
    ['@in(A, map<A, B>): bool', (a, b) => contains(b, a)],
    ...selections(),
  ],
};

/** For checking only: the interpreter plans these by itself. */
function selections(): FunctionEntry[] {
  const unplanned = (): never => {
    throw noSuchOverload();
  };
  const signatures = [
    '_[_](list<A>, int): A',
    '_[_](map<A, B>, A): B',
    '_[_](optional<list<V>>, int): optional<V>',
    '_[_](optional<map<K, V>>, K): optional<V>',
    '_[?_](list<V>, int): optional<V>',
    '_[?_](optional<list<V>>, int): optional<V>',
    '_[?_](map<K, V>, K): optional<V>',
    '_[?_](optional<map<K, V>>, K): optional<V>',
    '_?_:_(bool, A, A): A',
    '_&&_(bool, bool): bool',
    '_||_(bool, bool): bool',
    '@not_strictly_false(bool): bool',
  ];
  return signatures.map((signature) => [signature, unplanned]);
}

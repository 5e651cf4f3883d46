import { celEqual } from '../equality.ts';
import type { Library } from '../environment.ts';
import { EvaluationError } from '../errors.ts';
import {
  ArrayList,
  CelDuration,
  CelList,
  CelMap,
  CelOptional,
  CelTimestamp,
  CelUint,
  type CelValue,
} from '../values.ts';

const isZero = (value: CelValue): boolean => {
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelOptional) return value.value === undefined;
  const zeros = [null, false, 0n, 0, '', new CelUint(0n), new CelDuration(0n)];
  return !(value instanceof CelTimestamp) && zeros.some((zero) => celEqual(zero, value));
};

/** `optional.of(x)`, `.orValue(x)`; `a.?b`, `a[?b]` and `optMap` are syntax. */
export const optionals: Library = {
  functions: [
    ['`optional.of`(V): optional<V>', (value) => CelOptional.of(value)],
    [
      '`optional.ofNonZeroValue`(V): optional<V>',
      (value) => (isZero(value) ? CelOptional.none : CelOptional.of(value)),
    ],
    ['`optional.none`(): optional<V>', () => CelOptional.none],
    ['`optional.unwrap`(list<optional<V>>): list<V>', (list) => unwrapAll(list as CelList)],
    ['list<optional<V>>.unwrapOpt(): list<V>', (list) => unwrapAll(list as CelList)],
    ['optional<V>.hasValue(): bool', (value) => (value as CelOptional).value !== undefined],
    [
      'optional<V>.value(): V',
      (value) => {
        const held = (value as CelOptional).value;
        if (held === undefined) throw new EvaluationError('optional.none() dereference');
        return held;
      },
    ],
    ['optional<V>.or(optional<V>): optional<V>', (a, b) => ((a as CelOptional).value === undefined ? b! : a!)],
    [
      'optional<V>.orValue(V): V',
      (a, b) => {
        const held = (a as CelOptional).value;
        return held === undefined ? b! : held;
      },
    ],
  ],
};

function unwrapAll(list: CelList): CelList {
  const values: CelValue[] = [];
  for (const element of list.values()) {
    if (element instanceof CelOptional && element.value !== undefined) values.push(element.value);
  }
  return new ArrayList(values);
}

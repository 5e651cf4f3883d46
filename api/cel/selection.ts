import { EvaluationError, noSuchKey } from './errors.ts';
import { displayValue } from './display.ts';
import { CelList, CelMap, CelObject, CelOptional, CelUint, type CelValue } from './values.ts';

/** An index into a list: ints, uints, and doubles without a fraction. */
const listIndex = (key: CelValue): number => {
  if (typeof key === 'bigint') return Number(key);
  if (key instanceof CelUint) return Number(key.value);
  if (typeof key === 'number' && Number.isInteger(key)) return key;
  throw new EvaluationError('no such overload');
};

/** What `target` holds under `key`; undefined where there is nothing. */
const find = (target: CelValue, key: CelValue): CelValue | undefined => {
  if (target instanceof CelMap) return target.find(key);
  if (target instanceof CelObject) return typeof key === 'string' ? target.get(key) : undefined;
  if (target instanceof CelList) {
    const index = listIndex(key);
    return index >= 0 && index < target.size ? target.get(index) : undefined;
  }
  return undefined;
};

const missing = (target: CelValue, key: CelValue): EvaluationError =>
  target instanceof CelList
    ? new EvaluationError(`index out of bounds: ${displayValue(key)}`)
    : noSuchKey(displayValue(key));

/** `target[key]` and `target.key`; of an optional, what its value holds there, as an optional. */
export const selectIndex = (target: CelValue, key: CelValue): CelValue => {
  if (target instanceof CelOptional) {
    if (target.value === undefined) return CelOptional.none;
    const inner = target.value;
    const present = inner instanceof CelObject ? typeof key === 'string' && inner.has(key) : true;
    const value = present ? find(inner, key) : undefined;
    return value === undefined ? CelOptional.none : CelOptional.of(value);
  }
  const value = find(target, key);
  if (value === undefined) throw missing(target, key);
  return value;
};

export const selectField = (target: CelValue, field: string): CelValue => {
  if (target instanceof CelList) throw new EvaluationError('no such overload');
  return selectIndex(target, field);
};

/** `has(target.field)` */
export const testField = (target: CelValue, field: string): boolean => {
  if (target instanceof CelOptional) return target.value !== undefined && testField(target.value, field);
  if (target instanceof CelObject) {
    if (target.get(field) === undefined) throw noSuchKey(field);
    return target.has(field);
  }
  if (target instanceof CelMap) return target.find(field) !== undefined;
  throw new EvaluationError('no such overload');
};

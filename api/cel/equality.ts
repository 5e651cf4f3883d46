import { CelType } from './types.ts';
import {
  CelDuration,
  CelList,
  CelMap,
  CelObject,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelUint,
  type CelValue,
} from './values.ts';

export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** Code points in order, as bytes of UTF-8 are ordered; UTF-16 orders the rare ones before some others. */
export const compareStrings = (a: string, b: string): number => {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    const leftSurrogate = left >= 0xd800 && left <= 0xdfff;
    const rightSurrogate = right >= 0xd800 && right <= 0xdfff;
    return leftSurrogate === rightSurrogate ? left - right : leftSurrogate ? 1 : -1;
  }
  return a.length - b.length;
};

export const asNumeric = (value: CelValue): bigint | number | undefined => {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof CelUint ? value.value : undefined;
};

const listsEqual = (a: CelList, b: CelList): boolean => {
  if (a.equals !== undefined) return a.equals(b, celEqual);
  if (b.equals !== undefined) return b.equals(a, celEqual);
  if (a.size !== b.size) return false;
  for (let index = 0; index < a.size; index++) if (!celEqual(a.get(index), b.get(index))) return false;
  return true;
};

const mapsEqual = (a: CelMap, b: CelMap): boolean => {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const right = b.find(key);
    if (right === undefined || !celEqual(a.find(key)!, right)) return false;
  }
  return a.restEquals?.(b) ?? true;
};

const objectsEqual = (a: CelObject, b: CelObject): boolean => {
  if (!a.type.equals(b.type)) return false;
  for (const field of new Set([...a.fields(), ...b.fields()])) {
    if (a.has(field) !== b.has(field)) return false;
    if (a.has(field) && !celEqual(a.get(field)!, b.get(field)!)) return false;
  }
  return true;
};

const optionalsEqual = (a: CelOptional, b: CelOptional): boolean =>
  a.value === undefined || b.value === undefined ? a.value === b.value : celEqual(a.value, b.value);

/** Values of different types are unequal, but numbers are compared by what they are worth. */
export const celEqual = (a: CelValue, b: CelValue): boolean => {
  const left = asNumeric(a);
  if (left !== undefined) {
    const right = asNumeric(b);
    // bigint and number are compared by value, exactly: this is what == is for
    return right !== undefined && left == right;
  }
  if (a === b) return true;
  if (a instanceof CelList) return b instanceof CelList && listsEqual(a, b);
  if (a instanceof CelMap) return b instanceof CelMap && mapsEqual(a, b);
  if (a instanceof CelObject) return b instanceof CelObject && objectsEqual(a, b);
  if (a instanceof CelOptional) return b instanceof CelOptional && optionalsEqual(a, b);
  if (a instanceof CelOpaque) return b instanceof CelOpaque && a.type.equals(b.type) && a.equals(b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.nanos === b.nanos;
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanos === b.nanos;
  // at runtime lists and maps have no parameters
  if (a instanceof CelType) return b instanceof CelType && a.kind === b.kind && a.name === b.name;
  return false;
};

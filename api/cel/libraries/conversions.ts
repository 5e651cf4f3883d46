import { checkedInt, checkedTimestamp, checkedUint } from '../arithmetic.ts';
import { displayValue, formatDouble, formatDuration, formatTimestamp } from '../display.ts';
import type { Library } from '../environment.ts';
import { EvaluationError } from '../errors.ts';
import { parseDuration, parseTimestamp } from '../time-text.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  optionalType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from '../types.ts';
import {
  CelDuration,
  CelUint,
  runtimeType,
  type CelList,
  type CelMap,
  type CelTimestamp,
  type CelValue,
} from '../values.ts';
import { traversal } from './costs.ts';

const nanosPerSecond = 1_000_000_000n;
/** The doubles next to the ends of the ints: what lies beyond does not fit. */
const intLimit = 2 ** 63;
const uintLimit = 2 ** 64;

const same = (value: CelValue): CelValue => value;

const doubleToInt = (value: number): bigint => {
  if (!(value > -intLimit && value < intLimit)) throw new EvaluationError('integer overflow');
  return BigInt(Math.trunc(value));
};

const doubleToUint = (value: number): CelUint => {
  if (!(value >= 0 && value < uintLimit)) throw new EvaluationError('unsigned integer overflow');
  return new CelUint(BigInt(Math.trunc(value)));
};

const conversionError = (from: string, to: string): EvaluationError =>
  new EvaluationError(`type conversion error from '${from}' to '${to}'`);

const stringToInt = (text: string): bigint => {
  if (!/^[+-]?\d+$/.test(text)) throw conversionError('string', 'int');
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > 2n ** 63n - 1n || value < -(2n ** 63n)) throw conversionError('string', 'int');
  return value;
};

const stringToUint = (text: string): CelUint => {
  if (!/^\d+$/.test(text) || BigInt(text) > 2n ** 64n - 1n) throw conversionError('string', 'uint');
  return new CelUint(BigInt(text));
};

const stringToDouble = (text: string): number => {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw conversionError('string', 'double');
  return Number(text);
};

const stringToBool = (text: string): boolean => {
  if (['1', 't', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw conversionError('string', 'bool');
};

const stringToDuration = (text: string): CelDuration => {
  const value = parseDuration(text);
  if (value === undefined) throw conversionError('string', 'google.protobuf.Duration');
  return value;
};

const stringToTimestamp = (text: string): CelTimestamp => {
  const value = parseTimestamp(text);
  if (value === undefined) throw conversionError('string', 'google.protobuf.Timestamp');
  return value;
};

const bytesToString = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string');
  }
};

/** Code points, not UTF-16 units. */
const stringSize = (text: string): bigint => {
  let size = 0n;
  for (const _ of text) size++;
  return size;
};

const floorDivide = (a: bigint, b: bigint): bigint => a / b - (a % b < 0n ? 1n : 0n);

const sizeFunctions = (['size(TYPE): int', 'TYPE.size(): int'] as const).flatMap((pattern) =>
  (
    [
      ['string', (value: CelValue) => stringSize(value as string)],
      ['bytes', (value: CelValue) => BigInt((value as Uint8Array).length)],
      ['list<A>', (value: CelValue) => BigInt((value as CelList).size)],
      ['map<A, B>', (value: CelValue) => BigInt((value as CelMap).size)],
    ] as const
  ).map(([type, run]) => [pattern.replace('TYPE', type), run] as const),
);

/** `int("1")`, `string(1)`, `type(x)`, `size(x)`. */
export const conversions: Library = {
  types: [
    boolType,
    bytesType,
    doubleType,
    intType,
    nullType,
    stringType,
    typeType,
    uintType,
    durationType,
    timestampType,
    listType(dynType),
    mapType(dynType, dynType),
    optionalType(dynType),
  ],
  functions: [
    ['dyn(A): dyn', same],
    ['type(A): type<A>', (value) => runtimeType(value)],
    ['bool(bool): bool', same],
    ['bool(string): bool', (value) => stringToBool(value as string)],
    ['bytes(bytes): bytes', same],
    ['bytes(string): bytes', (value) => new TextEncoder().encode(value as string), traversal()],
    ['double(double): double', same],
    ['double(int): double', (value) => Number(value)],
    ['double(string): double', (value) => stringToDouble(value as string)],
    ['double(uint): double', (value) => Number((value as CelUint).value)],
    ['duration(duration): duration', same],
    ['duration(int): duration', (value) => new CelDuration(value as bigint)],
    ['duration(string): duration', (value) => stringToDuration(value as string)],
    ['int(int): int', same],
    ['int(double): int', (value) => doubleToInt(value as number)],
    ['int(duration): int', (value) => (value as CelDuration).nanos],
    ['int(string): int', (value) => stringToInt(value as string)],
    ['int(timestamp): int', (value) => floorDivide((value as CelTimestamp).nanos, nanosPerSecond)],
    ['int(uint): int', (value) => checkedInt((value as CelUint).value)],
    ['string(string): string', same],
    ['string(bool): string', displayValue],
    ['string(bytes): string', (value) => bytesToString(value as Uint8Array), traversal()],
    ['string(double): string', (value) => formatDouble(value as number)],
    ['string(duration): string', (value) => formatDuration(value as CelDuration)],
    ['string(int): string', displayValue],
    ['string(timestamp): string', (value) => formatTimestamp(value as CelTimestamp)],
    ['string(uint): string', (value) => String((value as CelUint).value)],
    ['timestamp(timestamp): timestamp', same],
    ['timestamp(int): timestamp', (value) => checkedTimestamp((value as bigint) * nanosPerSecond)],
    ['timestamp(string): timestamp', (value) => stringToTimestamp(value as string)],
    ['uint(uint): uint', same],
    ['uint(double): uint', (value) => doubleToUint(value as number)],
    ['uint(int): uint', (value) => new CelUint(checkedUint(value as bigint))],
    ['uint(string): uint', (value) => stringToUint(value as string)],
    ...sizeFunctions,
  ],
};

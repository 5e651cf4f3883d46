/** JSON as CEL values, turned into them only where an expression looks, and back. */
import { bytesToBase64 } from '../meta/base64.ts';
import { formatDuration, formatTimestamp } from './display.ts';
import { EvaluationError } from './errors.ts';
import {
  CelDuration,
  CelList,
  CelMap,
  CelObject,
  CelOptional,
  CelTimestamp,
  CelUint,
  runtimeType,
  type CelValue,
} from './values.ts';

export type Json = Readonly<Record<string, unknown>>;

class JsonList extends CelList {
  readonly #items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    super();
    this.#items = items;
  }
  get size(): number {
    return this.#items.length;
  }
  get(index: number): CelValue {
    return fromJson(this.#items[index]);
  }
}

class JsonMap extends CelMap {
  readonly #object: Json;
  constructor(object: Json) {
    super();
    this.#object = object;
  }
  get size(): number {
    return Object.keys(this.#object).length;
  }
  find(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#object, key)) return undefined;
    const value = this.#object[key];
    return value === undefined ? undefined : fromJson(value);
  }
  keys(): Iterable<CelValue> {
    return Object.keys(this.#object);
  }
}

/** JSON that no schema describes: numbers without a fraction are ints. */
export const fromJson = (value: unknown): CelValue => {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) && Math.abs(value) <= 2 ** 63 ? BigInt(value) : value;
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    default:
  }
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return new JsonList(value);
  return new JsonMap(value as Json);
};

const keyText = (key: CelValue): string => {
  if (typeof key !== 'string') throw new EvaluationError(`unsupported map key type ${runtimeType(key).name}`);
  return key;
};

/** A value as JSON; integers that a double cannot hold lose digits. */
export const toJson = (value: CelValue): unknown => {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
    return value;
  }
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CelUint) return Number(value.value);
  if (value instanceof Uint8Array) return bytesToBase64(value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDuration(value);
  if (value instanceof CelList) return Array.from(value.values(), toJson);
  if (value instanceof CelMap) {
    return Object.fromEntries(Array.from(value.keys(), (key) => [keyText(key), toJson(value.find(key)!)]));
  }
  if (value instanceof CelOptional) return value.value === undefined ? null : toJson(value.value);
  if (value instanceof CelObject) {
    const set = Array.from(value.fields()).filter((field) => value.has(field));
    return Object.fromEntries(set.map((field) => [field, toJson(value.get(field)!)]));
  }
  throw new EvaluationError(`unsupported conversion of ${runtimeType(value).name} to JSON`);
};

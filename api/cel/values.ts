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
  CelType,
} from './types.ts';

export const intMax = 2n ** 63n - 1n;
export const intMin = -(2n ** 63n);
export const uintMax = 2n ** 64n - 1n;

/** Unsigned; signed integers are plain bigints, and doubles plain numbers. */
export class CelUint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

export class CelTimestamp {
  /** since 1970, UTC */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class CelDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class CelOptional {
  static readonly none = new CelOptional(undefined);
  readonly value: CelValue | undefined;

  private constructor(value: CelValue | undefined) {
    this.value = value;
  }
  static of(value: CelValue): CelOptional {
    return new CelOptional(value);
  }
}

export abstract class CelList {
  abstract readonly size: number;
  abstract get(index: number): CelValue;

  /** this list with another behind it */
  concat(other: CelList): CelList {
    return new ArrayList([...this.values(), ...other.values()]);
  }

  /** a meaning of equality that is the list's own: that of sets and of lists that are maps by their keys */
  equals?(other: CelList, equal: (a: CelValue, b: CelValue) => boolean): boolean;

  *values(): Generator<CelValue> {
    for (let index = 0; index < this.size; index++) yield this.get(index);
  }
}

/** Lists share their backing: appending to the one that ends where the backing ends copies nothing. */
export class ArrayList extends CelList {
  readonly #backing: CelValue[];
  readonly size: number;

  constructor(backing: CelValue[], size = backing.length) {
    super();
    this.#backing = backing;
    this.size = size;
  }

  get(index: number): CelValue {
    return this.#backing[index]!;
  }

  override concat(other: CelList): CelList {
    if (other.size === 0) return this;
    const owned = this.#backing.length === this.size && this.size > 0;
    const backing = owned ? this.#backing : this.#backing.slice(0, this.size);
    const { size } = other;
    for (let index = 0; index < size; index++) backing.push(other.get(index));
    return new ArrayList(backing);
  }
}

export abstract class CelMap {
  abstract readonly size: number;
  abstract find(key: CelValue): CelValue | undefined;
  abstract keys(): Iterable<CelValue>;

  /** of parts that no key reaches: are they equal? */
  restEquals?(other: CelMap): boolean;
}

/** Numbers that are equal are the same key, whatever their types. */
export const mapKey = (key: CelValue): string | undefined => {
  switch (typeof key) {
    case 'string':
      return `s${key}`;
    case 'boolean':
      return `b${key}`;
    case 'bigint':
      return `n${key}`;
    case 'number':
      return Number.isInteger(key) ? `n${BigInt(key)}` : `n${key}`;
    default:
      return key instanceof CelUint ? `n${key.value}` : undefined;
  }
};

export class EntryMap extends CelMap {
  readonly #entries: ReadonlyMap<string, readonly [CelValue, CelValue]>;

  constructor(entries: ReadonlyMap<string, readonly [CelValue, CelValue]>) {
    super();
    this.#entries = entries;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(key: CelValue): CelValue | undefined {
    return this.#entries.get(mapKey(key) ?? '')?.[1];
  }

  *keys(): Generator<CelValue> {
    for (const [key] of this.#entries.values()) yield key;
  }

  with(key: CelValue, value: CelValue): EntryMap {
    return new EntryMap(new Map(this.#entries).set(mapKey(key) ?? '', [key, value]));
  }
}

/** A value with named fields of declared types: the request of an admission, a patch. */
export abstract class CelObject {
  abstract readonly type: CelType;
  /** undefined: there is no such field; a field that is not set answers with its default value */
  abstract get(field: string): CelValue | undefined;
  /** is it set? */
  abstract has(field: string): boolean;
  abstract fields(): Iterable<string>;
}

/** Values of extension libraries: quantities, URLs, addresses, authorizers. */
export abstract class CelOpaque {
  abstract readonly type: CelType;
  abstract equals(other: CelOpaque): boolean;
}

export type CelValue =
  | null
  | boolean
  | bigint
  | CelUint
  | number
  | string
  | Uint8Array
  | CelTimestamp
  | CelDuration
  | CelList
  | CelMap
  | CelObject
  | CelOptional
  | CelOpaque
  | CelType;

/** The type of a value as it is at runtime: lists and maps hold anything. */
export const runtimeType = (value: CelValue): CelType => {
  switch (typeof value) {
    case 'boolean':
      return boolType;
    case 'bigint':
      return intType;
    case 'number':
      return doubleType;
    case 'string':
      return stringType;
    default:
  }
  if (value === null) return nullType;
  if (value instanceof CelUint) return uintType;
  if (value instanceof Uint8Array) return bytesType;
  if (value instanceof CelTimestamp) return timestampType;
  if (value instanceof CelDuration) return durationType;
  if (value instanceof CelList) return anyList;
  if (value instanceof CelMap) return anyMap;
  if (value instanceof CelOptional) return anyOptional;
  if (value instanceof CelType) return typeType;
  return value.type;
};

const anyList = listType(dynType);
const anyMap = mapType(dynType, dynType);
const anyOptional = optionalType(dynType);

/** Number of elements, code points or bytes; 1 for what has no size. What costs are counted by. */
export const sizeOf = (value: CelValue): number => {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  if (value instanceof CelOptional && value.value !== undefined) return sizeOf(value.value);
  return 1;
};

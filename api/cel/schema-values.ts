/** JSON that a schema describes, as CEL values: read where an expression looks. */
import { base64ToBytes } from '../meta/base64.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { EvaluationError } from './errors.ts';
import { fromJson, type Json } from './json-values.ts';
import type { ListShape, MapShape, ObjectShape, ScalarShape, Shape } from './schema-shape.ts';
import { parseDuration, parseTimestamp } from './time-text.ts';
import { ArrayList, CelList, CelMap, type CelValue } from './values.ts';

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'object':
      return 'map[string]interface {}';
    case 'number':
      return Number.isInteger(value) ? 'int64' : 'float64';
    case 'boolean':
      return 'bool';
    default:
      return typeof value;
  }
};

const invalid = (expected: string, value: unknown): EvaluationError =>
  new EvaluationError(`invalid data, expected ${expected}, got ${describe(value)}`);

const textValue = (shape: ScalarShape, text: string): CelValue => {
  const bad = (what: string): EvaluationError => new EvaluationError(`Invalid ${what} ${text}`);
  switch (shape.kind) {
    case 'duration': {
      const duration = parseDuration(text);
      if (duration === undefined) throw bad('duration');
      return duration;
    }
    case 'date':
    case 'dateTime': {
      const moment = parseTimestamp(shape.kind === 'date' ? `${text}T00:00:00Z` : text);
      if (moment === undefined) throw bad(`${shape.kind === 'date' ? 'date' : 'date-time'} formatted string`);
      return moment;
    }
    case 'bytes': {
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
        throw bad('byte formatted string');
      return base64ToBytes(text);
    }
    default:
      return text;
  }
};

const scalarValue = (shape: ScalarShape, value: unknown): CelValue => {
  switch (shape.kind) {
    case 'dyn':
      return fromJson(value);
    case 'intOrString':
      if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return fromJson(value);
      throw new EvaluationError('invalid data, expected XIntOrString value to be either a string or integer');
    case 'int':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw invalid('int', value);
      return BigInt(value);
    case 'double':
      if (typeof value !== 'number') throw invalid('float', value);
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw invalid('bool', value);
      return value;
    default:
      if (typeof value !== 'string') throw invalid('string', value);
      return textValue(shape, value);
  }
};

/** The value of JSON that fits the shape. Throws an EvaluationError where it does not. */
export const valueOf = (shape: Shape, value: unknown): CelValue => {
  if (value === null || value === undefined) {
    if (shape.nullable || shape.kind === 'dyn') return null;
    throw new EvaluationError('invalid data, got null for schema with nullable=false');
  }
  switch (shape.kind) {
    case 'list':
      if (!Array.isArray(value)) {
        throw new EvaluationError('invalid data, expected an array for the provided schema with type=array');
      }
      return new SchemaList(shape, value);
    case 'map':
    case 'object':
      if (typeof value !== 'object' || Array.isArray(value)) {
        throw new EvaluationError('invalid data, expected a map for the provided schema with type=object');
      }
      return shape.kind === 'map' ? new SchemaMap(shape, value as Json) : new SchemaObject(shape, value as Json);
    default:
      return scalarValue(shape, value);
  }
};

/** A list; sets and maps by their keys are equal in any order, and `+` is union and merge. */
class SchemaList extends CelList {
  readonly #shape: ListShape;
  readonly #items: readonly unknown[];

  constructor(shape: ListShape, items: readonly unknown[]) {
    super();
    this.#shape = shape;
    this.#items = items;
    if (shape.listType === 'set' || shape.listType === 'map') {
      this.equals = (other, equal) => this.#equalsUnordered(other, equal);
    }
  }

  override equals?: (other: CelList, equal: (a: CelValue, b: CelValue) => boolean) => boolean;

  get size(): number {
    return this.#items.length;
  }

  get(index: number): CelValue {
    return valueOf(this.#shape.element, this.#items[index]);
  }

  /** What makes two elements the same entry. */
  #identity(value: CelValue): string {
    if (this.#shape.listType === 'set') return JSON.stringify(plain(value));
    const entry = value as SchemaObject;
    return JSON.stringify(this.#shape.keys.map((key) => entry.json[key] ?? null));
  }

  #equalsUnordered(other: CelList, equal: (a: CelValue, b: CelValue) => boolean): boolean {
    if (other.size !== this.size) return false;
    const own = new Map(Array.from(this.values(), (value) => [this.#identity(value), value]));
    const seen = new Set<string>();
    for (const value of other.values()) {
      const id = this.#identity(value);
      const mine = own.get(id);
      if (mine === undefined || !equal(mine, value)) return false;
      seen.add(id);
    }
    return seen.size === own.size;
  }

  override concat(other: CelList): CelList {
    if (this.equals === undefined) return super.concat(other);
    const merged = new Map(Array.from(this.values(), (value) => [this.#identity(value), value]));
    for (const value of other.values()) {
      const id = this.#identity(value);
      if (this.#shape.listType === 'map' || !merged.has(id)) merged.set(id, value);
    }
    return new ArrayList(Array.from(merged.values()));
  }
}

const plain = (value: CelValue): unknown => {
  if (value instanceof SchemaObject) return value.json;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof CelList ? Array.from(value.values(), plain) : value;
};

class SchemaMap extends CelMap {
  readonly #shape: MapShape;
  readonly #object: Json;

  constructor(shape: MapShape, object: Json) {
    super();
    this.#shape = shape;
    this.#object = object;
  }
  get size(): number {
    return Object.keys(this.#object).length;
  }
  find(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#object, key)) return undefined;
    return valueOf(this.#shape.value, this.#object[key]);
  }
  keys(): Iterable<CelValue> {
    return Object.keys(this.#object);
  }
}

/** An object: its fields by their escaped names. What the schema does not know is seen by equality only. */
class SchemaObject extends CelMap {
  readonly #shape: ObjectShape;
  readonly json: Json;

  constructor(shape: ObjectShape, json: Json) {
    super();
    this.#shape = shape;
    this.json = json;
  }
  get size(): number {
    return Object.keys(this.json).length;
  }
  find(key: CelValue): CelValue | undefined {
    const field = typeof key === 'string' ? this.#shape.fields.get(key) : undefined;
    if (field === undefined || !Object.hasOwn(this.json, field.name)) return undefined;
    const value = this.json[field.name];
    // A null where none is allowed is as good as absent: defaults and pruning have taken it away.
    if (value === undefined || (value === null && !field.shape.nullable)) return undefined;
    return valueOf(field.shape, value);
  }
  *keys(): Generator<CelValue> {
    for (const [escaped, { name }] of this.#shape.fields) if (Object.hasOwn(this.json, name)) yield escaped;
  }
  /** What the schema does not describe is compared where both have it. */
  override restEquals(other: CelMap): boolean {
    if (!(other instanceof SchemaObject)) return true;
    const known = new Set(Array.from(this.#shape.fields.values(), ({ name }) => name));
    const shared = Object.keys(this.json).filter((name) => !known.has(name) && Object.hasOwn(other.json, name));
    return shared.every((name) => deepEqual(this.json[name], other.json[name]));
  }
}

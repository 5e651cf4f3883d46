/**
 * What server-side apply must know of a type: where objects are merged field by field, where lists are merged item by
 * item, and what is replaced whole. Built-in kinds take it from the type table (table-schema.ts), custom resources from
 * their structural schema (openapi-schema.ts), and objects without a schema from their values (`deducedSchema`).
 */
export interface TypedSchema {
  /** Where several are there, the value decides. */
  readonly scalar?: ScalarKind;
  readonly list?: ListSchema;
  readonly map?: MapSchema;
}

export type ScalarKind = 'numeric' | 'string' | 'boolean' | 'untyped';

export interface ListSchema {
  /** items are told apart by their keys, or by their value where there are no keys */
  readonly associative: boolean;
  /** as declared */
  readonly keys: readonly string[];
  /** looked up late: types may contain themselves */
  element(): TypedSchema;
}

export interface MapSchema {
  readonly atomic: boolean;
  /** a declared field; undefined: it is none */
  field(name: string): TypedSchema | undefined;
  /** values of keys that are not declared; undefined: there may be none */
  others(): TypedSchema | undefined;
  /** what a declared field is where an item of a list leaves it out: keys may have defaults */
  defaultOf(name: string): unknown;
}

const nothing = (): undefined => undefined;
const mapOf = (atomic: boolean, others: () => TypedSchema): MapSchema => ({
  atomic,
  field: nothing,
  others,
  defaultOf: nothing,
});

/** Anything, replaced whole. */
export const atomicSchema: TypedSchema = {
  scalar: 'untyped',
  list: { associative: false, keys: [], element: () => atomicSchema },
  map: mapOf(true, () => atomicSchema),
};

/** Anything: objects are merged, lists replaced whole. */
export const deducedSchema: TypedSchema = {
  scalar: 'untyped',
  list: { associative: false, keys: [], element: () => atomicSchema },
  map: mapOf(false, () => deducedSchema),
};

export type AtomKind = 'map' | 'scalar' | 'list';

/** As which of its kinds a value is to be handled; undefined (no value) and null take any. */
export function kindOfValue(schema: TypedSchema, value: unknown): AtomKind | undefined {
  if (value !== undefined && value !== null) {
    if (typeof value !== 'object') {
      if (schema.scalar !== undefined) return 'scalar';
    } else if (Array.isArray(value)) {
      if (schema.list !== undefined) return 'list';
    } else if (schema.map !== undefined) return 'map';
  }
  if (schema.map !== undefined) return 'map';
  if (schema.scalar !== undefined) return 'scalar';
  return schema.list === undefined ? undefined : 'list';
}

export const valueSchema = (map: MapSchema, key: string): TypedSchema | undefined => map.field(key) ?? map.others();

/** Whether only the values say what it is: nothing to hold a set of fields against. */
export const isDeduced = (map: MapSchema): boolean => map.others() === deducedSchema && map.field === nothing;

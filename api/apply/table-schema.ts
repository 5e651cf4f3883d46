/** Typed schemas of built-in types, from the type table. */
import { schemaOf, structOf, type GroupVersionKind, type SchemaField, type TypeNode } from '../schema/schema.ts';
import type { FieldFact } from '../schema/table.ts';
import { atomicSchema, deducedSchema, type ListSchema, type MapSchema, type TypedSchema } from './typed-schema.ts';

const structs = new Map<string, TypedSchema>();

/** The schema of a struct by its full name, e.g. `io.k8s.api.core.v1.Pod`. */
export function tableSchema(typeName: string): TypedSchema {
  const known = structs.get(typeName);
  if (known !== undefined) return known;
  const made: TypedSchema = { map: structMap(typeName, structOf(typeName).atomic) };
  structs.set(typeName, made);
  return made;
}

/** Undefined: the table has no such kind. */
export function tableSchemaOf(gvk: GroupVersionKind): TypedSchema | undefined {
  const struct = schemaOf(gvk);
  return struct === undefined ? undefined : tableSchema(struct.name);
}

function structMap(typeName: string, atomic: boolean): MapSchema {
  const { fields } = structOf(typeName);
  const made = new Map<string, TypedSchema>();
  return {
    atomic,
    field(name) {
      const known = made.get(name);
      if (known !== undefined) return known;
      const field = fields.get(name);
      if (field === undefined) return undefined;
      const schema = schemaOfNode(field.node, field.fact);
      made.set(name, schema);
      return schema;
    },
    others: () => (fields.size === 0 ? deducedSchema : undefined),
    defaultOf(name) {
      const field = fields.get(name);
      return field === undefined ? undefined : keyDefault(field);
    },
  };
}

const zeros: Partial<Record<TypeNode['kind'], unknown>> = { string: '', int32: 0, int64: 0, float64: 0, bool: false };

/** A field that is always written has its zero value as default. */
function keyDefault({ node, fact }: SchemaField): unknown {
  if (fact.default !== undefined && !fact.default.startsWith('ref(')) return JSON.parse(fact.default) as unknown;
  return fact.omitempty || fact.pointer ? undefined : zeros[node.kind];
}

const atomic = new Map<string, TypedSchema>();

/** A struct that one field replaces whole, or merges, against its own rule. */
function structAs(typeName: string, isAtomic: boolean): TypedSchema {
  const own = tableSchema(typeName);
  if (own.map?.atomic === isAtomic) return own;
  const key = `${isAtomic ? 'atomic' : 'granular'} ${typeName}`;
  const known = atomic.get(key);
  if (known !== undefined) return known;
  const made: TypedSchema = { map: structMap(typeName, isAtomic) };
  atomic.set(key, made);
  return made;
}

const anything: TypedSchema = {
  scalar: 'untyped',
  list: { associative: false, keys: [], element: () => atomicSchema },
  map: { ...(deducedSchema.map as MapSchema) },
};
const anyMap: TypedSchema = { map: deducedSchema.map };
const scalarSchemas = {
  string: { scalar: 'string' },
  numeric: { scalar: 'numeric' },
  boolean: { scalar: 'boolean' },
  untyped: { scalar: 'untyped' },
} as const;

function schemaOfNode(node: TypeNode, fact?: FieldFact): TypedSchema {
  switch (node.kind) {
    case 'struct':
      return fact?.mapType === undefined ? tableSchema(node.name) : structAs(node.name, fact.mapType === 'atomic');
    case 'list':
      return { list: listSchema(node.element, fact) };
    case 'map': {
      const element = schemaOfNode(node.element);
      return {
        map: {
          atomic: fact?.mapType === 'atomic',
          field: () => undefined,
          others: () => element,
          defaultOf: () => undefined,
        },
      };
    }
    case 'string':
    case 'bytes':
      return scalarSchemas.string;
    case 'bool':
      return scalarSchemas.boolean;
    case 'int32':
    case 'int64':
    case 'float64':
      return scalarSchemas.numeric;
    case 'rawExtension':
      return atomicSchema;
    case 'any':
    case 'schemaOr':
      return anything;
    case 'fieldsV1':
      return node.go === 'v1.JSON' ? anything : anyMap;
    case 'duration':
      return scalarSchemas.string;
    default:
      return scalarSchemas.untyped;
  }
}

/** A list type says it itself; without one the strategy of strategic patches counts. */
function listSchema(element: TypeNode, fact: FieldFact | undefined): ListSchema {
  const merged = fact?.patchStrategy?.split(',').includes('merge') ?? false;
  const keys = fact?.listMapKeys ?? (fact?.listType === undefined && merged ? keysOf(fact?.patchMergeKey) : []);
  const associative = fact?.listType === undefined ? merged : fact.listType !== 'atomic';
  let schema: TypedSchema | undefined;
  return { associative, keys: associative ? keys : [], element: () => (schema ??= schemaOfNode(element)) };
}

const keysOf = (mergeKey: string | undefined): string[] => (mergeKey === undefined ? [] : [mergeKey]);

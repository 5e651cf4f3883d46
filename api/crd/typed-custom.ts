/** How server-side apply merges objects of a structural schema. */
import { tableSchema } from '../apply/table-schema.ts';
import {
  atomicSchema,
  deducedSchema,
  type ListSchema,
  type MapSchema,
  type ScalarKind,
  type TypedSchema,
} from '../apply/typed-schema.ts';
import {
  additionalOf,
  embedded,
  intOrString,
  itemsOf,
  listMapKeys,
  listType,
  mapType,
  preserve,
  propertyOf,
  type SchemaProps,
} from './schema-props.ts';

const text: TypedSchema = { scalar: 'string' };
const metadata = (): TypedSchema => tableSchema('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

const scalars: Readonly<Record<string, ScalarKind>> = {
  string: 'string',
  integer: 'numeric',
  number: 'numeric',
  boolean: 'boolean',
};

const made = new WeakMap<SchemaProps, TypedSchema>();

function typedOf(schema: SchemaProps): TypedSchema {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const typed = make(schema);
  made.set(schema, typed);
  return typed;
}

function make(schema: SchemaProps): TypedSchema {
  if (schema[intOrString]) return { scalar: 'untyped' };
  const scalar = scalars[schema.type ?? ''];
  if (scalar !== undefined) return { scalar };
  if (schema.type === 'array') return { list: listOf(schema) };
  if (schema.type === 'object') return { map: mapOf(schema, schema[embedded] ?? false) };
  return schema[preserve] ? deducedSchema : atomicSchema;
}

function listOf(schema: SchemaProps): ListSchema {
  const items = itemsOf(schema);
  const type = schema[listType] ?? 'atomic';
  return {
    associative: type !== 'atomic',
    keys: type === 'map' ? (schema[listMapKeys] ?? []) : [],
    element: () => (items === undefined ? atomicSchema : typedOf(items)),
  };
}

function mapOf(schema: SchemaProps, isResource: boolean): MapSchema {
  const additional = additionalOf(schema);
  const isOpen = schema[preserve] || schema.additionalProperties === true;
  const isEmpty = schema.properties === undefined && schema.additionalProperties === undefined && !isResource;
  return {
    atomic: schema[mapType] === 'atomic',
    field(name) {
      if (isResource && name === 'metadata') return metadata();
      if (isResource && (name === 'apiVersion' || name === 'kind')) return text;
      const property = propertyOf(schema, name);
      return property === undefined ? undefined : typedOf(property);
    },
    others: () => (additional !== undefined ? typedOf(additional) : isOpen || isEmpty ? deducedSchema : undefined),
    defaultOf: (name) => propertyOf(schema, name)?.default,
  };
}

/** Of a custom kind; without a schema, of what its values look like. */
export function typedCustomSchema(schema: SchemaProps | undefined): TypedSchema {
  if (schema === undefined) {
    const map = mapOf({ type: 'object', [preserve]: true }, true);
    return { map };
  }
  return { map: mapOf(schema, true) };
}

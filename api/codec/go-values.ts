/**
 * When Go's encoding/json writes a field. Objects are kept in exactly that form, so that what we answer is what a real
 * server answers: no nulls, no empty optional lists, but `status: {}` and a required `containers: null`.
 */
import type { SchemaField, StructSchema, TypeNode } from '../schema/schema.ts';
import { structOf } from '../schema/schema.ts';

/** The field is to be left out of its struct. */
export const omitted: unique symbol = Symbol('omitted');

/** Types whose zero value is a struct to Go, so that `omitempty` never leaves them out. */
const structLike = new Set<TypeNode['kind']>([
  'struct',
  'time',
  'microTime',
  'quantity',
  'intOrString',
  'rawExtension',
  'duration',
]);

const zeroValues: Partial<Record<TypeNode['kind'], unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  quantity: '0',
  intOrString: 0,
  duration: '0s',
};

/** What Go's zero value of that type is in JSON. */
export function zeroOf(node: TypeNode): unknown {
  if (node.kind === 'struct') return finishStruct(structOf(node.name), {});
  return zeroValues[node.kind] ?? null;
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && (Array.isArray(value) ? value.length : Object.keys(value).length) === 0);

/** The field's value as Go would write it, or `omitted`. `value` undefined means the input had none (or null). */
export function fieldValue(field: SchemaField, value: unknown): unknown {
  const { pointer, omitempty, omitzero } = field.fact;
  if (pointer || field.node.kind === 'any') {
    if (value === undefined || value === null) return omitempty ? omitted : null;
    return value;
  }
  const is = value === undefined ? zeroOf(field.node) : value;
  if (omitzero && is === null) return omitted;
  // the wire of protobuf, which Kubernetes stores, does not tell an empty list from none
  if (Array.isArray(is) && is.length === 0 && !omitempty) return null;
  if (!omitempty || structLike.has(field.node.kind)) return is;
  // an empty list of managers is a wish to forget them; what is stored never has one
  if (field.name === 'managedFields' && Array.isArray(value)) return value;
  return isEmpty(is) ? omitted : is;
}

/** Names of the fields that are written even where the input has none. */
const alwaysWritten = new WeakMap<StructSchema, SchemaField[]>();

function writtenFields(schema: StructSchema): SchemaField[] {
  const known = alwaysWritten.get(schema);
  if (known !== undefined) return known;
  const fields: SchemaField[] = [];
  // set before it is complete: a struct that must contain itself cannot exist
  alwaysWritten.set(schema, fields);
  for (const field of schema.fields.values()) {
    if (schema.hasTypeMeta && (field.name === 'apiVersion' || field.name === 'kind')) continue;
    if (fieldValue(field, undefined) !== omitted) fields.push(field);
  }
  return fields;
}

/** Adds the fields that Go always writes. Changes and returns `object`. */
export function finishStruct(schema: StructSchema, object: Record<string, unknown>): Record<string, unknown> {
  for (const field of writtenFields(schema)) {
    if (!Object.hasOwn(object, field.name)) object[field.name] = fieldValue(field, undefined);
  }
  return object;
}

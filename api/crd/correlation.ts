import { deepEqual } from '../meta/deep-equal.ts';
import { isObject } from '../meta/clone.ts';
import { fieldSchemaOf, itemsOf, listMapKeys, listType, type SchemaProps } from './schema-props.ts';

/** A value that stood at the same place before; undefined: nothing that could be told to be the same thing. */
export interface Old {
  readonly value: unknown;
}

export function oldField(old: Old | undefined, schema: SchemaProps, key: string): Old | undefined {
  if (old === undefined || !isObject(old.value) || !Object.hasOwn(old.value, key)) return undefined;
  return fieldSchemaOf(schema, key) === undefined ? undefined : { value: old.value[key] };
}

const keyOf = (item: unknown, keys: readonly string[]): unknown[] =>
  keys.map((key) => (isObject(item) && Object.hasOwn(item, key) ? item[key] : undefined));

/** Only items of `x-kubernetes-list-type: map` are known again, by their keys. */
export function oldItem(old: Old | undefined, schema: SchemaProps, item: unknown): Old | undefined {
  if (old === undefined || !Array.isArray(old.value) || itemsOf(schema) === undefined) return undefined;
  if (schema[listType] !== 'map' || !isObject(item)) return undefined;
  const keys = schema[listMapKeys] ?? [];
  const wanted = keyOf(item, keys);
  const found = old.value.find((candidate) => isObject(candidate) && deepEqual(keyOf(candidate, keys), wanted));
  return found === undefined ? undefined : { value: found as unknown };
}

export const isUnchanged = (value: unknown, old: Old | undefined): boolean =>
  old !== undefined && deepEqual(value, old.value);

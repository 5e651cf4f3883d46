/** Fields that a structural schema does not know are dropped, as Go drops them when it decodes into a struct. */
import { isObject } from '../meta/clone.ts';
import {
  additionalOf,
  embedded,
  fieldSchemaOf,
  itemsOf,
  preserve,
  propertyOf,
  type SchemaProps,
} from './schema-props.ts';

const metaFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Changes `object`; the paths of what it dropped, sorted. The root's own metadata is nobody's to drop. */
export function prune(object: Record<string, unknown>, schema: SchemaProps | undefined, isRoot = true): string[] {
  const unknown: string[] = [];
  const root = isRoot && !schema?.[embedded] ? { ...schema, [embedded]: true } : schema;
  pruneValue(object, root, '', unknown);
  return unknown.sort();
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function pruneValue(value: unknown, schema: SchemaProps | undefined, path: string, unknown: string[]): void {
  if (schema?.[preserve]) pruneKept(value, schema, path, unknown);
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) pruneValue(item, itemsOf(schema), `${path}[${i}]`, unknown);
  } else if (isObject(value)) pruneFields(value, schema, path, unknown);
}

function pruneFields(
  object: Record<string, unknown>,
  schema: SchemaProps | undefined,
  path: string,
  unknown: string[],
): void {
  for (const key of Object.keys(object)) {
    if (schema?.[embedded] && metaFields.has(key)) continue;
    const at = join(path, key);
    const property = propertyOf(schema, key);
    if (property !== undefined) pruneValue(object[key], property, at, unknown);
    else if (schema?.additionalProperties !== undefined) pruneValue(object[key], additionalOf(schema), at, unknown);
    else {
      if (!metaFields.has(key) || path !== '') unknown.push(at);
      delete object[key];
    }
  }
}

/** Below `x-kubernetes-preserve-unknown-fields`: everything stays, but what has a schema is pruned by it. */
function pruneKept(value: unknown, schema: SchemaProps | undefined, path: string, unknown: string[]): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) pruneKept(item, itemsOf(schema), `${path}[${i}]`, unknown);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (schema[embedded] && metaFields.has(key)) continue;
      const property = propertyOf(schema, key);
      if (property !== undefined) pruneValue(value[key], property, join(path, key), unknown);
      else if (schema.additionalProperties !== undefined) {
        pruneValue(value[key], additionalOf(schema), join(path, key), unknown);
      }
    }
  }
}

/** A null where none may be counts as absent; one that has a default is left for it. Changes `value`. */
export function dropNulls(value: unknown, schema: SchemaProps | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, itemsOf(schema));
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const own = fieldSchemaOf(schema, key);
      const isDropped = value[key] === null && own !== undefined && !own.nullable && own.default === undefined;
      if (isDropped) delete value[key];
      else dropNulls(value[key], own);
    }
  }
}

import { clone, isObject, setOwn } from '../meta/clone.ts';
import { additionalOf, itemsOf, propertyOf, type SchemaProps } from './schema-props.ts';

/** A null that may not be one and has a default counts as absent. */
const isForDefault = (value: unknown, schema: SchemaProps | undefined): boolean =>
  value === null && schema !== undefined && !schema.nullable && schema.default !== undefined;

/** Fills in the schema's defaults, parents before children. Changes `value`. */
export function applySchemaDefaults(value: unknown, schema: SchemaProps | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    for (const [i, item] of value.entries()) {
      if (isForDefault(item, items)) value[i] = clone(items?.default);
      applySchemaDefaults(value[i], items);
    }
  } else if (isObject(value)) defaultFields(value, schema);
}

function defaultFields(object: Record<string, unknown>, schema: SchemaProps): void {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined || property.default === null) continue;
    if (!Object.hasOwn(object, key) || isForDefault(object[key], property))
      setOwn(object, key, clone(property.default));
  }
  for (const key of Object.keys(object)) {
    const property = propertyOf(schema, key);
    const additional = additionalOf(schema);
    if (property === undefined && isForDefault(object[key], additional))
      setOwn(object, key, clone(additional?.default));
    applySchemaDefaults(object[key], property ?? additional);
  }
}

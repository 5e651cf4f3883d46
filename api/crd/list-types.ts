/** `x-kubernetes-list-type` set and map: no item twice. */
import { isObject } from '../meta/clone.ts';
import { duplicate, invalid, type FieldError } from '../meta/field-error.ts';
import { additionalOf, itemsOf, listMapKeys, listType, propertyOf, type SchemaProps } from './schema-props.ts';

export function validateListTypes(value: unknown, schema: SchemaProps | undefined, path = ''): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) return [...ofList(value, schema, path), ...ofItems(value, schema, path)];
  if (!isObject(value)) return [];
  const errors: FieldError[] = [];
  const additional = additionalOf(schema);
  for (const key of Object.keys(value)) {
    if (additional !== undefined) errors.push(...validateListTypes(value[key], additional, `${path}[${key}]`));
    const property = propertyOf(schema, key);
    const at = path === '' ? key : `${path}.${key}`;
    if (property !== undefined) errors.push(...validateListTypes(value[key], property, at));
  }
  return errors;
}

const ofItems = (list: readonly unknown[], schema: SchemaProps, path: string): FieldError[] =>
  list.flatMap((item, i) => validateListTypes(item, itemsOf(schema), `${path}[${i}]`));

function ofList(list: readonly unknown[], schema: SchemaProps, path: string): FieldError[] {
  if (schema[listType] === 'set') return repeated(list).map((i) => duplicate(`${path}[${i}]`, list[i]));
  if (schema[listType] !== 'map') return [];
  const stray = list.findIndex((item) => item !== null && !isObject(item));
  if (stray >= 0) return [invalid(`${path}[${stray}]`, list[stray], 'must be an object for an array of list-type map')];
  const keys = list.map((item) => keyOf(item, schema[listMapKeys] ?? []));
  return repeated(keys).map((i) => duplicate(`${path}[${i}]`, keys[i]));
}

const keyOf = (item: unknown, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    names
      .filter((name) => isObject(item) && Object.hasOwn(item, name))
      .map((name) => [name, (item as Record<string, unknown>)[name]]),
  );

/** The JSON text with sorted keys: equal for equal values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

/** The second appearance of each value that appears more than once. */
function repeated(values: readonly unknown[]): number[] {
  const seen = new Map<string, number>();
  const found: number[] = [];
  for (const [i, value] of values.entries()) {
    const text = canonical(value);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times === 2) found.push(i);
  }
  return found;
}

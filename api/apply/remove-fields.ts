/** An object without some of its fields (structured-merge-diff, typed/remove.go). Shares what it does not change. */
import { isObject, setOwn } from '../meta/clone.ts';
import { childOf, hasBelow, isMember, type FieldSet } from './field-set.ts';
import { itemElement } from './list-items.ts';
import { fieldElement } from './path-element.ts';
import { kindOfValue, valueSchema, type ListSchema, type MapSchema, type TypedSchema } from './typed-schema.ts';

/** null: nothing is left. Fields inside what is atomic are not taken out one by one. */
function without(value: unknown, fields: FieldSet, schema: TypedSchema): unknown {
  const kind = kindOfValue(schema, value);
  if (kind === 'map') return isObject(value) ? mapWithout(value, fields, schema.map as MapSchema) : null;
  if (kind === 'list') return Array.isArray(value) ? listWithout(value, fields, schema.list as ListSchema) : null;
  return value ?? null;
}

function mapWithout(map: Record<string, unknown>, fields: FieldSet, schema: MapSchema): unknown {
  if (schema.atomic) return null;
  const kept: Record<string, unknown> = {};
  let some = false;
  for (const key of Object.keys(map)) {
    const node = childOf(fields, fieldElement(key));
    if (node !== undefined && isMember(node)) continue;
    const own = valueSchema(schema, key);
    const value = node === undefined || own === undefined ? map[key] : without(map[key], node, own);
    setOwn(kept, key, value);
    some = true;
  }
  return some ? kept : null;
}

function listWithout(list: readonly unknown[], fields: FieldSet, schema: ListSchema): unknown {
  if (!schema.associative) return null;
  const kept: unknown[] = [];
  for (const item of list) {
    const node = childOf(fields, itemElement(schema, item));
    if (node !== undefined && isMember(node)) continue;
    kept.push(node !== undefined && hasBelow(node) ? without(item, node, schema.element()) : item);
  }
  return kept.length === 0 ? null : kept;
}

export function removeFields(object: object, fields: FieldSet, schema: TypedSchema): Record<string, unknown> {
  return (without(object, fields, schema) ?? {}) as Record<string, unknown>;
}

/** Sets of fields held against a schema. */
import { hasBelow, isMember, self, type FieldSet, type GrowingFieldSet } from './field-set.ts';
import {
  isDeduced,
  kindOfValue,
  valueSchema,
  type ListSchema,
  type MapSchema,
  type TypedSchema,
} from './typed-schema.ts';

const leaf: FieldSet = Object.freeze({});

function schemaBelow(schema: TypedSchema | undefined, element: string): TypedSchema | undefined {
  if (schema === undefined) return undefined;
  if (element.startsWith('f:')) return schema.map && valueSchema(schema.map, element.slice(2));
  return element.startsWith('k:') ? schema.list?.element() : undefined;
}

/** The set with each declared field that has something below it as a member too. */
export function withNamedFields(set: FieldSet, schema: TypedSchema | undefined): FieldSet {
  const result: GrowingFieldSet = {};
  for (const element of Object.keys(set)) {
    if (element === self) continue;
    const node = set[element] as FieldSet;
    if (!hasBelow(node)) {
      result[element] = leaf;
      continue;
    }
    const below = withNamedFields(node, schemaBelow(schema, element));
    const isNamed = element.startsWith('f:') && schema?.map?.field(element.slice(2)) !== undefined;
    result[element] = isNamed || isMember(node) ? { [self]: leaf, ...below } : below;
  }
  return result;
}

/**
 * What was merged field by field when the set was written and is atomic now is owned as a whole
 * (structured-merge-diff, typed/reconcile_schema.go). The same set where nothing of that kind is in it.
 */
export function reconciled(set: FieldSet, schema: TypedSchema): FieldSet {
  const kind = kindOfValue(schema, undefined);
  if (kind === 'map') {
    const map = schema.map as MapSchema;
    if (isDeduced(map)) return set;
    return map.atomic ? leaf : below(set, (element) => fieldSchema(map, element));
  }
  if (kind !== 'list') return set;
  const list = schema.list as ListSchema;
  return list.associative ? below(set, () => list.element()) : leaf;
}

const fieldSchema = (map: MapSchema, element: string): TypedSchema | undefined =>
  element.startsWith('f:') ? valueSchema(map, element.slice(2)) : map.others();

function below(set: FieldSet, schemaOf: (element: string) => TypedSchema | undefined): FieldSet {
  let changed: GrowingFieldSet | undefined;
  for (const element in set) {
    const node = set[element] as FieldSet;
    if (element === self || !hasBelow(node)) continue;
    const schema = schemaOf(element);
    if (schema === undefined) continue;
    const next = reconciled(node, schema);
    if (next === node) continue;
    changed ??= { ...set };
    changed[element] = next;
  }
  return changed ?? set;
}

/** Whether a schema is structural: everything that it says of a value stands where the value's shape is said too. */
import { deepEqual } from '../meta/deep-equal.ts';
import { errorText, forbidden, invalid, required, type FieldError } from '../meta/field-error.ts';
import { patternError } from './pattern.ts';
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
  validations,
  type SchemaProps,
} from './schema-props.ts';

type Level = 'root' | 'item' | 'field';

const unsupported: readonly (readonly [keyof SchemaProps, string])[] = [
  ['id', 'id'],
  ['$schema', 'schema'],
  ['$ref', '$ref'],
  ['patternProperties', 'patternProperties'],
  ['dependencies', 'dependencies'],
  ['additionalItems', 'additionalItems'],
  ['definitions', 'definitions'],
];

/** Why it cannot even be read as one; undefined: it can. */
export function structuralObstacle(schema: SchemaProps): string | undefined {
  for (const [field, name] of unsupported) {
    if (schema[field] !== undefined && schema[field] !== '') return `OpenAPIV3Schema '${name}' is not supported`;
  }
  if (Array.isArray(schema.items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const children = [
    itemsOf(schema),
    additionalOf(schema),
    ...Object.values(schema.properties ?? {}),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    schema.not,
  ];
  for (const child of children) {
    const why = child === undefined ? undefined : structuralObstacle(child);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Sorted by their texts. */
export function validateStructural(schema: SchemaProps, path: string): FieldError[] {
  const errors = [...invariants(schema, 'root', path), ...completeness(schema, schema, path, path)];
  return errors.sort((a, b) => (errorText(a) < errorText(b) ? -1 : 1));
}

const emptyType: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function invariants(schema: SchemaProps, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const items = itemsOf(schema);
  if (schema.type === 'array' && items === undefined) errors.push(required(`${path}.items`, 'must be specified'));
  if (items !== undefined) errors.push(...invariants(items, 'item', `${path}.items`));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    errors.push(...invariants(property, 'field', `${path}.properties[${name}]`));
  }
  if (schema.additionalProperties !== undefined) {
    const at = `${path}.additionalProperties`;
    if (level === 'root') errors.push(forbidden(at, 'must not be used at the root'));
    const additional = additionalOf(schema);
    if (additional !== undefined) errors.push(...invariants(additional, 'field', at));
  }
  errors.push(...extensions(schema, path), ...junctors(schema, path, isIntOrStringAnyOf(schema), isAllOfAnyOf(schema)));
  errors.push(...typeErrors(schema, level, path), ...headErrors(schema, level, path));
  return errors;
}

function extensions(schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!schema[intOrString]) return errors;
  const why = 'must be false if x-kubernetes-int-or-string is true';
  if (schema[preserve]) errors.push(invalid(`${path}.${preserve}`, true, why));
  if (schema[embedded]) errors.push(invalid(`${path}.${embedded}`, true, why));
  return errors;
}

function typeErrors(schema: SchemaProps, level: Level, path: string): FieldError[] {
  const { type } = schema;
  const at = `${path}.type`;
  const errors: FieldError[] = [];
  if (schema[embedded] && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type ? invalid(at, type, why) : required(at, why));
  } else if (!type && !schema[intOrString] && !schema[preserve]) errors.push(required(at, emptyType[level]));
  if (schema[embedded] && schema.additionalProperties !== undefined) {
    const why = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbidden(`${path}.additionalProperties`, why));
  }
  if (level === 'root' && type && type !== 'object') errors.push(invalid(at, type, 'must be object at the root'));
  return errors;
}

/** Kind, apiVersion and metadata are what they are: a schema may only narrow the names. */
function headErrors(schema: SchemaProps, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const isResource = level === 'root' || schema[embedded] === true;
  for (const name of ['kind', 'apiVersion']) {
    const property = propertyOf(schema, name);
    if (property === undefined || !isResource || property.type === 'string') continue;
    errors.push(invalid(`${path}.properties[${name}].type`, property.type ?? '', 'must be string'));
  }
  const metadata = propertyOf(schema, 'metadata');
  if (metadata !== undefined)
    errors.push(...metadataErrors(metadata, isResource, level, `${path}.properties[metadata]`));
  if (schema[embedded] && !schema[preserve] && Object.keys(schema.properties ?? {}).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(`${path}.properties`, why));
  }
  return errors;
}

function metadataErrors(schema: SchemaProps, isResource: boolean, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (isResource && schema.type !== 'object') errors.push(invalid(`${path}.type`, schema.type ?? '', 'must be object'));
  if (level !== 'root') return errors;
  const { type: _, default: __, properties, ...rest } = schema;
  const names = Object.keys(properties ?? {});
  const narrows = names.every((name) => name === 'name' || name === 'generateName');
  if (narrows && Object.keys(rest).length === 0) return errors;
  const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
  return [...errors, forbidden(path, why)];
}

const intOrStringTypes: readonly SchemaProps[] = [{ type: 'integer' }, { type: 'string' }];

/** The one place where types may stand below a junctor: to say that an int-or-string is just that. */
const isIntOrStringAnyOf = (schema: SchemaProps): boolean => deepEqual(schema.anyOf, intOrStringTypes);
const isAllOfAnyOf = (schema: SchemaProps): boolean => deepEqual(schema.allOf?.[0]?.anyOf, intOrStringTypes);

function junctors(schema: SchemaProps, path: string, skipAnyOf: boolean, skipFirstAllOfAnyOf: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (!skipAnyOf)
    for (const [i, one] of (schema.anyOf ?? []).entries()) errors.push(...nested(one, `${path}.anyOf[${i}]`));
  for (const [i, one] of (schema.allOf ?? []).entries()) {
    errors.push(...nested(one, `${path}.allOf[${i}]`, skipFirstAllOfAnyOf && i === 0));
  }
  for (const [i, one] of (schema.oneOf ?? []).entries()) errors.push(...nested(one, `${path}.oneOf[${i}]`));
  if (schema.not !== undefined) errors.push(...nested(schema.not, `${path}.not`));
  if (schema.pattern) {
    const why = patternError(schema.pattern);
    if (why !== undefined) {
      const text = `must be a valid regular expression, but isn't: ${why}`;
      errors.push(invalid(`${path}.pattern`, schema.pattern, text));
    }
  }
  return errors;
}

/** field, whether it is set, what it must be */
const forbiddenBelow: readonly (readonly [keyof SchemaProps, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  [preserve, 'must be false to be structural'],
  [embedded, 'must be false to be structural'],
  [intOrString, 'must be false to be structural'],
  [listMapKeys, 'must be empty to be structural'],
  [listType, 'must be undefined to be structural'],
  [mapType, 'must be undefined to be structural'],
  [validations, 'must be empty to be structural'],
];

/** Below allOf, anyOf, oneOf and not: only what narrows a value. */
function nested(schema: SchemaProps, path: string, skipAnyOf = false): FieldError[] {
  const errors = junctors(schema, path, skipAnyOf, false);
  const items = itemsOf(schema);
  if (items !== undefined) errors.push(...nested(items, `${path}.items`));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    errors.push(...nested(property, `${path}.properties[${name}]`));
  }
  for (const [field, why] of forbiddenBelow) {
    const value = schema[field];
    const isSet = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '' && value !== false;
    if (isSet) errors.push(forbidden(`${path}.${field}`, why));
  }
  if (propertyOf(schema, 'metadata') !== undefined) {
    errors.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  }
  return errors;
}

/** What a junctor says of a field or of items needs that field or those items outside of it. */
function completeness(value: SchemaProps, schema: SchemaProps, at: string, from: string): FieldError[] {
  const parts: [SchemaProps, string][] = [
    ...(value.not === undefined ? [] : [[value.not, `${from}.not`] as [SchemaProps, string]]),
    ...(value.allOf ?? []).map((one, i): [SchemaProps, string] => [one, `${from}.allOf[${i}]`]),
    ...(value.anyOf ?? []).map((one, i): [SchemaProps, string] => [one, `${from}.anyOf[${i}]`]),
    ...(value.oneOf ?? []).map((one, i): [SchemaProps, string] => [one, `${from}.oneOf[${i}]`]),
  ];
  return parts.flatMap(([one, path]) => nestedCompleteness(one, schema, at, path));
}

function nestedCompleteness(value: SchemaProps, schema: SchemaProps, at: string, from: string): FieldError[] {
  const errors = completeness(value, schema, at, from);
  const items = itemsOf(value);
  if (items !== undefined) errors.push(...counterpart(items, itemsOf(schema), `${at}.items`, `${from}.items`));
  for (const [name, property] of Object.entries(value.properties ?? {})) {
    const below = `properties[${name}]`;
    errors.push(...counterpart(property, propertyOf(schema, name), `${at}.${below}`, `${from}.${below}`));
  }
  return errors;
}

const counterpart = (value: SchemaProps, schema: SchemaProps | undefined, at: string, from: string): FieldError[] =>
  schema === undefined
    ? [required(at, `because it is defined in ${from}`)]
    : nestedCompleteness(value, schema, at, from);

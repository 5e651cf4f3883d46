import { DecodeError } from '../codec/strict.ts';
import { clone, isObject } from '../meta/clone.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { aggregateText, invalid, type FieldError } from '../meta/field-error.ts';
import { coerceEmbedded, validateEmbedded } from './metadata.ts';
import { prune } from './prune.ts';
import { embedded, itemsOf, type SchemaProps } from './schema-props.ts';
import { validateValue } from './value-validation.ts';

const head = { apiVersion: 'validation/v1', kind: 'Validation' };

/** Puts a default where it would stand: inside metadata it can only be judged with what is around it. */
type Surround = (value: unknown) => unknown;

/** Defaults must be values that the schema takes, without fields that it does not know. */
export function validateDefaults(schema: SchemaProps, path: string): FieldError[] {
  const root = { ...schema, [embedded]: true };
  return visit(root, path, root, false, (value) => ({ ...head, ...(value as object) }));
}

function visit(
  schema: SchemaProps,
  path: string,
  root: SchemaProps,
  insideMeta: boolean,
  surround: Surround,
): FieldError[] {
  const isResource = schema[embedded] === true;
  const owner = isResource ? schema : root;
  const around: Surround = isResource ? (value) => ({ ...head, ...(value as object) }) : surround;
  const isMeta = insideMeta && !isResource;
  const errors =
    schema.default === undefined || schema.default === null
      ? []
      : isMeta
        ? metaErrors(schema, `${path}.default`, owner, around)
        : ownErrors(schema, `${path}.default`);
  const items = itemsOf(schema);
  if (items !== undefined) errors.push(...visit(items, `${path}.items`, owner, isMeta, (value) => around([value])));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const below = isMeta || (isResource && ['metadata', 'apiVersion', 'kind'].includes(name));
    const inField: Surround = (value) => around({ [name]: value });
    errors.push(...visit(property, `${path}.properties[${name}]`, owner, below, inField));
  }
  return errors;
}

function ownErrors(schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const value = clone(schema.default);
  const isResource = schema[embedded] === true;
  if (isObject(value)) prune(value, schema, isResource);
  else if (Array.isArray(value)) {
    const holder = { value };
    prune(holder, { properties: { value: schema } }, false);
  }
  if (!deepEqual(value, schema.default)) errors.push(invalid(path, schema.default, 'must not have unknown fields'));
  const own = clone(schema.default);
  try {
    coerceEmbedded(own, schema, [], path);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [...errors, invalid(path, schema.default, error.message)];
  }
  const embeddedErrors = validateEmbedded(own, schema, path);
  return [...errors, ...(embeddedErrors.length > 0 ? embeddedErrors : validateValue(own, schema, { root: path }))];
}

function metaErrors(schema: SchemaProps, path: string, owner: SchemaProps, surround: Surround): FieldError[] {
  const object = clone(surround(schema.default));
  const why = (text: string): FieldError[] => [invalid(path, schema.default, `must result in valid metadata: ${text}`)];
  try {
    coerceEmbedded(object, owner, []);
  } catch (error) {
    if (error instanceof DecodeError) return why(error.message);
    throw error;
  }
  const errors = validateEmbedded(object, owner);
  if (errors.length > 0) return why(aggregateText(errors));
  return validateValue(schema.default, schema, { root: path });
}

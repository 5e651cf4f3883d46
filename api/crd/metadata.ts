/** Metadata of custom objects, and of objects embedded in them, in the form that Go would write. */
import { DecodeError, decodeStruct } from '../codec/strict.ts';
import { isObject } from '../meta/clone.ts';
import { errorText, invalid, required, type FieldError } from '../meta/field-error.ts';
import { isDns1035Label, nameIsPathSegment } from '../meta/names.ts';
import { validateObjectMeta } from '../meta/object-meta.ts';
import { structOf } from '../schema/schema.ts';
import type { ObjectMeta } from '../types/meta-v1.ts';
import { embedded, fieldSchemaOf, itemsOf, type SchemaProps } from './schema-props.ts';

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export interface DecodedMetadata {
  readonly metadata: ObjectMeta;
  /** `metadata.foo` */
  readonly unknown: readonly string[];
}

/** Throws DecodeError where it is no metadata. */
export function decodeMetadata(value: unknown, path = 'metadata'): DecodedMetadata {
  const { object, strictErrors } = decodeStruct(value, structOf(objectMeta));
  const unknown = strictErrors.map((text) => `${path}.${/^unknown field "(.*)"$/.exec(text)?.[1] ?? text}`);
  const metadata = object as ObjectMeta;
  if (metadata.creationTimestamp === null) delete metadata.creationTimestamp;
  return { metadata, unknown };
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/**
 * Brings the metadata of embedded objects into that form, and lists what it dropped. Throws DecodeError where some is no
 * metadata. Changes `value`. The root is left to the caller.
 */
export function coerceEmbedded(value: unknown, schema: SchemaProps | undefined, unknown: string[], path = ''): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) coerceEmbedded(item, itemsOf(schema), unknown, `${path}[${i}]`);
    return;
  }
  if (!isObject(value)) return;
  if (schema[embedded]) coerceHead(value, unknown, path);
  for (const key of Object.keys(value))
    coerceEmbedded(value[key], fieldSchemaOf(schema, key), unknown, join(path, key));
}

function coerceHead(object: Record<string, unknown>, unknown: string[], path: string): void {
  for (const key of ['apiVersion', 'kind']) {
    if (!Object.hasOwn(object, key) || typeof object[key] === 'string') continue;
    throw new DecodeError(errorText(invalid(join(path, key), object[key], 'must be a string')));
  }
  if (!Object.hasOwn(object, 'metadata')) return;
  const at = join(path, 'metadata');
  try {
    const decoded = decodeMetadata(object['metadata'], at);
    unknown.push(...decoded.unknown);
    object['metadata'] = decoded.metadata;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new DecodeError(errorText(invalid(at, object['metadata'], error.message)));
  }
}

/** Embedded objects must say what they are, and their metadata must be valid. */
export function validateEmbedded(value: unknown, schema: SchemaProps | undefined, path = ''): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => validateEmbedded(item, itemsOf(schema), `${path}[${i}]`));
  }
  if (!isObject(value)) return [];
  const errors = schema[embedded] ? validateHead(value, path) : [];
  for (const key of Object.keys(value)) {
    errors.push(...validateEmbedded(value[key], fieldSchemaOf(schema, key), join(path, key)));
  }
  return errors;
}

function validateHead(object: Record<string, unknown>, path: string): FieldError[] {
  return [
    ...validateApiVersion(object['apiVersion'], join(path, 'apiVersion')),
    ...validateKind(object['kind'], join(path, 'kind')),
    ...(Object.hasOwn(object, 'metadata') ? validateEmbeddedMetadata(object['metadata'], join(path, 'metadata')) : []),
  ];
}

function validateApiVersion(value: unknown, path: string): FieldError[] {
  if (value === undefined) return [required(path)];
  if (typeof value !== 'string') return [invalid(path, value, 'must be a string')];
  if (value === '') return [invalid(path, value, 'must not be empty')];
  return value.split('/').length > 2 ? [invalid(path, value, `unexpected GroupVersion string: ${value}`)] : [];
}

function validateKind(value: unknown, path: string): FieldError[] {
  if (value === undefined) return [required(path)];
  if (typeof value !== 'string') return [invalid(path, value, 'must be a string')];
  if (value === '') return [invalid(path, value, 'must not be empty')];
  const messages = isDns1035Label(value.toLowerCase());
  const why = `may have mixed case, but should otherwise match: ${messages.join(',')}`;
  return messages.length > 0 ? [invalid(path, value, why)] : [];
}

function validateEmbeddedMetadata(value: unknown, path: string): FieldError[] {
  try {
    const { metadata } = decodeMetadata(value, path);
    const named = { ...metadata, name: metadata.name || 'fakename' };
    return validateObjectMeta(named, Boolean(metadata.namespace), nameIsPathSegment, path);
  } catch (error) {
    if (error instanceof DecodeError) return [invalid(path, value, error.message)];
    throw error;
  }
}

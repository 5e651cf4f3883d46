/** The annotation of client-side apply, and what it says about who owns what. */
import { clone, isObject, setOwn } from '../meta/clone.ts';
import { annotationsBytesMax } from '../meta/object-meta.ts';
import { byteLength } from '../meta/names.ts';
import { compareObjects } from './compare.ts';
import { checkObject } from './check-object.ts';
import { difference, type FieldSet } from './field-set.ts';
import { ListItemError } from './list-items.ts';
import { fieldsOfObject } from './object-fields.ts';
import { compareText, goJson } from './path-element.ts';
import { TypedError } from './typed-error.ts';
import type { TypedSchema } from './typed-schema.ts';

type Json = Record<string, unknown>;

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

function annotationsOf(object: Json): Record<string, unknown> | undefined {
  const metadata = object['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) ? annotations : undefined;
}

export const hasLastApplied = (object: Json): boolean => Boolean(annotationsOf(object)?.[lastAppliedAnnotation]);

/**
 * The fields that client-side apply has set and that are still as it set them: whoever goes over to server-side apply
 * may take them. Undefined: there is nothing to go by.
 */
export function fieldsOfLastApplied(live: Json, apiVersion: string, schema: TypedSchema): FieldSet | undefined {
  const text = annotationsOf(live)?.[lastAppliedAnnotation];
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    const last = JSON.parse(text) as unknown;
    if (!isObject(last) || last['apiVersion'] !== apiVersion || typeof last['kind'] !== 'string') return undefined;
    checkObject(live, schema);
    checkObject(last, schema);
    const { removed, changed } = compareObjects(last, live, schema);
    return difference(difference(fieldsOfObject(last, schema), changed), removed);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypedError || error instanceof ListItemError) return undefined;
    throw error;
  }
}

/** JSON with sorted keys, as Go writes a map. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (!isObject(value)) return goJson(value);
  const keys = Object.keys(value).sort(compareText);
  return `{${keys.map((key) => `${goJson(key)}:${sortedJson(value[key])}`).join(',')}}`;
}

/** What client-side apply would have noted of this configuration. */
function lastAppliedOf(config: Json): string {
  const noted = clone(config);
  const annotations = annotationsOf(noted);
  if (annotations !== undefined) delete annotations[lastAppliedAnnotation];
  return `${sortedJson(noted)}\n`;
}

/** The object with the annotation in step with `config`; without it where it would be too long. */
export function withLastApplied(object: Json, config: Json): Json {
  const annotations: Record<string, unknown> = { ...annotationsOf(object) };
  setOwn(annotations, lastAppliedAnnotation, lastAppliedOf(config));
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) bytes += byteLength(key) + byteLength(String(value));
  if (bytes > annotationsBytesMax) delete annotations[lastAppliedAnnotation];
  return { ...object, metadata: { ...(object['metadata'] as Json), annotations } };
}

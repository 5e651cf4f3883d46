/**
 * Decoding of JSON values against the type table, as Kubernetes' typed JSON decoder does it: wrong types are errors in
 * Go's words, unknown and duplicate fields are listed, and the result is the form Go would write back.
 */
import { isObject, setOwn } from '../meta/clone.ts';
import { goQuote } from '../meta/go-text.ts';
import { formatQuantity, parseQuantity } from '../meta/quantity.ts';
import { formatMicroTime, formatTime, parseMicroTime, parseTime, zeroTimeSeconds } from '../meta/time.ts';
import type { SchemaField, StructSchema, TypeNode } from '../schema/schema.ts';
import { jsonSchemaType, structOf } from '../schema/schema.ts';
import { fieldValue, finishStruct, omitted, zeroOf } from './go-values.ts';
import { JsonNumber, plain } from './json-scanner.ts';

/** A value of the wrong type; the message is Go's. */
export class DecodeError extends Error {
  override name = 'DecodeError';
}

export interface StructDecoding {
  object: Record<string, unknown>;
  /** `unknown field "spec.foo"`, `duplicate field "spec.replicas"` */
  strictErrors: string[];
}

/** more are not reported */
const strictErrorsMax = 100;

interface Context {
  readonly duplicates: ReadonlyMap<object, readonly string[]>;
  readonly strictErrors: Set<string>;
}

/** Where a value stands: for strict errors with indexes, for type errors without. */
interface Place {
  readonly path: string;
  /** struct whose field the value is, and the field's path without indexes; '' at the root */
  readonly struct: string;
  readonly field: string;
}

const noDuplicates: ReadonlyMap<object, readonly string[]> = new Map();

/** Throws DecodeError. `duplicates` are what scanJson found. */
export function decodeStruct(
  value: unknown,
  schema: StructSchema,
  duplicates: ReadonlyMap<object, readonly string[]> = noDuplicates,
): StructDecoding {
  const context: Context = { duplicates, strictErrors: new Set() };
  const root: Place = { path: '', struct: '', field: '' };
  const node: TypeNode = { kind: 'struct', name: schema.name, go: `v1.${schema.goName}` };
  const object = decodeNode(value, node, root, context) as Record<string, unknown> | null;
  return { object: object ?? finishStruct(schema, {}), strictErrors: [...context.strictErrors] };
}

function strict(context: Context, what: 'unknown' | 'duplicate', path: string, key: string): void {
  if (context.strictErrors.size >= strictErrorsMax) return;
  context.strictErrors.add(`${what} field ${goQuote(path === '' ? key : `${path}.${key}`)}`);
}

function describe(value: unknown): string {
  if (typeof value === 'number') return 'number';
  if (value instanceof JsonNumber) return 'number';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'string' ? 'string' : 'object';
}

function wrongType(value: unknown, node: TypeNode, place: Place, what = describe(value)): DecodeError {
  const into = place.struct === '' ? 'Go value' : `Go struct field ${place.struct}.${place.field}`;
  return new DecodeError(`json: cannot unmarshal ${what} into ${into} of type ${node.go}`);
}

/** null comes back as null for what Go can hold nil in, else as undefined: the value stays zero. */
function decodeNode(value: unknown, node: TypeNode, place: Place, context: Context): unknown {
  if (value === null || value === undefined) return undefined;
  switch (node.kind) {
    case 'struct':
      return decodeObject(value, node, place, context);
    case 'list':
      return decodeList(value, node, place, context);
    case 'map':
      return decodeMap(value, node, place, context);
    case 'schemaOr':
      return decodeSchemaOr(value, node, place, context);
    case 'fieldsV1':
      // sets of fields hold no numbers, and those who read them check that
      if (node.go === 'v1.FieldsV1') return value;
      return plain(value);
    case 'any':
    case 'rawExtension':
      return plain(value);
    default:
      return decodeScalar(value, node, place);
  }
}

const jsonSchema: TypeNode = { kind: 'struct', name: jsonSchemaType, go: 'v1.JSONSchemaProps' };

function decodeSchemaOr(
  value: unknown,
  node: TypeNode & { kind: 'schemaOr' },
  place: Place,
  context: Context,
): unknown {
  if (isObject(value) && !(value instanceof JsonNumber)) return decodeNode(value, jsonSchema, place, context);
  if (node.other === 'bool') {
    if (typeof value === 'boolean') return value;
    throw new DecodeError('boolean or JSON schema expected');
  }
  // Go takes neither for an error, and keeps nothing of it.
  if (!Array.isArray(value)) return undefined;
  if (node.other === 'strings') return plain(value);
  return value.map((item, i) => decodeNode(item, jsonSchema, { ...place, path: `${place.path}[${i}]` }, context) ?? {});
}

function decodeObject(value: unknown, node: TypeNode & { kind: 'struct' }, place: Place, context: Context): unknown {
  if (!isObject(value) || value instanceof JsonNumber) throw wrongType(value, node, place);
  const schema = structOf(node.name);
  const duplicates = context.duplicates.get(value);
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = schema.fields.get(key);
    if (field === undefined) {
      strict(context, 'unknown', place.path, key);
      continue;
    }
    if (duplicates?.includes(key)) strict(context, 'duplicate', place.path, key);
    decodeField(value[key], field, schema, object, place, context);
  }
  return finishStruct(schema, object);
}

function decodeField(
  value: unknown,
  field: SchemaField,
  schema: StructSchema,
  into: Record<string, unknown>,
  place: Place,
  context: Context,
): void {
  const at: Place = {
    path: place.path === '' ? field.name : `${place.path}.${field.name}`,
    struct: schema.goName,
    field: place.field === '' ? field.name : `${place.field}.${field.name}`,
  };
  const decoded = fieldValue(field, decodeNode(value, field.node, at, context));
  if (decoded !== omitted) into[field.name] = decoded;
}

function decodeList(value: unknown, node: TypeNode & { kind: 'list' }, place: Place, context: Context): unknown {
  if (!Array.isArray(value)) throw wrongType(value, node, place);
  const { element } = node;
  return value.map((item, i) => {
    const at = element.kind === 'struct' || element.kind === 'map' ? { ...place, path: `${place.path}[${i}]` } : place;
    const decoded = decodeNode(item, element, at, context);
    return decoded === undefined ? zeroOf(element) : decoded;
  });
}

function decodeMap(value: unknown, node: TypeNode & { kind: 'map' }, place: Place, context: Context): unknown {
  if (!isObject(value) || value instanceof JsonNumber) throw wrongType(value, node, place);
  const duplicates = context.duplicates.get(value);
  const map: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (duplicates?.includes(key)) strict(context, 'duplicate', place.path, key);
    const at = node.element.kind === 'struct' ? { ...place, path: `${place.path}.${key}` } : place;
    const decoded = decodeNode(value[key], node.element, at, context);
    setOwn(map, key, decoded === undefined ? zeroOf(node.element) : decoded);
  }
  return map;
}

const int32Range: [bigint, bigint] = [-(2n ** 31n), 2n ** 31n - 1n];
const int64Range: [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];

function decodeInteger(value: unknown, node: TypeNode, place: Place, [low, high]: [bigint, bigint]): number {
  if (typeof value !== 'number' && !(value instanceof JsonNumber)) throw wrongType(value, node, place);
  const text = value instanceof JsonNumber ? value.text : String(value);
  if (!/^-?[0-9]{1,20}$/.test(text)) throw wrongType(value, node, place, `number ${text}`);
  const exact = BigInt(text);
  if (exact < low || exact > high) throw wrongType(value, node, place, `number ${text}`);
  return Number(exact);
}

type Scalar = Exclude<TypeNode, { kind: 'struct' | 'list' | 'map' | 'any' | 'fieldsV1' | 'rawExtension' | 'schemaOr' }>;

function decodeScalar(value: unknown, node: Scalar, place: Place): unknown {
  switch (node.kind) {
    case 'string':
      if (typeof value !== 'string') throw wrongType(value, node, place);
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw wrongType(value, node, place);
      return value;
    case 'int32':
      return decodeInteger(value, node, place, int32Range);
    case 'int64':
      return decodeInteger(value, node, place, int64Range);
    case 'float64': {
      const float = value instanceof JsonNumber ? Number(value.text) : value;
      if (typeof float !== 'number') throw wrongType(value, node, place);
      if (!Number.isFinite(float)) throw wrongType(value, node, place, `number ${(value as JsonNumber).text}`);
      return float;
    }
    case 'bytes':
      if (typeof value !== 'string') throw wrongType(value, node, place);
      return canonicalBase64(value);
    case 'quantity':
      return decodeQuantity(value);
    case 'intOrString':
      if (typeof value === 'string') return value;
      return decodeInteger(value, { kind: 'int32', go: 'int32' }, place, int32Range);
    default:
      return decodeTime(value, node, place);
  }
}

/** A quantity may be a number too: `cpu: 1`, `cpu: 0.5`. */
function decodeQuantity(value: unknown): string {
  const text =
    typeof value === 'string' ? value.trim() : value instanceof JsonNumber ? value.text : JSON.stringify(plain(value));
  return formatQuantity(parseQuantity(text));
}

function decodeTime(value: unknown, node: Scalar, place: Place): unknown {
  if (typeof value !== 'string') throw wrongType(value, { kind: 'string', go: 'string' }, place);
  if (node.kind === 'duration') return value;
  const instant = node.kind === 'microTime' ? parseMicroTime(value) : parseTime(value);
  if (instant.seconds === zeroTimeSeconds && instant.nanos === 0) return null;
  return node.kind === 'microTime' ? formatMicroTime(instant) : formatTime(instant);
}

const base64Alphabet = /[^A-Za-z0-9+/]/;

/** Go refuses what is not padded or has other letters, and skips line ends. */
function canonicalBase64(text: string): string {
  const compact = text.replaceAll(/[\r\n]/g, '');
  const body = compact.replace(/={0,2}$/, '');
  const wrong = base64Alphabet.exec(body);
  if (wrong !== null) throw new DecodeError(`illegal base64 data at input byte ${wrong.index}`);
  if (compact.length % 4 !== 0 || body.length % 4 === 1) {
    throw new DecodeError(`illegal base64 data at input byte ${Math.floor(compact.length / 4) * 4}`);
  }
  return compact;
}

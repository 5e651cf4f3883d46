/**
 * Request bodies → objects, for every media type; what cannot be decoded is a BadRequest in the real server's words.
 */
import { isObject } from '../meta/clone.ts';
import { invalid } from '../meta/field-error.ts';
import { goQuote } from '../meta/go-text.ts';
import { QuantityError } from '../meta/quantity.ts';
import { newBadRequest, newInvalid, newUnsupportedMediaType } from '../meta/status.ts';
import type { StatusError } from '../meta/status.ts';
import { TimeError } from '../meta/time.ts';
import { apiVersionOf, parseGroupVersion, schemaOf } from '../schema/schema.ts';
import type { GroupVersionKind } from '../schema/schema.ts';
import { JsonSyntaxError, scanJson } from './json-scanner.ts';
import { decodeEnvelope, decodeRaw, ProtobufError } from './protobuf.ts';
import { DecodeError, decodeStruct } from './strict.ts';
import { parseYaml } from './yaml.ts';

/** `?fieldValidation=`: what happens to unknown and duplicate fields. A server's default is Warn. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export type JsonObject = Record<string, unknown>;

export interface DecodedBody {
  /** with apiVersion and kind, in the form Go would write it; unknown fields are gone */
  object: JsonObject;
  /** texts for Warning headers: `unknown field "spec.foo"` */
  warnings: string[];
}

export type BodyMediaType = 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf';

const schemeName = 'pkg/api/legacyscheme/scheme.go:30';
const utf8 = new TextDecoder('utf-8');

/** What a decoder can throw for bad input; anything else is a bug and passes. */
const isInputError = (error: unknown): error is Error =>
  error instanceof DecodeError ||
  error instanceof QuantityError ||
  error instanceof TimeError ||
  error instanceof ProtobufError ||
  error instanceof JsonSyntaxError;

/** Throws StatusError: 400 for a body that is no `expected`, 415 for a media type we do not read. */
export function decodeBody(
  bytes: Uint8Array,
  mediaType: string,
  expected: GroupVersionKind,
  validation: FieldValidation = 'Warn',
): DecodedBody {
  switch (mediaType) {
    case 'application/json':
    case 'application/yaml':
      return decodeText(bytes, mediaType, expected, validation);
    case 'application/vnd.kubernetes.protobuf':
      return { object: decodeProtobuf(bytes, expected), warnings: [] };
    default:
      throw newUnsupportedMediaType();
  }
}

interface ReadText {
  value: unknown;
  duplicates: ReadonlyMap<object, readonly string[]>;
  strictErrors: string[];
}

const readJson = (text: string): ReadText => ({ ...scanJson(text), strictErrors: [] });

function readYaml(text: string): ReadText {
  const { value, duplicates } = parseYaml(text);
  const strictErrors = duplicates.length > 0 ? [`yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`] : [];
  return { value, duplicates: new Map(), strictErrors };
}

/** A body's value, what it says it is, and what is wrong with it in ways that a decoder may forgive. */
export interface ReadBody extends ReadText {
  readonly gvk: GroupVersionKind;
  /** the refusal of a body that is nothing we know, for this reason */
  unrecognized(why: string): StatusError;
}

/** Reads JSON or YAML. Throws StatusError 400 where it is neither, or says no kind. */
export function readBody(bytes: Uint8Array, mediaType: string, expected: GroupVersionKind): ReadBody {
  const text = utf8.decode(bytes);
  const unrecognized = (why: string): StatusError =>
    newBadRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${why} (${summary(text, bytes)})`,
    );
  try {
    const input = mediaType === 'application/yaml' ? readYaml(text) : readJson(text);
    return { ...input, gvk: kindOf(input.value, expected), unrecognized };
  } catch (error) {
    if (!isInputError(error)) throw error;
    throw unrecognized(
      error.message.startsWith('yaml:')
        ? error.message
        : `couldn't get version/kind; json parse error: ${error.message}`,
    );
  }
}

/** `duplicate field "spec.ports[0].name"` for every field that an object of the body has twice. */
export function duplicateFields(
  value: unknown,
  duplicates: ReadonlyMap<object, readonly string[]>,
  path = '',
): string[] {
  if (duplicates.size === 0 || value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => duplicateFields(item, duplicates, `${path}[${i}]`));
  const join = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const own = (duplicates.get(value) ?? []).map((key) => `duplicate field ${goQuote(join(key))}`);
  const nested = Object.entries(value).flatMap(([key, field]) => duplicateFields(field, duplicates, join(key)));
  return [...own, ...nested];
}

function decodeText(
  bytes: Uint8Array,
  mediaType: string,
  expected: GroupVersionKind,
  validation: FieldValidation,
): DecodedBody {
  const input = readBody(bytes, mediaType, expected);
  const { gvk } = input;
  const cannot = (why: string): StatusError => cannotHandle(gvk, expected, why);
  const schema = schemaOf(gvk);
  if (schema === undefined) throw cannot(notRegistered(gvk));
  let object: JsonObject;
  let strictErrors: string[];
  try {
    const decoded = decodeStruct(input.value, schema, input.duplicates);
    object = decoded.object;
    strictErrors = [...input.strictErrors, ...decoded.strictErrors];
  } catch (error) {
    throw isInputError(error) ? cannot(error.message) : error;
  }
  checkExpected(gvk, expected);
  if (validation === 'Strict' && strictErrors.length > 0) {
    throw cannot(`strict decoding error: ${strictErrors.join(', ')}`);
  }
  return { object: withKind(object, gvk), warnings: validation === 'Warn' ? strictErrors : [] };
}

const withKind = (object: JsonObject, gvk: GroupVersionKind): JsonObject => ({
  ...object,
  apiVersion: apiVersionOf(gvk),
  kind: gvk.kind,
});

const notRegistered = (gvk: GroupVersionKind): string =>
  `no kind ${goQuote(gvk.kind)} is registered for version ${goQuote(apiVersionOf(gvk))} in scheme ${goQuote(schemeName)}`;

const cannotHandle = (gvk: GroupVersionKind, expected: GroupVersionKind, why: string): StatusError =>
  newBadRequest(`${gvk.kind} in version ${goQuote(gvk.version)} cannot be handled as a ${expected.kind}: ${why}`);

/** The body's kind; what it does not say is taken from what is expected. */
function kindOf(value: unknown, expected: GroupVersionKind): GroupVersionKind {
  const found = value === null ? {} : value;
  if (!isObject(found)) {
    const what = Array.isArray(found) ? 'array' : typeof found === 'boolean' ? 'bool' : typeof found;
    throw new DecodeError(
      `json: cannot unmarshal ${what} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; ` +
        'Kind string "json:\\"kind,omitempty\\"" }',
    );
  }
  const text = (key: string): string => {
    const own = Object.hasOwn(found, key) ? found[key] : '';
    if (own === null) return '';
    if (typeof own === 'string') return own;
    const what = Array.isArray(own) ? 'array' : typeof own === 'boolean' ? 'bool' : typeof own;
    throw new DecodeError(`json: cannot unmarshal ${what} into Go struct field .${key} of type string`);
  };
  const [apiVersion, kind] = [text('apiVersion'), text('kind')];
  if ((apiVersion.match(/\//g)?.length ?? 0) > 1) {
    throw new DecodeError(`unexpected GroupVersion string: ${apiVersion}`);
  }
  return {
    ...(apiVersion === '' ? expected : parseGroupVersion(apiVersion)),
    kind: kind === '' ? expected.kind : kind,
  };
}

/** `v1.Service` where a Pod belongs cannot be converted; another version of the same kind is refused with its own words. */
function checkExpected(gvk: GroupVersionKind, expected: GroupVersionKind): void {
  const shared = schemaOf(gvk) === schemaOf(expected);
  if (shared && gvk.kind === expected.kind) return;
  if (gvk.kind === expected.kind && gvk.group === expected.group) {
    throw newBadRequest(
      `the API version in the data (${apiVersionOf(gvk)}) does not match the expected API version (${apiVersionOf(expected)})`,
    );
  }
  const internal = expected.group === '' ? 'core' : (expected.group.split('.')[0] as string);
  const why = `converting (${gvk.version}.${gvk.kind}) to (${internal}.${expected.kind}): unknown conversion`;
  throw cannotHandle(gvk, expected, why);
}

/** The start of a JSON body, or any other body in hex. */
function summary(text: string, bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>';
  const start = text.slice(0, 30);
  if (text.startsWith('{')) return text.length > 30 ? `${start} ...` : start;
  const hex = Array.from(bytes.subarray(0, 30), (b) => b.toString(16).padStart(2, '0')).join('');
  return bytes.length > 30 ? `${hex} ...` : hex;
}

function decodeProtobuf(bytes: Uint8Array, expected: GroupVersionKind): JsonObject {
  let gvk = expected;
  try {
    const { apiVersion, kind, raw } = decodeEnvelope(bytes);
    gvk = {
      ...(apiVersion === '' ? expected : parseGroupVersion(apiVersion)),
      kind: kind === '' ? expected.kind : kind,
    };
    if (schemaOf(gvk) === undefined) throw new ProtobufError(notRegistered(gvk));
    const object = decodeRaw(raw, gvk);
    checkExpected(gvk, expected);
    return object;
  } catch (error) {
    throw isInputError(error) ? cannotHandle(gvk, expected, error.message) : error;
  }
}

/**
 * An object that a patch made, in the form Go would write it. Throws StatusError 422 where the patch made it no `gvk`,
 * or, under Strict, where it has fields that `gvk` has not.
 */
export function decodePatched(
  value: unknown,
  gvk: GroupVersionKind,
  validation: FieldValidation = 'Warn',
): DecodedBody {
  const schema = schemaOf(gvk);
  if (schema === undefined) throw newBadRequest(notRegistered(gvk));
  const refuse = (why: string): StatusError =>
    newInvalid({ group: '', kind: '' }, '', [invalid('patch', JSON.stringify(value), why)]);
  try {
    const { object, strictErrors } = decodeStruct(value, schema);
    if (validation === 'Strict' && strictErrors.length > 0) {
      throw refuse(`strict decoding error: ${strictErrors.join(', ')}`);
    }
    return { object: withKind(object, gvk), warnings: validation === 'Warn' ? strictErrors : [] };
  } catch (error) {
    throw isInputError(error) ? refuse(error.message) : error;
  }
}

/** One of our own objects in the form Go would write it; throws DecodeError and the like where it has wrong types. */
export function normalizeObject(value: unknown, gvk: GroupVersionKind): JsonObject {
  const schema = schemaOf(gvk);
  if (schema === undefined) throw new DecodeError(notRegistered(gvk));
  return withKind(decodeStruct(value, schema).object, gvk);
}

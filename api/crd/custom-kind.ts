/** One version of one custom kind: how its objects are read, completed and checked. Pure. */
import type { DecodedBody, FieldValidation, JsonObject } from '../codec/body.ts';
import { duplicateFields, readBody } from '../codec/body.ts';
import { plain } from '../codec/json-scanner.ts';
import { DecodeError } from '../codec/strict.ts';
import { isObject } from '../meta/clone.ts';
import { invalid, type FieldError } from '../meta/field-error.ts';
import { goQuote } from '../meta/go-text.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import { newBadRequest, newInvalid, newUnsupportedMediaType, type StatusError } from '../meta/status.ts';
import { TimeError } from '../meta/time.ts';
import { apiVersionOf, type GroupVersionKind } from '../schema/schema.ts';
import type { CustomResourceSubresourceScale } from '../types/apiextensions-v1.ts';
import type { ObjectMeta } from '../types/meta-v1.ts';
import { applySchemaDefaults } from './defaulting.ts';
import { validateListTypes } from './list-types.ts';
import { coerceEmbedded, decodeMetadata, validateEmbedded } from './metadata.ts';
import { dropNulls, prune } from './prune.ts';
import type { RuleRunner } from './rule-tree.ts';
import { validateScaleSpec, validateScaleStatus } from './scale-paths.ts';
import { propertyOf, type SchemaProps } from './schema-props.ts';
import { validateValue } from './value-validation.ts';

export interface CustomKindOptions {
  readonly gvk: GroupVersionKind;
  readonly namespaced: boolean;
  /** structural; absent: anything goes */
  readonly schema: SchemaProps | undefined;
  /** of v1beta1's time: nothing is pruned */
  readonly preserveUnknownFields?: boolean;
  readonly hasStatus: boolean;
  readonly scale?: CustomResourceSubresourceScale;
  /** the schema's CEL rules; `old` undefined: a new object */
  readonly rules?: RuleRunner | undefined;
}

const bodyTypes: readonly string[] = ['application/json', 'application/yaml'];

/** Errors after which CEL rules would only add confusion. */
const blocking: ReadonlySet<FieldError['type']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const rulesNotChecked: FieldError = {
  type: 'FieldValueInvalid',
  field: '<nil>',
  badValue: null,
  detail:
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

export class CustomKind {
  readonly gvk: GroupVersionKind;
  readonly schema: SchemaProps | undefined;
  readonly #options: CustomKindOptions;

  constructor(options: CustomKindOptions) {
    this.#options = options;
    this.gvk = options.gvk;
    this.schema = options.schema;
  }

  /** A request's body. Throws StatusError 400, or 415 for what is no JSON or YAML. */
  decode(bytes: Uint8Array, mediaType: string, validation: FieldValidation): DecodedBody {
    if (!bodyTypes.includes(mediaType)) throw newUnsupportedMediaType(bodyTypes);
    const input = readBody(bytes, mediaType, this.gvk);
    const { version } = input.gvk;
    const refuse = (why: string): StatusError => {
      return newBadRequest(
        `${input.gvk.kind} in version ${goQuote(version)} cannot be handled as a ${this.gvk.kind}: ${why}`,
      );
    };
    if (!isObject(input.value) || !input.value['kind']) throw input.unrecognized(missingKind(bytes));
    const apiVersion = input.value['apiVersion'];
    const strictErrors = [...input.strictErrors, ...duplicateFields(input.value, input.duplicates)];
    const { object, unknown } = this.#coerce(plain(input.value) as JsonObject, refuse);
    for (const path of unknown) strictErrors.push(`unknown field ${goQuote(path)}`);
    if (apiVersion !== apiVersionOf(this.gvk)) {
      const expected = apiVersionOf(this.gvk);
      const found = typeof apiVersion === 'string' ? apiVersion : '';
      throw newBadRequest(
        `the API version in the data (${found}) does not match the expected API version (${expected})`,
      );
    }
    if (validation === 'Strict' && strictErrors.length > 0) {
      throw refuse(`strict decoding error: ${strictErrors.join(', ')}`);
    }
    return { object, warnings: validation === 'Warn' ? strictErrors : [] };
  }

  /** What a patch has made. Throws StatusError 422. */
  decodePatched(value: unknown, validation: FieldValidation): DecodedBody {
    const refuse = (why: string): StatusError =>
      newInvalid({ group: '', kind: '' }, '', [invalid('patch', JSON.stringify(value), why)]);
    if (!isObject(value)) throw refuse('json: cannot unmarshal into Go value of type map[string]interface {}');
    const { object, unknown } = this.#coerce(value, refuse);
    const strictErrors = unknown.map((path) => `unknown field ${goQuote(path)}`);
    if (validation === 'Strict' && strictErrors.length > 0) {
      throw refuse(`strict decoding error: ${strictErrors.join(', ')}`);
    }
    return { object, warnings: validation === 'Warn' ? strictErrors : [] };
  }

  /** In the form that is stored: metadata as Go writes it, head first. Shares the rest with `object`. */
  normalized(object: JsonObject): JsonObject {
    const { kind, apiVersion, metadata, ...rest } = object;
    return { apiVersion, kind, metadata: decodeMetadata(metadata).metadata, ...rest };
  }

  applyDefaults(object: JsonObject): void {
    applySchemaDefaults(object, this.schema);
  }

  /** As objects are read from the store. Changes `object`. */
  restore(object: JsonObject): void {
    this.prune(object);
    this.applyDefaults(object);
  }

  prune(object: JsonObject): string[] {
    if (this.#options.preserveUnknownFields) return [];
    const unknown = prune(object, this.schema);
    dropNulls(object, this.schema);
    return unknown;
  }

  #coerce(object: JsonObject, refuse: (why: string) => StatusError): { object: JsonObject; unknown: string[] } {
    try {
      const { metadata, unknown } = decodeMetadata(object['metadata'] ?? {});
      const dropped = this.prune(object);
      const inEmbedded: string[] = [];
      coerceEmbedded(object, this.schema, inEmbedded);
      const { kind, apiVersion, metadata: _, ...rest } = object;
      return {
        object: { apiVersion, kind, metadata, ...rest },
        unknown: [...unknown, ...dropped, ...inEmbedded.sort()],
      };
    } catch (error) {
      if (error instanceof DecodeError || error instanceof TimeError) throw refuse(error.message);
      throw error;
    }
  }

  validateNew(object: JsonObject): FieldError[] {
    const head = this.#validateTypeMeta(object);
    if (head.length > 0) return head;
    const { namespaced, scale } = this.#options;
    const errors = [
      ...validateObjectMeta(object['metadata'] as ObjectMeta, namespaced, nameIsDnsSubdomain),
      ...validateValue(object, this.schema),
      ...validateScaleSpec(object, scale),
      ...validateScaleStatus(object, scale),
      ...validateEmbedded(object, this.schema),
      ...validateListTypes(object, this.schema),
    ];
    return [...errors, ...this.#validateRules(errors, object, undefined)];
  }

  /** `subresource` '' or `status`: then only the status is looked at. */
  validateChange(object: JsonObject, old: JsonObject, subresource: string): FieldError[] {
    const head = this.#validateTypeMeta(object);
    if (head.length > 0) return head;
    const { scale } = this.#options;
    const meta = validateObjectMetaUpdate(object['metadata'] as ObjectMeta, old['metadata'] as ObjectMeta);
    const isStatus = subresource === 'status';
    const errors = isStatus
      ? [...meta, ...this.#validateStatus(object, old), ...validateScaleStatus(object, scale)]
      : [
          ...meta,
          ...validateValue(object, this.schema, { old: { value: old } }),
          ...validateScaleSpec(object, scale),
          ...validateScaleStatus(object, scale),
          ...validateEmbedded(object, this.schema),
        ];
    if (validateListTypes(old, this.schema).length === 0) errors.push(...validateListTypes(object, this.schema));
    return [...errors, ...this.#validateRules(errors, object, old)];
  }

  #validateStatus(object: JsonObject, old: JsonObject): FieldError[] {
    if (!Object.hasOwn(object, 'status')) return [];
    const before = Object.hasOwn(old, 'status') ? { old: { value: old['status'] } } : {};
    return validateValue(object['status'], propertyOf(this.schema, 'status'), { root: 'status', ...before });
  }

  #validateRules(errors: readonly FieldError[], object: JsonObject, old: JsonObject | undefined): FieldError[] {
    const { rules } = this.#options;
    if (rules === undefined) return [];
    return errors.some(({ type }) => blocking.has(type)) ? [rulesNotChecked] : rules(object, old);
  }

  #validateTypeMeta(object: JsonObject): FieldError[] {
    const { kind } = this.gvk;
    const apiVersion = apiVersionOf(this.gvk);
    const errors: FieldError[] = [];
    if (object['kind'] !== kind) errors.push(invalid('kind', object['kind'] ?? '', `must be ${kind}`));
    if (object['apiVersion'] !== apiVersion) {
      errors.push(invalid('apiVersion', object['apiVersion'] ?? '', `must be ${apiVersion}`));
    }
    return errors;
  }
}

const utf8 = new TextDecoder('utf-8');
const missingKind = (bytes: Uint8Array): string => `Object 'Kind' is missing in '${utf8.decode(bytes)}'`;

/**
 * Values against OpenAPI schemas, with the errors of kube-openapi's validator. A validator of our own, because errors
 * below what did not change are forgiven (ratcheting), which needs the old value beside the new one at every step.
 */
import { isObject } from '../meta/clone.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { duplicate, invalid, notSupported, required, tooLong, tooMany, type FieldError } from '../meta/field-error.ts';
import { goQuote } from '../meta/go-text.ts';
import { isUnchanged, oldField, oldItem, type Old } from './correlation.ts';
import { Findings } from './findings.ts';
import { effectiveFormat, matchesFormat } from './formats.ts';
import { matchesPattern } from './pattern.ts';
import { additionalOf, intOrString, itemsOf, type SchemaProps } from './schema-props.ts';

export interface ValueValidation {
  /** before the paths of errors: `status`, `spec.versions[0].…default` */
  readonly root?: string;
  /** the old object, where unchanged parts are forgiven what is wrong with them */
  readonly old?: Old;
}

/** All errors of `value`; none where the schema says nothing. */
export function validateValue(
  value: unknown,
  schema: SchemaProps | undefined,
  { root = '', old }: ValueValidation = {},
): FieldError[] {
  if (schema === undefined) return [];
  return checked(value, schema, { path: '', root, old }).errors;
}

interface Place {
  /** as the texts of errors have it */
  readonly path: string;
  readonly root: string;
  readonly old: Old | undefined;
}

/** Kubernetes prints a path that it does not have like that. */
const nowhere = '<nil>';

function fieldOf({ path, root }: Place): string {
  const below = path.replace(/^\./, '');
  if (below === '') return root === '' ? nowhere : root;
  return root === '' ? below : `${root}.${below}`;
}

const inBody = ({ path }: Place, what: string): string => `${path} in body ${what}`;

const typesOf = (schema: SchemaProps): readonly string[] =>
  schema[intOrString] ? ['integer', 'string'] : schema.type ? [schema.type] : [];

function jsonTypeOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'array' : 'object';
}

const wrongType = (place: Place, wanted: string, found: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field: fieldOf(place),
  badValue: found,
  detail: inBody(place, `must be of type ${wanted}: ${goQuote(found)}`),
});

function checked(value: unknown, schema: SchemaProps, place: Place): Findings {
  const findings = new Findings();
  if (value === null || value === undefined) {
    checkNull(schema, place, findings);
    return findings;
  }
  checkType(value, schema, place, findings);
  checkJunctors(value, schema, place, findings);
  if (typeof value === 'string') checkString(value, schema, place, findings);
  if (typeof value === 'number') checkNumber(value, schema, place, findings);
  if (Array.isArray(value)) checkList(value, schema, place, findings);
  checkEnum(value, schema, place, findings);
  if (isObject(value)) checkObject(value, schema, place, findings);
  findings.matches++;
  return findings;
}

/** The same, forgiven where nothing changed. */
function ratcheted(value: unknown, schema: SchemaProps, place: Place): Findings {
  const findings = checked(value, schema, place);
  if (findings.isValid || !isUnchanged(value, place.old)) return findings;
  const forgiven = new Findings();
  forgiven.matches = findings.matches;
  return forgiven;
}

function checkNull(schema: SchemaProps, place: Place, findings: Findings): void {
  const types = typesOf(schema);
  if (types.length > 0 && !schema.nullable) findings.add(wrongType(place, types.join(','), 'null'));
  else findings.matches++;
  checkEnum(null, schema, place, findings);
}

function checkType(value: unknown, schema: SchemaProps, place: Place, findings: Findings): void {
  const types = typesOf(schema);
  const format = effectiveFormat(types.length === 1 ? types[0] : undefined, schema.format);
  if (types.length === 0 && format === '') return;
  findings.matches++;
  const found = jsonTypeOf(value);
  const fits = types.includes(found) || (found === 'integer' && types.includes('number'));
  const isNumeric = types.includes('number') || types.includes('integer');
  const isText = typeof value === 'string' || Array.isArray(value);
  if (format !== '' && !isText && !fits) {
    const formatFound = found === 'integer' ? 'int64' : found === 'number' ? 'double' : '';
    if (formatFound !== format) findings.add(wrongType(place, format, formatFound));
  } else if (format !== '' && isText && !isNumeric) {
    findings.matches++;
  } else if (fits) findings.matches++;
  else findings.add(wrongType(place, types.join(','), found));
}

function checkString(value: string, schema: SchemaProps, place: Place, findings: Findings): void {
  findings.matches++;
  const length = Array.from(value).length;
  const { maxLength, minLength, pattern } = schema;
  if (maxLength !== undefined && length > maxLength) findings.add(tooLong(fieldOf(place), maxLength));
  else if (minLength !== undefined && length < minLength) {
    findings.add(invalid(fieldOf(place), value, inBody(place, `should be at least ${minLength} chars long`)));
  } else if (pattern !== undefined && pattern !== '' && !matchesPattern(pattern, value)) {
    findings.add(invalid(fieldOf(place), value, inBody(place, `should match '${pattern}'`)));
  }
  const types = typesOf(schema);
  const format = effectiveFormat(types.length === 1 ? types[0] : undefined, schema.format);
  if (format === '' || types.includes('integer') || types.includes('number')) return;
  findings.matches++;
  if (!matchesFormat(format, value)) findings.add(wrongType(place, format, value));
}

const int32Max = 2 ** 31 - 1;
const float32Max = 3.4028234663852886e38;

function isInRange(value: number, type: string | undefined, format: string): boolean {
  if (type === 'integer' && format === 'int32') return value >= -int32Max - 1 && value <= int32Max;
  if (type === 'number' && format === 'float') return Math.abs(value) <= float32Max;
  return type !== 'integer' || (Number.isInteger(value) && Math.abs(value) <= 2 ** 63);
}

function checkNumber(value: number, schema: SchemaProps, place: Place, findings: Findings): void {
  findings.matches += 2;
  const [type, ...more] = typesOf(schema);
  const format = more.length === 0 ? effectiveFormat(type, schema.format) : '';
  if (more.length === 0 && !isInRange(value, type, format)) {
    const suffix = format === '' ? '(default format)' : `with format ${format}`;
    findings.add(
      invalid(nowhereBut(place), '', `Checked value must be of type ${type ?? ''} ${suffix} in ${place.path}`),
    );
  }
  const { multipleOf, maximum, minimum } = schema;
  const refuse = (what: string): void => findings.add(invalid(fieldOf(place), value, inBody(place, what)));
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) refuse(`should be a multiple of ${multipleOf}`);
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    refuse(`should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    refuse(`should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  }
}

/** Errors that are no field's own stand at the root. */
const nowhereBut = ({ root }: Place): string => (root === '' ? nowhere : root);

function isMultiple(value: number, factor: number): boolean {
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

function checkList(list: readonly unknown[], schema: SchemaProps, place: Place, findings: Findings): void {
  const items = itemsOf(schema);
  if (items !== undefined) {
    for (const [i, item] of list.entries()) {
      const at: Place = { ...place, path: `${place.path}[${i}]`, old: oldItem(place.old, schema, item) };
      findings.merge(at.old === undefined ? checked(item, items, at) : ratcheted(item, items, at));
    }
  }
  const { minItems, maxItems } = schema;
  if (minItems !== undefined && list.length < minItems) {
    findings.add(invalid(fieldOf(place), list.length, inBody(place, `should have at least ${minItems} items`)));
  }
  if (maxItems !== undefined && list.length > maxItems) findings.add(tooMany(fieldOf(place), list.length, maxItems));
  if (schema.uniqueItems && list.some((item, i) => list.slice(0, i).some((before) => deepEqual(before, item)))) {
    findings.add(duplicate(fieldOf(place), ''));
  }
  findings.matches += 2;
}

function checkEnum(value: unknown, schema: SchemaProps, place: Place, findings: Findings): void {
  const allowed = schema.enum ?? [];
  findings.matches++;
  if (allowed.length === 0 || allowed.some((candidate) => candidate !== null && deepEqual(candidate, value))) return;
  const names = allowed.map((candidate) => (typeof candidate === 'string' ? candidate : JSON.stringify(candidate)));
  findings.add(notSupported(fieldOf(place), value, names));
}

function checkObject(object: Record<string, unknown>, schema: SchemaProps, place: Place, findings: Findings): void {
  findings.matches++;
  const keys = Object.keys(object);
  const { minProperties, maxProperties } = schema;
  if (minProperties !== undefined && keys.length < minProperties) {
    const why = inBody(place, `should have at least ${minProperties} properties`);
    findings.add(invalid(fieldOf(place), keys.length, why));
  }
  if (maxProperties !== undefined && keys.length > maxProperties) {
    findings.add(tooMany(fieldOf(place), keys.length, maxProperties));
  }
  const properties = schema.properties ?? {};
  const additional = additionalOf(schema);
  for (const key of keys) {
    if (Object.hasOwn(properties, key)) continue;
    if (schema.additionalProperties === false) {
      findings.add(invalid(fieldOf(place), key, `${place.path}.${key} in body is a forbidden property`));
    } else if (additional !== undefined) {
      findings.merge(checkField(object[key], additional, schema, `${place.path}.${key}`, key, place));
    }
  }
  for (const [key, property] of Object.entries(properties)) {
    if (!Object.hasOwn(object, key)) continue;
    const path = place.path === '' ? key : `${place.path}.${key}`;
    findings.merge(checkField(object[key], property, schema, path, key, place));
  }
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(object, key)) findings.add(required(fieldOf({ ...place, path: `${place.path}.${key}` })));
  }
}

function checkField(
  value: unknown,
  schema: SchemaProps,
  parent: SchemaProps,
  path: string,
  key: string,
  place: Place,
): Findings {
  // The root's kind and apiVersion are what the request says: an old value of them means nothing.
  const isTypeMeta = place.path === '' && (key === 'kind' || key === 'apiVersion');
  const old = isTypeMeta ? undefined : oldField(place.old, parent, key);
  const at: Place = { ...place, path, old };
  return old === undefined ? checked(value, schema, at) : ratcheted(value, schema, at);
}

function checkJunctors(value: unknown, schema: SchemaProps, place: Place, findings: Findings): void {
  const refuse = (what: string): void => findings.add(invalid(nowhereBut(place), '', `${goQuote(place.path)} ${what}`));
  if (schema.anyOf?.length) checkAnyOf(value, schema.anyOf, place, findings, refuse);
  if (schema.oneOf?.length) checkOneOf(value, schema.oneOf, place, findings, refuse);
  if (schema.allOf?.length) {
    let valid = 0;
    for (const one of schema.allOf) {
      const result = checked(value, one, place);
      if (result.isValid) valid++;
      findings.merge(result);
    }
    if (valid !== schema.allOf.length) {
      refuse(`must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    }
  }
  if (schema.not !== undefined && checked(value, schema.not, place).isValid)
    refuse('must not validate the schema (not)');
  findings.matches += 2;
}

function checkAnyOf(
  value: unknown,
  schemas: readonly SchemaProps[],
  place: Place,
  findings: Findings,
  refuse: (what: string) => void,
): void {
  let best: Findings | undefined;
  for (const schema of schemas) {
    const result = checked(value, schema, place);
    if (result.isValid) {
      findings.merge(result);
      return;
    }
    if (best === undefined || result.matches > best.matches) best = result;
  }
  refuse('must validate at least one schema (anyOf)');
  if (best !== undefined) findings.merge(best);
}

function checkOneOf(
  value: unknown,
  schemas: readonly SchemaProps[],
  place: Place,
  findings: Findings,
  refuse: (what: string) => void,
): void {
  const results = schemas.map((schema) => checked(value, schema, place));
  const valid = results.filter((result) => result.isValid);
  if (valid.length === 1) {
    findings.merge(valid[0] as Findings);
    return;
  }
  const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
  refuse(`must validate one and only one schema (oneOf). ${found}`);
  if (valid.length > 0) return;
  const best = results.reduce((a, b) => (b.matches > a.matches ? b : a));
  findings.merge(best);
}

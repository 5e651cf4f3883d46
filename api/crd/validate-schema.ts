/** What a definition's schema may hold, beyond being structural: types, extensions, rules. */
import { forbidden, invalid, notSupported, required, type FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { findField } from './field-path.ts';
import {
  additionalOf,
  embedded,
  itemsOf,
  listMapKeys,
  listType,
  mapType,
  preserve,
  validations,
  type SchemaProps,
  type ValidationRule,
} from './schema-props.ts';

/** Checks the compiled rules of one schema; only where the schema itself is right. */
export type RuleCheck = (schema: SchemaProps, place: SchemaPlace) => FieldError[];

export interface SchemaPlace {
  readonly path: string;
  /** why defaults may not stand here; undefined: they may */
  readonly noDefaults: string | undefined;
  /** below kind, apiVersion or metadata of a resource */
  readonly insideMeta: boolean;
  /** the first schema above whose parts cannot be told to be the same as before */
  readonly uncorrelatable: string | undefined;
  /** below a junctor rules count no more */
  readonly hasRules: boolean;
  readonly isRoot: boolean;
}

interface Found {
  readonly schema: FieldError[];
  readonly rules: FieldError[];
}

const types: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const metaFields: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion']);

export function validateSchema(schema: SchemaProps, path: string, checkRules: RuleCheck | undefined): FieldError[] {
  const root: SchemaPlace = {
    path,
    noDefaults: undefined,
    insideMeta: false,
    uncorrelatable: undefined,
    hasRules: checkRules !== undefined,
    isRoot: true,
  };
  const found: Found = { schema: [], rules: [] };
  visit(schema, root, found, checkRules);
  return [...found.schema, ...found.rules];
}

function visit(schema: SchemaProps, place: SchemaPlace, found: Found, checkRules: RuleCheck | undefined): void {
  const before = found.schema.length;
  found.schema.push(...ownErrors(schema, place));
  for (const [child, at] of childrenOf(schema, place)) visit(child, at, found, checkRules);
  found.schema.push(...extensionErrors(schema, place.path), ...listMapErrors(schema, place.path));
  const rules = schema[validations] ?? [];
  found.schema.push(...rules.flatMap((rule, i) => ruleErrors(rule, schema, `${place.path}.${validations}[${i}]`)));
  if (rules.length > 0 && place.hasRules && found.schema.length === before) {
    found.rules.push(...(checkRules?.(schema, place) ?? []));
  }
}

function ownErrors(schema: SchemaProps, { path, noDefaults, insideMeta }: SchemaPlace): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (field: string): void => void errors.push(forbidden(`${path}.${field}`, `${field} is not supported`));
  if (schema.type && !types.includes(schema.type)) errors.push(notSupported(`${path}.type`, schema.type, types));
  if (schema.default !== undefined && noDefaults !== undefined) {
    errors.push(forbidden(`${path}.default`, `must not be set ${noDefaults}`));
  }
  if (schema.id) refuse('id');
  if (schema.additionalItems !== undefined) refuse('additionalItems');
  if (schema.patternProperties !== undefined) refuse('patternProperties');
  if (schema.definitions !== undefined) refuse('definitions');
  if (schema.dependencies !== undefined) refuse('dependencies');
  if (schema.$ref !== undefined) refuse('$ref');
  if (schema.type === 'null') {
    errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  }
  if (Array.isArray(schema.items)) {
    errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  }
  if (insideMeta && schema[embedded]) {
    errors.push(forbidden(`${path}.${embedded}`, 'must not be used inside of resource meta'));
  }
  if (schema.uniqueItems) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(`${path}.uniqueItems`, why));
  }
  const isExclusive = schema.additionalProperties !== undefined && schema.additionalProperties !== true;
  if (isExclusive && Object.keys(schema.properties ?? {}).length > 0) {
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  }
  return errors;
}

function* childrenOf(schema: SchemaProps, place: SchemaPlace): Generator<[SchemaProps, SchemaPlace]> {
  const { path } = place;
  const below: SchemaPlace = { ...place, isRoot: false };
  const additional = additionalOf(schema);
  if (additional !== undefined) {
    const noDefaults = place.insideMeta ? 'inside additionalProperties applying to object metadata' : place.noDefaults;
    yield [additional, { ...below, path: `${path}.additionalProperties`, noDefaults }];
  }
  const uncorrelatable = place.uncorrelatable ?? (schema[mapType] === 'atomic' ? path : undefined);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMeta = (place.isRoot || schema[embedded] === true) && metaFields.has(name);
    yield [
      property,
      {
        ...below,
        path: `${path}.properties[${name}]`,
        uncorrelatable,
        insideMeta: place.insideMeta || isMeta,
        noDefaults: isMeta && place.isRoot ? `in top-level ${name}` : place.noDefaults,
      },
    ];
  }
  const junctor = (at: string): SchemaPlace => ({ ...below, path: `${path}.${at}`, hasRules: false });
  if (schema.not !== undefined) yield [schema.not, junctor('not')];
  for (const [i, one] of (schema.allOf ?? []).entries()) yield [one, junctor(`allOf[${i}]`)];
  for (const [i, one] of (schema.oneOf ?? []).entries()) yield [one, junctor(`oneOf[${i}]`)];
  for (const [i, one] of (schema.anyOf ?? []).entries()) yield [one, junctor(`anyOf[${i}]`)];
  const items = itemsOf(schema);
  if (items !== undefined) {
    const lost = place.uncorrelatable ?? (schema[listType] === 'map' ? undefined : path);
    yield [items, { ...below, path: `${path}.items`, uncorrelatable: lost }];
  }
}

function extensionErrors(schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema[preserve] === false) {
    errors.push(invalid(`${path}.${preserve}`, false, 'must be true or undefined'));
  }
  const typed = (extension: typeof mapType | typeof listType, type: string): void => {
    if (schema[extension] === undefined || schema.type === type) return;
    const why = `must be ${type} if ${extension} is specified`;
    errors.push(schema.type ? invalid(`${path}.type`, schema.type, why) : required(`${path}.type`, why));
  };
  const map = schema[mapType];
  const list = schema[listType];
  typed(mapType, 'object');
  if (map !== undefined && map !== 'atomic' && map !== 'granular') {
    errors.push(notSupported(`${path}.${mapType}`, map, ['atomic', 'granular']));
  }
  typed(listType, 'array');
  const items = itemsOf(schema);
  if (list === 'set' && schema.type === 'array' && items !== undefined) errors.push(...setItemErrors(items, path));
  if (list !== undefined && list !== 'atomic' && list !== 'set' && list !== 'map') {
    errors.push(notSupported(`${path}.${listType}`, list, ['atomic', 'set', 'map']));
  }
  return errors;
}

function setItemErrors(items: SchemaProps, path: string): FieldError[] {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const nested = items[listType];
  if (items.type === 'array' && nested !== undefined && nested !== 'atomic') {
    return [invalid(`${path}.items.${listType}`, nested, why)];
  }
  if (items.type === 'object' && items[mapType] !== 'atomic') return [invalid(`${path}.items.${mapType}`, null, why)];
  return [];
}

function listMapErrors(schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const keys = schema[listMapKeys] ?? [];
  const list = schema[listType];
  const items = itemsOf(schema);
  if (keys.length > 0 && list !== 'map') {
    const why = `must be map if ${listMapKeys} is non-empty`;
    const at = `${path}.${listType}`;
    errors.push(list === undefined ? required(at, why) : invalid(at, list, why));
  }
  if (list === 'map') {
    if (keys.length === 0) {
      errors.push(required(`${path}.${listMapKeys}`, `must not be empty if ${listType} is map`));
    }
    if (items === undefined) errors.push(required(`${path}.items`, `must have a schema if ${listType} is map`));
    else if (items.type !== 'object') {
      const why = `must be object if parent array's ${listType} is map`;
      errors.push(invalid(`${path}.items.type`, items.type ?? '', why));
    } else errors.push(...keyErrors(keys, items, path));
  }
  if ((list !== 'set' && list !== 'map') || items === undefined) return errors;
  if (items.nullable) {
    errors.push(forbidden(`${path}.items.nullable`, `cannot be nullable when ${listType} is ${list}`));
  }
  return list === 'map' ? [...errors, ...keyPresenceErrors(keys, items, path)] : errors;
}

function keyErrors(keys: readonly string[], items: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${path}.${listMapKeys}`;
  for (const [i, key] of keys.entries()) {
    const property = items.properties?.[key];
    if (property === undefined) {
      errors.push(invalid(at, goStrings(keys), 'entries must all be names of item properties'));
    } else if (property.type === 'array' || property.type === 'object') {
      const why = `must be a scalar type if parent array's ${listType} is map`;
      errors.push(invalid(`${path}.items.properties[${key}].type`, items.type, why));
    }
    if (keys.indexOf(key) < i) errors.push(invalid(at, goStrings(keys), 'must not contain duplicate entries'));
  }
  return errors;
}

function keyPresenceErrors(keys: readonly string[], items: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const inKeys = `this property is in ${listMapKeys}, so it`;
  for (const key of keys) {
    const property = items.properties?.[key];
    if (property === undefined) continue;
    const at = `${path}.items.properties[${key}]`;
    if (!items.required?.includes(key) && property.default === undefined) {
      errors.push(required(`${at}.default`, `${inKeys} must have a default or be a required property`));
    }
    if (property.nullable) errors.push(forbidden(`${at}.nullable`, `${inKeys} cannot be nullable`));
  }
  return errors;
}

const reasons: readonly string[] = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
];
const hasLineBreak = (text: string): boolean => /[\n\r]/.test(text);

function ruleErrors(rule: ValidationRule, schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { message = '', messageExpression = '', reason, fieldPath = '' } = rule;
  const text = (rule.rule ?? '').trim();
  if (text === '') errors.push(required(`${path}.rule`, 'rule is not specified'));
  else if (message !== '' && message.trim() === '') {
    errors.push(invalid(`${path}.message`, message, 'must be non-empty if specified'));
  } else if (hasLineBreak(message.trim())) {
    errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'));
  } else if (hasLineBreak(text) && message.trim() === '') {
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, reasons));
  const at = `${path}.fieldPath`;
  if (fieldPath !== '' && fieldPath.trim() === '') {
    errors.push(invalid(at, fieldPath, 'must be non-empty if specified'));
  }
  if (hasLineBreak(fieldPath)) errors.push(invalid(at, fieldPath, 'must not contain line breaks'));
  if (fieldPath !== '' && typeof findField(fieldPath, schema) === 'string') {
    errors.push(invalid(at, fieldPath, 'must be a valid path'));
  }
  return errors;
}

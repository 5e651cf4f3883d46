/** One version of a definition, apart from its schema: warnings, subresources, columns, selectable fields. */
import { duplicate, invalid, required, tooMany, type FieldError } from '../meta/field-error.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from '../types/apiextensions-v1.ts';
import { findField } from './field-path.ts';
import type { SchemaProps } from './schema-props.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const deprecationLengthMax = 256;
const selectableFieldsMax = 8;

export function validateDeprecation(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const { deprecated, deprecationWarning: warning } = version;
  if (warning === undefined) return [];
  const at = `${path}.deprecationWarning`;
  if (!deprecated) return [invalid(at, warning, 'can only be set for deprecated versions')];
  const errors: FieldError[] = [];
  if (warning.length > deprecationLengthMax) {
    errors.push(invalid(at, warning, `must be <= ${deprecationLengthMax} characters long`));
  }
  if (warning === '') errors.push(invalid(at, warning, 'must not be an empty string'));
  const bad = warning.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (bad >= 0) {
    const why = `must only contain printable UTF-8 characters; non-printable character found at index ${bad}`;
    errors.push(invalid(at, warning, why));
  }
  return errors;
}

function validateSimplePath(text: string, path: string): FieldError[] {
  return text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')];
}

function validateScalePath(
  text: string | undefined,
  path: string,
  under: readonly string[],
  why: string,
): FieldError[] {
  if (!text) return [required(path)];
  const errors = validateSimplePath(text, path);
  if (errors.length > 0) return errors;
  return under.some((prefix) => text.startsWith(prefix)) ? [] : [invalid(path, text, why)];
}

export function validateSubresources(subresources: CustomResourceSubresources | undefined, path: string): FieldError[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const at = `${path}.scale`;
  const selector = scale.labelSelectorPath;
  return [
    ...validateScalePath(
      scale.specReplicasPath,
      `${at}.specReplicasPath`,
      ['.spec.'],
      'should be a json path under .spec',
    ),
    ...validateScalePath(
      scale.statusReplicasPath,
      `${at}.statusReplicasPath`,
      ['.status.'],
      'should be a json path under .status',
    ),
    ...(selector
      ? validateScalePath(
          selector,
          `${at}.labelSelectorPath`,
          ['.spec.', '.status.'],
          'should be a json path under either .spec or .status',
        )
      : []),
  ];
}

export function validateColumn(column: CustomResourceColumnDefinition, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!column.name) errors.push(required(`${path}.name`));
  const typeText = `must be one of ${columnTypes.join(',')}`;
  if (!column.type) errors.push(required(`${path}.type`, typeText));
  else if (!columnTypes.includes(column.type)) errors.push(invalid(`${path}.type`, column.type, typeText));
  if (column.format && !columnFormats.includes(column.format)) {
    errors.push(invalid(`${path}.format`, column.format, `must be one of ${columnFormats.join(',')}`));
  }
  const at = `${path}.JSONPath`;
  return [...errors, ...(column.jsonPath ? validateSimplePath(column.jsonPath, at) : [required(at)])];
}

export function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: SchemaProps,
  path: string,
  allowsTooMany: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of fields.entries()) {
    const at = `${path}[${i}].jsonPath`;
    const found = jsonPath ? findField(jsonPath, schema, false) : undefined;
    if (found === undefined) errors.push(required(at));
    else if (typeof found === 'string') errors.push(invalid(at, jsonPath, `is an invalid path: ${found}`));
    else {
      if (/^metadata(?:$|[.[])/.test(found.path)) {
        errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
      }
      if (!['string', 'boolean', 'integer'].includes(found.schema?.type ?? '')) {
        const why =
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
        errors.push(invalid(at, jsonPath, why));
      }
      if (seen.has(found.path)) errors.push(duplicate(at, jsonPath));
      seen.add(found.path);
    }
  }
  if (seen.size > selectableFieldsMax && !allowsTooMany) {
    errors.push(tooMany(path, seen.size, selectableFieldsMax));
  }
  return errors;
}

import { invalid, required, type FieldError } from '../meta/field-error.ts';
import { isDns1035Label } from '../meta/names.ts';
import type { CustomResourceDefinitionNames } from '../types/apiextensions-v1.ts';

const label = (path: string, value: string | undefined): FieldError[] => {
  const messages = value ? isDns1035Label(value) : [];
  return messages.length > 0 ? [invalid(path, value, messages.join(','))] : [];
};

const kindLabel = (path: string, value: string | undefined): FieldError[] => {
  const messages = value ? isDns1035Label(value.toLowerCase()) : [];
  const why = `may have mixed case, but should otherwise match: ${messages.join(',')}`;
  return messages.length > 0 ? [invalid(path, value, why)] : [];
};

/** Of spec.names and status.acceptedNames. */
export function validateNames(names: CustomResourceDefinitionNames, path: string): FieldError[] {
  const errors = [
    ...label(`${path}.plural`, names.plural),
    ...label(`${path}.singular`, names.singular),
    ...kindLabel(`${path}.kind`, names.kind),
    ...kindLabel(`${path}.listKind`, names.listKind),
    ...(names.shortNames ?? []).flatMap((name, i) => label(`${path}.shortNames[${i}]`, name)),
  ];
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'));
  }
  errors.push(...(names.categories ?? []).flatMap((name, i) => label(`${path}.categories[${i}]`, name)));
  return errors;
}

export const requiredNames = (names: CustomResourceDefinitionNames, path: string): FieldError[] =>
  (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((name) => !names[name])
    .map((name) => required(`${path}.${name}`));

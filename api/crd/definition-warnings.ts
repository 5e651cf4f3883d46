import { goQuote } from '../meta/go-text.ts';
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts';
import { effectiveFormat } from './formats.ts';
import { itemsOf, listType, schemasWithin, type SchemaProps } from './schema-props.ts';

const schemasOf = ({ spec }: CustomResourceDefinition): SchemaProps[] =>
  spec.versions.flatMap(({ schema }) => {
    const root = schema?.openAPIV3Schema as SchemaProps | undefined;
    return root === undefined ? [] : [...schemasWithin(root)];
  });

function warningsWithin(definition: CustomResourceDefinition): string[] {
  const schemas = schemasOf(definition);
  const formats = schemas
    .filter(({ format, type }) => format && effectiveFormat(type ?? '', format) === '')
    .map(({ format }) => `unrecognized format ${goQuote(format ?? '')}`);
  const sets = schemas
    .filter((schema) => schema[listType] === 'set' && ['object', 'array'].includes(itemsOf(schema)?.type ?? ''))
    .map((schema) => {
      const type = goQuote(itemsOf(schema)?.type ?? '');
      return `x-kubernetes-list-type: set for items of type ${type} is not supported by server-side apply or CEL validation rules`;
    });
  return [...formats, ...[...new Set(sets)].sort()];
}

/** What a definition says in vain; of a change, what is new of that. */
export function definitionWarnings(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): string[] {
  const before = new Set(old === undefined ? [] : warningsWithin(old));
  return warningsWithin(definition).filter((warning) => !before.has(warning));
}

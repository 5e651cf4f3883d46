import { type DescriptionData, descriptionData } from './descriptions.generated.ts';

const data: DescriptionData = descriptionData;

const conventions = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** Fields that say the same on every kind, and which the generated data lacks: those of an object's three parts. */
const commonFields: Readonly<Record<string, (kind: string) => string>> = {
  metadata: () => `Standard object's metadata. ${conventions}#metadata`,
  spec: (kind) => `Specification of the desired behavior of the ${kind}. ${conventions}#spec-and-status`,
  status: (kind) => `Most recently observed status of the ${kind}. Read-only. ${conventions}#spec-and-status`,
};

/** What a type is for, e.g. of `io.k8s.api.core.v1.Pod`; '' where nothing is known. */
export const typeDescription = (type: string): string => data.texts[data.types[type]?.[0] ?? -1] ?? '';

export function fieldDescription(type: string, field: string): string {
  const known = data.types[type];
  const index = known?.[1][field];
  if (index !== undefined) return data.texts[index] ?? '';
  // Only kinds have a kind field, and only on those are the common fields what they are.
  if (known?.[1]['kind'] === undefined) return '';
  return commonFields[field]?.(type.slice(type.lastIndexOf('.') + 1)) ?? '';
}

import { type DescriptionData, descriptionData } from './descriptions.generated.ts';

const data: DescriptionData = descriptionData;

/** Fields whose text is the same on every kind, and which the generated data lacks. */
const commonFields: Readonly<Record<string, string>> = {
  metadata:
    "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
};

/** What a type is for, e.g. of `io.k8s.api.core.v1.Pod`; '' where nothing is known. */
export const typeDescription = (type: string): string => data.texts[data.types[type]?.[0] ?? -1] ?? '';

export function fieldDescription(type: string, field: string): string {
  const index = data.types[type]?.[1][field];
  return (index === undefined ? commonFields[field] : data.texts[index]) ?? '';
}

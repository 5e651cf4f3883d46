import { invalid } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { nameIsDnsLabel } from '../meta/names.ts';
import { validateFinalizers, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { Namespace } from '../types/core-v1.ts';

export const validateNamespace = (namespace: Namespace): FieldError[] => [
  ...validateObjectMeta(namespace.metadata, false, nameIsDnsLabel),
  ...validateFinalizers(namespace.spec?.finalizers, 'spec.finalizers'),
];

export const validateNamespaceUpdate = (namespace: Namespace, old: Namespace): FieldError[] =>
  validateObjectMetaUpdate(namespace.metadata, old.metadata);

export function validateNamespaceStatusUpdate(namespace: Namespace, old: Namespace): FieldError[] {
  const errors = validateObjectMetaUpdate(namespace.metadata, old.metadata);
  const phase = namespace.status?.phase ?? '';
  const going = Boolean(namespace.metadata?.deletionTimestamp);
  if (!going && phase !== 'Active') {
    errors.push(invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty"));
  }
  if (going && phase !== 'Terminating') {
    errors.push(invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"));
  }
  return errors;
}

/** Through the finalize subresource. */
export const validateNamespaceFinalize = (namespace: Namespace, old: Namespace): FieldError[] => [
  ...validateObjectMetaUpdate(namespace.metadata, old.metadata),
  ...(namespace.spec?.finalizers ?? []).flatMap((name, i) => validateFinalizers([name], `spec.finalizers[${i}]`)),
];

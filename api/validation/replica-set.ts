import { invalid } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goLabelSelector } from '../meta/go-text.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import {
  validateImmutable,
  validateNonnegative,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type { ReplicaSet, ReplicaSetSpec } from '../types/apps-v1.ts';
import { validateSelectorAndTemplate } from './workload.ts';

const validateSpec = (spec: ReplicaSetSpec): FieldError[] => [
  ...validateNonnegative(spec.replicas, 'spec.replicas'),
  ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
  ...validateSelectorAndTemplate(spec.selector, spec.template, 'spec'),
];

const noSpec = {} as ReplicaSetSpec;
const specOf = (replicaSet: ReplicaSet): ReplicaSetSpec => replicaSet.spec ?? noSpec;

export const validateReplicaSet = (replicaSet: ReplicaSet): FieldError[] => [
  ...validateObjectMeta(replicaSet.metadata, true, nameIsDnsSubdomain),
  ...validateSpec(specOf(replicaSet)),
];

export function validateReplicaSetUpdate(replicaSet: ReplicaSet, old: ReplicaSet): FieldError[] {
  const [now, before] = [specOf(replicaSet).selector, specOf(old).selector];
  return [
    ...validateObjectMetaUpdate(replicaSet.metadata, old.metadata),
    ...validateSpec(specOf(replicaSet)),
    ...validateImmutable(now, before, 'spec.selector', goLabelSelector(now)),
  ];
}

const counts = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
  'terminatingReplicas',
] as const;

export function validateReplicaSetStatusUpdate(replicaSet: ReplicaSet, old: ReplicaSet): FieldError[] {
  const { status } = replicaSet;
  const errors = validateObjectMetaUpdate(replicaSet.metadata, old.metadata);
  for (const key of counts) errors.push(...validateNonnegative(status?.[key], `status.${key}`));
  for (const key of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const count = status?.[key] ?? 0;
    if (count > (status?.replicas ?? 0)) {
      errors.push(invalid(`status.${key}`, count, 'cannot be greater than status.replicas'));
    }
  }
  if ((status?.availableReplicas ?? 0) > (status?.readyReplicas ?? 0)) {
    errors.push(invalid('status.availableReplicas', status?.availableReplicas, 'cannot be greater than readyReplicas'));
  }
  return errors;
}

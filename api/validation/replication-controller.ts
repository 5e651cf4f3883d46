/** ReplicationControllers, and templates that stand alone. */
import { invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { matcherOfSet } from '../meta/labels.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateNonnegative, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { PodTemplate, ReplicationController, ReplicationControllerSpec } from '../types/core-v1.ts';
import { validatePodTemplate } from './pod-spec.ts';
import { labelsDoNotMatch, validateCounts, validatePartsOfReplicas, validateRunsForever } from './workload.ts';

function validateTemplate({ template, selector = {} }: ReplicationControllerSpec): FieldError[] {
  const at = 'spec.template';
  if (!template) return [required(at)];
  const labels = template.metadata?.labels;
  return [
    ...(matcherOfSet(selector).matches(labels) ? [] : [labelsDoNotMatch(labels, at)]),
    ...validatePodTemplate(template, at),
    ...validateRunsForever(template, at, 'ReplicationController'),
  ];
}

function validateSpec(spec: ReplicationControllerSpec): FieldError[] {
  const isEmpty = Object.keys(spec.selector ?? {}).length === 0;
  return [
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...(isEmpty ? [required('spec.selector')] : []),
    ...(spec.replicas === undefined
      ? [required('spec.replicas')]
      : validateNonnegative(spec.replicas, 'spec.replicas')),
    ...validateTemplate(spec),
  ];
}

export const validateReplicationController = (controller: ReplicationController): FieldError[] => [
  ...validateObjectMeta(controller.metadata, true, nameIsDnsSubdomain),
  ...validateSpec(controller.spec ?? {}),
];

export const validateReplicationControllerUpdate = (
  controller: ReplicationController,
  old: ReplicationController,
): FieldError[] => [
  ...validateObjectMetaUpdate(controller.metadata, old.metadata),
  ...validateSpec(controller.spec ?? {}),
];

const parts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;

export function validateReplicationControllerStatusUpdate(
  { status, metadata }: ReplicationController,
  old: ReplicationController,
): FieldError[] {
  const available = status?.availableReplicas ?? 0;
  const tooMany = available > (status?.readyReplicas ?? 0);
  return [
    ...validateObjectMetaUpdate(metadata, old.metadata),
    ...validateCounts(status, ['replicas', ...parts, 'observedGeneration']),
    ...validatePartsOfReplicas(status, parts),
    ...(tooMany ? [invalid('status.availableReplicas', available, 'cannot be greater than readyReplicas')] : []),
  ];
}

export const validateStoredTemplate = (object: PodTemplate): FieldError[] => [
  ...validateObjectMeta(object.metadata, true, nameIsDnsSubdomain),
  ...validatePodTemplate(object.template ?? {}, 'template'),
];

export const validateStoredTemplateUpdate = (object: PodTemplate, old: PodTemplate): FieldError[] => [
  ...validateObjectMetaUpdate(object.metadata, old.metadata),
  ...validatePodTemplate(object.template ?? {}, 'template'),
];

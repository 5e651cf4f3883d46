import { invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goIntOrString, goLabelSelector } from '../meta/go-text.ts';
import { matcherOfSelector, validateLabelSelector } from '../meta/labels.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import {
  validateImmutable,
  validateNonnegative,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type { DaemonSet, DaemonSetSpec } from '../types/apps-v1.ts';
import { intOrPercent, isZeroIntOrPercent, percentOf } from './field-checks.ts';
import { validatePodTemplate } from './pod-spec.ts';
import {
  labelsDoNotMatch,
  refuseEmptySelector,
  validateCollisionCount,
  validateCounts,
  validateRunsForever,
} from './workload.ts';

function validateRollingUpdate(spec: DaemonSetSpec): FieldError[] {
  const at = 'spec.updateStrategy.rollingUpdate';
  const rolling = spec.updateStrategy?.rollingUpdate;
  if (!rolling) return [required(at)];
  const keys = ['maxUnavailable', 'maxSurge'] as const;
  const errors = keys.flatMap((key) => intOrPercent(`${at}.${key}`, rolling[key]));
  for (const key of keys) {
    const value = rolling[key] ?? 0;
    if ((percentOf(value) ?? 0) <= 100) continue;
    errors.push(invalid(`${at}.${key}`, goIntOrString(value), 'must not be greater than 100%'));
  }
  const { maxUnavailable, maxSurge } = rolling;
  const [noneAway, noneMore] = [isZeroIntOrPercent(maxUnavailable), isZeroIntOrPercent(maxSurge)];
  if (!noneAway && !noneMore) {
    const why = 'may not be set when maxUnavailable is non-zero';
    errors.push(invalid(`${at}.maxSurge`, goIntOrString(maxSurge ?? 0), why));
  } else if (noneAway && noneMore) errors.push(required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

function validateStrategy(spec: DaemonSetSpec): FieldError[] {
  const type = spec.updateStrategy?.type;
  if (type === 'OnDelete') return [];
  if (type === 'RollingUpdate') return validateRollingUpdate(spec);
  return [notSupported('spec.updateStrategy', spec.updateStrategy ?? {}, ['RollingUpdate', 'OnDelete'])];
}

function validateSelector({ selector, template }: DaemonSetSpec): FieldError[] {
  const errors = validateLabelSelector(selector, 'spec.selector');
  const labels = template?.metadata?.labels;
  if (errors.length === 0 && !matcherOfSelector(selector).matches(labels)) {
    errors.push(labelsDoNotMatch(labels, 'spec.template'));
  }
  return selector ? [...errors, ...refuseEmptySelector(selector, 'spec.selector', 'daemonset')] : errors;
}

const validateSpec = (spec: DaemonSetSpec): FieldError[] => [
  ...validateSelector(spec),
  ...validatePodTemplate(spec.template ?? {}, 'spec.template'),
  ...validateRunsForever(spec.template, 'spec.template', 'DaemonSet'),
  ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
  ...validateStrategy(spec),
  ...validateNonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
];

const specOf = (set: DaemonSet): DaemonSetSpec => set.spec ?? ({} as DaemonSetSpec);

export const validateDaemonSet = (set: DaemonSet): FieldError[] => [
  ...validateObjectMeta(set.metadata, true, nameIsDnsSubdomain),
  ...validateSpec(specOf(set)),
];

export function validateDaemonSetUpdate(set: DaemonSet, old: DaemonSet): FieldError[] {
  const [now, before] = [specOf(set).selector, specOf(old).selector];
  return [
    ...validateObjectMetaUpdate(set.metadata, old.metadata),
    ...validateImmutable(now, before, 'spec.selector', goLabelSelector(now)),
    ...validateSpec(specOf(set)),
  ];
}

const counts = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const;

export const validateDaemonSetStatusUpdate = (set: DaemonSet, old: DaemonSet): FieldError[] => [
  ...validateObjectMetaUpdate(set.metadata, old.metadata),
  ...validateCounts(set.status, counts),
  ...validateCollisionCount(set.status?.collisionCount, old.status?.collisionCount),
];

import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goIntOrString, goLabelSelector } from '../meta/go-text.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import {
  validateImmutable,
  validateNonnegative,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../types/apps-v1.ts';
import { intOrPercent, isZeroIntOrPercent, percentOf } from './field-checks.ts';
import { validateSelectorAndTemplate } from './workload.ts';

function validateStrategy(strategy: DeploymentStrategy | undefined, path: string): FieldError[] {
  const type = strategy?.type ?? '';
  const rolling = strategy?.rollingUpdate;
  const at = `${path}.rollingUpdate`;
  if (type === 'Recreate') {
    return rolling ? [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")] : [];
  }
  if (type !== 'RollingUpdate') return [notSupported(path, strategy ?? {}, ['Recreate', 'RollingUpdate'])];
  if (!rolling) return [required(at, 'this should be defaulted and never be nil')];
  const { maxUnavailable, maxSurge } = rolling;
  const errors = [...intOrPercent(`${at}.maxUnavailable`, maxUnavailable), ...intOrPercent(`${at}.maxSurge`, maxSurge)];
  const shown = goIntOrString(maxUnavailable ?? 0);
  if (isZeroIntOrPercent(maxUnavailable) && isZeroIntOrPercent(maxSurge)) {
    errors.push(invalid(`${at}.maxUnavailable`, shown, 'may not be 0 when `maxSurge` is 0'));
  }
  if ((percentOf(maxUnavailable) ?? 0) > 100) {
    errors.push(invalid(`${at}.maxUnavailable`, shown, 'must not be greater than 100%'));
  }
  return errors;
}

function validateSpec(spec: DeploymentSpec): FieldError[] {
  const errors = [
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateSelectorAndTemplate(spec.selector, spec.template, 'spec'),
    ...validateStrategy(spec.strategy, 'spec.strategy'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ];
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined) {
    errors.push(...validateNonnegative(deadline, 'spec.progressDeadlineSeconds'));
    if (deadline <= (spec.minReadySeconds ?? 0)) {
      errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
    }
  }
  return errors;
}

const specOf = (deployment: Deployment): DeploymentSpec => deployment.spec ?? ({} as DeploymentSpec);

export const validateDeployment = (deployment: Deployment): FieldError[] => [
  ...validateObjectMeta(deployment.metadata, true, nameIsDnsSubdomain),
  ...validateSpec(specOf(deployment)),
];

export function validateDeploymentUpdate(deployment: Deployment, old: Deployment): FieldError[] {
  const [now, before] = [specOf(deployment).selector, specOf(old).selector];
  return [
    ...validateObjectMetaUpdate(deployment.metadata, old.metadata),
    ...validateSpec(specOf(deployment)),
    ...validateImmutable(now, before, 'spec.selector', goLabelSelector(now)),
  ];
}

const counts = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
] as const;

export function validateDeploymentStatusUpdate(deployment: Deployment, old: Deployment): FieldError[] {
  const status = deployment.status ?? {};
  const errors = validateObjectMetaUpdate(deployment.metadata, old.metadata);
  for (const key of counts) errors.push(...validateNonnegative(status[key], `status.${key}`));
  const replicas = status.replicas ?? 0;
  for (const key of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const count = status[key] ?? 0;
    if (count > replicas) errors.push(invalid(`status.${key}`, count, 'cannot be greater than status.replicas'));
  }
  if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
    const why = 'cannot be greater than readyReplicas';
    errors.push(invalid('status.availableReplicas', status.availableReplicas, why));
  }
  if ((status.collisionCount ?? 0) < (old.status?.collisionCount ?? 0)) {
    errors.push(invalid('status.collisionCount', status.collisionCount ?? 0, 'cannot be decremented'));
  }
  return errors;
}

/** What workloads have in common: a selector, and a template that fits it. */
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goLabelSelector, goStringMap } from '../meta/go-text.ts';
import { matcherOfSelector, validateLabelSelector } from '../meta/labels.ts';
import { validateNonnegative } from '../meta/object-meta.ts';
import type { PodTemplateSpec } from '../types/core-v1.ts';
import type { LabelSelector } from '../types/meta-v1.ts';
import { validatePodTemplate } from './pod-spec.ts';

/** Of Deployments and ReplicaSets. */
export function validateSelectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  path: string,
): FieldError[] {
  const at = `${path}.selector`;
  const errors: FieldError[] = [];
  if (selector === undefined || selector === null) errors.push(required(at));
  else errors.push(...validateLabelSelector(selector, at), ...refuseEmptySelector(selector, at, 'deployment'));
  // what cannot be made a matcher keeps the template from being looked at
  if (validateLabelSelector(selector, at).length > 0) {
    return [...errors, invalid(at, goLabelSelector(selector), 'invalid label selector')];
  }
  return [
    ...errors,
    ...validateTemplateLabels(selector, template, `${path}.template`),
    ...validatePodTemplate(template ?? {}, `${path}.template`),
    ...validateRunsForever(template, `${path}.template`, 'ReplicaSet'),
  ];
}

export function refuseEmptySelector(selector: LabelSelector, path: string, kind: string): FieldError[] {
  const size = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length;
  return size > 0 ? [] : [invalid(path, goLabelSelector(selector), `empty selector is invalid for ${kind}`)];
}

/** The pods of the template must be those that the selector finds; an empty selector finds all. */
export function validateTemplateLabels(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  path: string,
): FieldError[] {
  const matcher = matcherOfSelector(selector ?? undefined);
  const labels = template?.metadata?.labels;
  if (matcher.empty || matcher.matches(labels)) return [];
  return [labelsDoNotMatch(labels, path)];
}

export const labelsDoNotMatch = (labels: Record<string, string> | undefined, path: string): FieldError =>
  invalid(`${path}.metadata.labels`, goStringMap(labels), '`selector` does not match template `labels`');

/** Pods of controllers that keep a number of them running may not end. */
export function validateRunsForever(template: PodTemplateSpec | undefined, path: string, kind: string): FieldError[] {
  const { restartPolicy = '', activeDeadlineSeconds } = template?.spec ?? {};
  return [
    ...(restartPolicy === 'Always' ? [] : [notSupported(`${path}.spec.restartPolicy`, restartPolicy, ['Always'])]),
    ...(activeDeadlineSeconds === undefined
      ? []
      : [forbidden(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`)]),
  ];
}

type Counts<K extends string> = Partial<Record<K, number>> | undefined;

export const validateCounts = <K extends string>(status: Counts<K>, keys: readonly K[]): FieldError[] =>
  keys.flatMap((key) => validateNonnegative(status?.[key], `status.${key}`));

/** A part of the replicas is no more than all of them. */
export function validatePartsOfReplicas<K extends string>(
  status: (Counts<K> & { replicas?: number }) | undefined,
  keys: readonly K[],
): FieldError[] {
  const all = status?.replicas ?? 0;
  return keys.flatMap((key) => {
    const count = (status as Counts<K>)?.[key] ?? 0;
    return count > all ? [invalid(`status.${key}`, count, 'cannot be greater than status.replicas')] : [];
  });
}

export const validateCollisionCount = (now: number | undefined, before: number | undefined): FieldError[] =>
  before !== undefined && (now ?? 0) < before
    ? [invalid('status.collisionCount', now ?? 0, 'cannot be decremented')]
    : [];

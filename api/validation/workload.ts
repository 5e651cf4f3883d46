/** What Deployments and ReplicaSets have in common: a selector and a template that fit together. */
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goLabelSelector, goStringMap } from '../meta/go-text.ts';
import { matcherOfSelector, validateLabelSelector } from '../meta/labels.ts';
import type { PodTemplateSpec } from '../types/core-v1.ts';
import type { LabelSelector } from '../types/meta-v1.ts';
import { validatePodTemplate } from './pod-spec.ts';

export function validateSelectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  path: string,
): FieldError[] {
  const at = `${path}.selector`;
  const errors: FieldError[] = [];
  if (selector === undefined || selector === null) errors.push(required(at));
  else {
    errors.push(...validateLabelSelector(selector, at));
    if (matcherIsEmpty(selector)) {
      errors.push(invalid(at, goLabelSelector(selector), 'empty selector is invalid for deployment'));
    }
  }
  // what cannot be made a matcher keeps the template from being looked at
  if (validateLabelSelector(selector, at).length > 0) {
    return [...errors, invalid(at, goLabelSelector(selector), 'invalid label selector')];
  }
  const matcher = matcherOfSelector(selector ?? undefined);
  const labels = template?.metadata?.labels;
  if (!matcher.empty && !matcher.matches(labels)) {
    const why = '`selector` does not match template `labels`';
    errors.push(invalid(`${path}.template.metadata.labels`, goStringMap(labels), why));
  }
  return [...errors, ...validateTemplate(template ?? {}, `${path}.template`)];
}

const matcherIsEmpty = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;

function validateTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const errors = validatePodTemplate(template, path);
  const restart = template.spec?.restartPolicy;
  if (restart !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, restart ?? '', ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(`${path}.spec.activeDeadlineSeconds`, 'activeDeadlineSeconds in ReplicaSet is not Supported'),
    );
  }
  return errors;
}

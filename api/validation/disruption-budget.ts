import { invalid, notSupported, type FieldError } from '../meta/field-error.ts';
import { GoSyntax } from '../meta/go-text.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { nameIsPathSegment } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../types/policy-v1.ts';
import { validateConditions } from './conditions.ts';
import { intOrPercent, percentOf } from './field-checks.ts';
import { kindEntry, type KindEntry } from './kind-validation.ts';

const unhealthyPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

function share(path: string, value: number | string | undefined): FieldError[] {
  if (value === undefined) return [];
  const errors = intOrPercent(path, value);
  return (percentOf(value) ?? 0) > 100 ? [...errors, invalid(path, value, 'must not be greater than 100%')] : errors;
}

const pointer = (type: string, value: unknown): string =>
  `(*${type})(${value === undefined || value === null ? 'nil' : '0xc000000000'})`;

/** Go shows addresses here; ours are all the same. */
const shown = (spec: PodDisruptionBudgetSpec): GoSyntax =>
  new GoSyntax(
    `policy.PodDisruptionBudgetSpec{MinAvailable:${pointer('intstr.IntOrString', spec.minAvailable)}, ` +
      `Selector:${pointer('v1.LabelSelector', spec.selector)}, ` +
      `MaxUnavailable:${pointer('intstr.IntOrString', spec.maxUnavailable)}, UnhealthyPodEvictionPolicy:` +
      `${pointer('policy.UnhealthyPodEvictionPolicyType', spec.unhealthyPodEvictionPolicy)}}`,
  );

function validateSpec(spec: PodDisruptionBudgetSpec): FieldError[] {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  const both = minAvailable !== undefined && maxUnavailable !== undefined;
  return [
    ...(both ? [invalid('spec', shown(spec), 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...share('spec.minAvailable', minAvailable),
    ...share('spec.maxUnavailable', maxUnavailable),
    ...validateLabelSelector(spec.selector, 'spec.selector'),
    ...(policy === undefined || unhealthyPolicies.includes(policy)
      ? []
      : [notSupported('spec.unhealthyPodEvictionPolicy', policy, unhealthyPolicies)]),
  ];
}

const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

function validateStatus({ status }: PodDisruptionBudget): FieldError[] {
  const errors = validateConditions(status?.conditions, 'status.conditions');
  for (const field of counts) {
    const count = status?.[field] ?? 0;
    if (count < 0) errors.push(invalid(`status.${field}`, count, 'must be greater than or equal to 0'));
  }
  return errors;
}

const changed = (budget: PodDisruptionBudget, old: PodDisruptionBudget, errors: FieldError[]): FieldError[] => [
  ...validateObjectMetaUpdate(budget.metadata, old.metadata),
  ...errors,
];

export const disruptionBudgetKinds: readonly KindEntry[] = [
  kindEntry<PodDisruptionBudget>('policy/PodDisruptionBudget', {
    create(budget) {
      const errors = validateSpec(budget.spec ?? {});
      // metadata are looked at where there is nothing else to tell, and the name may be anything
      return errors.length > 0 ? errors : validateObjectMeta(budget.metadata, true, nameIsPathSegment);
    },
    update: (budget, old) => changed(budget, old, validateSpec(budget.spec ?? {})),
    statusUpdate: (budget, old) => changed(budget, old, validateStatus(budget)),
  }),
];

import { forbidden, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { PriorityClass } from '../types/scheduling-v1.ts';
import { kindEntry } from './kind-validation.ts';

const userPriorityMax = 1_000_000_000;
const systemPrefix = 'system-';
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const systemClasses: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

/** Why a class may not have a name that is kept for the system; '' for the system's own. */
function systemNameError(name: string, { value, globalDefault }: PriorityClass): string {
  const wanted = Object.hasOwn(systemClasses, name) ? systemClasses[name] : undefined;
  if (wanted === undefined) return `${name} is not a known system priority class`;
  if (value !== wanted) return `value of ${name} PriorityClass must be ${wanted}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : '';
}

function validatePolicy(policy: string | undefined): FieldError[] {
  if (policy === undefined || preemptionPolicies.includes(policy)) return [];
  const at = 'preemptionPolicy';
  return policy === '' ? [required(at)] : [notSupported(at, policy, preemptionPolicies)];
}

function validatePriorityClass(priorityClass: PriorityClass): FieldError[] {
  const errors = validateObjectMeta(priorityClass.metadata, false, nameIsDnsSubdomain);
  const name = priorityClass.metadata?.name ?? '';
  if (name.startsWith(systemPrefix)) {
    const error = systemNameError(name, priorityClass);
    const why = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${error}`;
    if (error !== '') errors.push(forbidden('metadata.name', why));
  } else if ((priorityClass.value ?? 0) > userPriorityMax) {
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${userPriorityMax}`));
  }
  return [...errors, ...validatePolicy(priorityClass.preemptionPolicy)];
}

const validatePriorityClassUpdate = (after: PriorityClass, old: PriorityClass): FieldError[] => [
  ...validateObjectMetaUpdate(after.metadata, old.metadata),
  ...(after.value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
  ...validateImmutable(after.preemptionPolicy, old.preemptionPolicy, 'preemptionPolicy'),
];

export const priorityClassKinds = [
  kindEntry<PriorityClass>('scheduling.k8s.io/PriorityClass', {
    create: validatePriorityClass,
    update: validatePriorityClassUpdate,
  }),
];

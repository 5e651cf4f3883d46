/** A Job's policies: when a failed pod counts, and when the Job has succeeded. */
import { duplicate, invalid, notSupported, required, tooLong, tooMany } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { byteLength } from '../meta/names.ts';
import { validateNonnegative } from '../meta/object-meta.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../types/batch-v1.ts';
import { each, qualifiedName } from './field-checks.ts';
import { countIndexes } from './job-indexes.ts';

const rulesMax = 20;
const exitCodesMax = 255;
const patternsMax = 20;
const succeededIndexesBytesMax = 64 * 1024;

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

const quoted = (values: readonly string[]): string => `valid values: [${values.map((v) => `"${v}"`).join(' ')}]`;

function oneOfQuoted(path: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (!value) return [required(path, quoted(supported))];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

function validateExitCodes(
  rule: Partial<PodFailurePolicyOnExitCodesRequirement>,
  path: string,
  containers: ReadonlySet<string>,
): FieldError[] {
  const { operator, containerName } = rule;
  const values = rule.values ?? [];
  const at = `${path}.values`;
  const errors = oneOfQuoted(`${path}.operator`, operator, operators);
  if (containerName !== undefined && !containers.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${path}.containerName`, containerName, why));
  }
  if (values.length === 0) errors.push(invalid(at, rule.values ?? null, 'at least one value is required'));
  else if (values.length > exitCodesMax) errors.push(tooMany(at, values.length, exitCodesMax));
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0)
      errors.push(invalid(`${at}[${i}]`, value, 'must not be 0 for the In operator'));
    if (seen.has(value)) errors.push(duplicate(`${at}[${i}]`, value));
    seen.add(value);
  }
  const ordered = values.every((value, i) => i === 0 || (values[i - 1] as number) <= value);
  return ordered ? errors : [...errors, invalid(at, values, 'must be ordered')];
}

function validateConditions(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): FieldError[] {
  return [
    ...(patterns.length > patternsMax ? [tooMany(path, patterns.length, patternsMax)] : []),
    ...each(patterns, path, (pattern, at) => [
      ...qualifiedName(`${at}.type`, pattern.type ?? ''),
      ...oneOfQuoted(`${at}.status`, pattern.status, statuses),
    ]),
  ];
}

function validateFailureRule(
  rule: PodFailurePolicyRule,
  spec: JobSpec,
  path: string,
  containers: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (rule.action !== 'FailIndex') errors.push(...oneOfQuoted(`${path}.action`, rule.action, actions));
  else if (spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'));
  }
  const conditions = rule.onPodConditions ?? [];
  if (rule.onExitCodes) errors.push(...validateExitCodes(rule.onExitCodes, `${path}.onExitCodes`, containers));
  if (conditions.length > 0) errors.push(...validateConditions(conditions, `${path}.onPodConditions`));
  if (rule.onExitCodes && conditions.length > 0) {
    errors.push(invalid(path, undefined, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (!rule.onExitCodes && conditions.length === 0) {
    errors.push(invalid(path, undefined, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

export function validatePodFailurePolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const pod = spec.template?.spec;
  const containers = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  return [
    ...(rules.length > rulesMax ? [tooMany(`${path}.rules`, rules.length, rulesMax)] : []),
    ...each(rules, `${path}.rules`, (rule, at) => validateFailureRule(rule, spec, at, containers)),
  ];
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, path: string): FieldError[] {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  if (count === undefined && indexes === undefined) {
    return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const errors: FieldError[] = [];
  let total = 0;
  if (indexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    if (byteLength(indexes) > succeededIndexesBytesMax) errors.push(tooLong(at, succeededIndexesBytesMax));
    const found = countIndexes(indexes, completions);
    if (typeof found === 'string') errors.push(invalid(at, indexes, `error parsing succeededIndexes: ${found}`));
    else total = found;
  }
  if (count === undefined) return errors;
  const at = `${path}.succeededCount`;
  errors.push(...validateNonnegative(count, at));
  if (count > completions) {
    const why = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(invalid(at, count, why));
  }
  if (indexes !== undefined && count > total) {
    const why = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalid(at, count, why));
  }
  return errors;
}

export function validateSuccessPolicy(spec: JobSpec, path: string): FieldError[] {
  if (spec.completionMode !== 'Indexed') return [invalid(path, spec.successPolicy, 'requires indexed completion mode')];
  const rules = spec.successPolicy?.rules ?? [];
  const at = `${path}.rules`;
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    errors.push(required(at, 'at least one rules must be specified when the successPolicy is specified'));
  }
  if (rules.length > rulesMax) errors.push(tooMany(at, rules.length, rulesMax));
  return [...errors, ...each(rules, at, (rule, ruleAt) => validateSuccessRule(rule, spec.completions ?? 0, ruleAt))];
}

export function validatePodReplacementPolicy(spec: JobSpec, path: string): FieldError[] {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return [];
  const supported = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return supported.includes(policy) ? [] : [notSupported(path, policy, supported)];
}

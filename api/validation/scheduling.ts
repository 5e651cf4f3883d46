/** Where a pod may run: affinity, tolerations, taints, spreading. */
import { duplicate, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { isLabelValue, isQualifiedName, nameIsDnsSubdomain } from '../meta/names.ts';
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from '../types/core-v1.ts';
import type { LabelSelector } from '../types/meta-v1.ts';
import { dnsLabel, each, named, oneOfIfSet, qualifiedName } from './field-checks.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function validateRequirement(requirement: NodeSelectorRequirement, path: string, strictValues: boolean): FieldError[] {
  const values = requirement.values ?? [];
  const errors: FieldError[] = [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
    default:
      errors.push(invalid(`${path}.operator`, requirement.operator, 'not a valid selector operator'));
  }
  errors.push(...qualifiedName(`${path}.key`, requirement.key));
  if (strictValues)
    errors.push(...each(values, `${path}.values`, (value, at) => named(at, value, isLabelValue(value))));
  return errors;
}

function validateFieldRequirement(requirement: NodeSelectorRequirement, path: string): FieldError[] {
  const values = requirement.values ?? [];
  const errors: FieldError[] = [];
  if (requirement.operator !== 'In' && requirement.operator !== 'NotIn') {
    errors.push(invalid(`${path}.operator`, requirement.operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${path}.values`, why));
  }
  if (requirement.key !== 'metadata.name') {
    return [...errors, invalid(`${path}.key`, requirement.key, 'not a valid field selector key')];
  }
  return [...errors, ...each(values, `${path}.values`, (v, at) => named(at, v, nameIsDnsSubdomain(v, false)))];
}

const validateTerm = (term: NodeSelectorTerm, path: string, strictValues: boolean): FieldError[] => [
  ...each(term.matchExpressions, `${path}.matchExpressions`, (r, at) => validateRequirement(r, at, strictValues)),
  ...each(term.matchFields, `${path}.matchFields`, validateFieldRequirement),
];

export function validateNodeSelector(selector: NodeSelector, path: string): FieldError[] {
  const at = `${path}.nodeSelectorTerms`;
  if (!selector.nodeSelectorTerms?.length) return [required(at, 'must have at least one node selector term')];
  return each(selector.nodeSelectorTerms, at, (term, termAt) => validateTerm(term, termAt, true));
}

const validateWeight = (weight: number, path: string): FieldError[] =>
  weight <= 0 || weight > 100 ? [invalid(`${path}.weight`, weight, 'must be in the range 1-100')] : [];

function validateLabelKeys(
  keys: string[] | undefined,
  selector: LabelSelector | undefined,
  path: string,
): FieldError[] {
  if (!keys?.length) return [];
  if (selector === undefined) return [forbidden(path, 'must not be specified when labelSelector is not set')];
  return each(keys, path, (key, at) => qualifiedName(at, key));
}

function validatePodTerm(term: PodAffinityTerm, path: string): FieldError[] {
  const { labelSelector, matchLabelKeys, mismatchLabelKeys } = term;
  const errors = [
    ...validateLabelSelector(labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
    ...(term.namespaces ?? []).flatMap((name) => dnsLabel(`${path}.namespace`, name)),
    ...validateLabelKeys(matchLabelKeys, labelSelector, `${path}.matchLabelKeys`),
    ...validateLabelKeys(mismatchLabelKeys, labelSelector, `${path}.mismatchLabelKeys`),
  ];
  for (const [i, key] of (matchLabelKeys ?? []).entries()) {
    if (!mismatchLabelKeys?.includes(key)) continue;
    errors.push(invalid(`${path}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  }
  if (!term.topologyKey) errors.push(required(`${path}.topologyKey`, 'can not be empty'));
  return [...errors, ...qualifiedName(`${path}.topologyKey`, term.topologyKey ?? '')];
}

const wanted = 'preferredDuringSchedulingIgnoredDuringExecution';
const needed = 'requiredDuringSchedulingIgnoredDuringExecution';

function validatePodTerms(affinity: PodAffinity | undefined, path: string): FieldError[] {
  return [
    ...each(affinity?.[needed], `${path}.${needed}`, validatePodTerm),
    ...each(affinity?.[wanted], `${path}.${wanted}`, (term, at) => [
      ...validateWeight(term.weight, at),
      ...validatePodTerm(term.podAffinityTerm, `${at}.podAffinityTerm`),
    ]),
  ];
}

export function validateAffinity(affinity: Affinity | undefined, path: string): FieldError[] {
  const node = affinity?.nodeAffinity;
  const at = `${path}.nodeAffinity`;
  return [
    ...(node?.[needed] ? validateNodeSelector(node[needed], `${at}.${needed}`) : []),
    ...each(node?.[wanted], `${at}.${wanted}`, (term, termAt) => [
      ...validateWeight(term.weight, termAt),
      ...validateTerm(term.preference, `${termAt}.preference`, false),
    ]),
    ...validatePodTerms(affinity?.podAffinity, `${path}.podAffinity`),
    ...validatePodTerms(affinity?.podAntiAffinity, `${path}.podAntiAffinity`),
  ];
}

export function validateTolerations(tolerations: Toleration[] | undefined, path: string): FieldError[] {
  return each(tolerations, path, (toleration, at) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const errors = key ? qualifiedName(`${at}.key`, key) : [];
    if (!key && operator !== 'Exists') {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(`${at}.operator`, operator, why));
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    if (operator === '' || operator === 'Equal') {
      const messages = isLabelValue(value);
      if (messages.length > 0) errors.push(invalid(`${at}.operator`, value, messages.join(';')));
    } else if (operator !== 'Exists') errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']));
    else if (value) errors.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
    return effect ? [...errors, ...oneOfIfSet(`${at}.effect`, effect, effects)] : errors;
  });
}

export function validateTaints(taints: Taint[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return each(taints, path, (taint, at) => {
    const errors = named(`${at}.key`, taint.key, isQualifiedName(taint.key));
    const messages = isLabelValue(taint.value ?? '');
    if (messages.length > 0) errors.push(invalid(`${at}.value`, taint.value, messages.join(';')));
    if (!taint.effect) errors.push(required(`${at}.effect`));
    else errors.push(...oneOfIfSet(`${at}.effect`, taint.effect, effects));
    const id = `${taint.effect}/${taint.key}`;
    if (seen.has(id)) {
      errors.push({ ...duplicate(at, taint), detail: 'taints must be unique by key and effect pair' });
    }
    seen.add(id);
    return errors;
  });
}

export function validateTopologySpread(
  constraints: TopologySpreadConstraint[] | undefined,
  path: string,
): FieldError[] {
  const all = constraints ?? [];
  return each(all, path, (constraint, at, index) => {
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    const errors: FieldError[] = [];
    if (maxSkew <= 0) errors.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    errors.push(...oneOfIfSet(`${at}.whenUnsatisfiable`, whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway']));
    const again = all
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (again) {
      errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`));
    }
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(`${at}.minDomains`, minDomains, 'must be greater than zero'));
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
        errors.push(invalid(`${at}.minDomains`, minDomains, why));
      }
    }
    const selectorKeys = new Set([
      ...Object.keys(constraint.labelSelector?.matchLabels ?? {}),
      ...(constraint.labelSelector?.matchExpressions ?? []).map((e) => e.key),
    ]);
    return [
      ...errors,
      ...oneOfIfSet(`${at}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, ['Honor', 'Ignore']),
      ...oneOfIfSet(`${at}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, ['Honor', 'Ignore']),
      ...validateLabelKeys(constraint.matchLabelKeys, constraint.labelSelector, `${at}.matchLabelKeys`),
      ...each(constraint.matchLabelKeys, `${at}.matchLabelKeys`, (key, keyAt) =>
        selectorKeys.has(key) ? [invalid(keyAt, key, 'exists in both matchLabelKeys and labelSelector')] : [],
      ),
      ...validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`),
    ];
  });
}

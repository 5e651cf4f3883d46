import { invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { fieldImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../types/core-v1.ts';
import { isQuotaResource, validateQuotaResourceName } from './resource-names.ts';
import { validateQuantityValue } from './resources.ts';

const podResources = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const claimResources = ['persistentvolumeclaims', 'requests.storage'];

/** Scope → what can be counted in it. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  Terminating: podResources,
  NotTerminating: podResources,
  BestEffort: ['pods'],
  NotBestEffort: podResources,
  PriorityClass: podResources,
  CrossNamespacePodAffinity: podResources,
  VolumeAttributesClass: claimResources,
};
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
/** scopes that a pod is in or not, without values */
const plainScopes = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);

const goScopes = (list: readonly string[] | undefined): ReturnType<typeof goStrings> =>
  goStrings(list, 'core.ResourceQuotaScope');

type Quantities = Record<string, string> | undefined;

const validateQuantities = (list: Quantities, path: string): FieldError[] =>
  Object.entries(list ?? {}).flatMap(([name, value]) => [
    ...validateQuotaResourceName(name, `${path}[${name}]`),
    ...validateQuantityValue(name, value, `${path}[${name}]`),
  ]);

/** Resources of the quota that cannot be counted in this scope. */
const misfits = (scope: string, hard: Quantities): string[] =>
  Object.keys(hard ?? {})
    .sort()
    .filter((name) => isQuotaResource(name) && Object.hasOwn(scopes, scope) && !scopes[scope]?.includes(name));

const hasOpposites = (list: readonly string[]): number =>
  opposites.filter((pair) => pair.every((scope) => list.includes(scope))).length;

function validateScopes(spec: ResourceQuotaSpec): FieldError[] {
  const list = spec.scopes ?? [];
  const refuse = (why: string): FieldError => invalid('spec.scopes', goScopes(list), why);
  return [
    ...list.flatMap((scope) => [
      ...(Object.hasOwn(scopes, scope) ? [] : [refuse('unsupported scope')]),
      ...misfits(scope, spec.hard).map(() => refuse('unsupported scope applied to resource')),
    ]),
    ...Array.from({ length: hasOpposites(list) }, () => refuse('conflicting scopes')),
  ];
}

function validateRequirement(requirement: ScopedResourceSelectorRequirement, path: string): FieldError[] {
  const { scopeName, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  if (plainScopes.has(scopeName) && operator !== 'Exists') {
    const why =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
      'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
    errors.push(invalid(`${path}.operator`, operator ?? '', why));
  }
  if (operator === 'In' || operator === 'NotIn') {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(required(`${path}.values`, why));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(invalid(`${path}.values`, goStrings(values), why));
  } else errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
  return errors;
}

function validateScopeSelector(spec: ResourceQuotaSpec): FieldError[] {
  const at = 'spec.scopeSelector.matchExpressions';
  const list = spec.scopeSelector?.matchExpressions ?? [];
  const errors = list.flatMap((requirement) => [
    ...(Object.hasOwn(scopes, requirement.scopeName)
      ? []
      : [invalid(`${at}.scopeName`, requirement.scopeName ?? '', 'unsupported scope')]),
    ...misfits(requirement.scopeName, spec.hard).map(() =>
      invalid(at, spec.scopeSelector, 'unsupported scope applied to resource'),
    ),
    ...validateRequirement(requirement, at),
  ]);
  const conflicts = hasOpposites(list.map(({ scopeName }) => scopeName));
  // a real server shows the scopes here, not the selector
  return [
    ...errors,
    ...Array.from({ length: conflicts }, () => invalid(at, goScopes(spec.scopes), 'conflicting scopes')),
  ];
}

const validateSpec = (spec: ResourceQuotaSpec): FieldError[] => [
  ...validateQuantities(spec.hard, 'spec.hard'),
  ...validateScopes(spec),
  ...validateScopeSelector(spec),
];

export const validateResourceQuota = (quota: ResourceQuota): FieldError[] => [
  ...validateObjectMeta(quota.metadata, true, nameIsDnsSubdomain),
  ...validateSpec(quota.spec ?? {}),
];

export function validateResourceQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const [now, before] = [new Set(quota.spec?.scopes), new Set(old.spec?.scopes)];
  const same = now.size === before.size && [...now].every((scope) => before.has(scope));
  return [
    ...validateObjectMetaUpdate(quota.metadata, old.metadata),
    ...validateSpec(quota.spec ?? {}),
    ...(same ? [] : [invalid('spec.scopes', goScopes(quota.spec?.scopes), fieldImmutable)]),
  ];
}

export const validateResourceQuotaStatusUpdate = (quota: ResourceQuota, old: ResourceQuota): FieldError[] => [
  ...validateObjectMetaUpdate(quota.metadata, old.metadata),
  ...validateQuantities(quota.status?.hard, 'status.hard'),
  ...validateQuantities(quota.status?.used, 'status.used'),
];

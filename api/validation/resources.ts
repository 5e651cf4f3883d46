/** Requests and limits. */
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isQualifiedName } from '../meta/names.ts';
import { compareQuantities, parseQuantity } from '../meta/quantity.ts';
import type { ResourceRequirements } from '../types/core-v1.ts';

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);
const countedResources = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
const standardResources = new Set([
  ...containerResources,
  ...countedResources,
  'storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);
const counted = new Set(countedResources);

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** Names without a domain, and those of kubernetes.io. */
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
const mayOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);

function validateResourceName(name: string, path: string): FieldError[] {
  const errors = isQualifiedName(name).map((message) => invalid(path, name, message));
  if (
    errors.length === 0 &&
    !name.includes('/') &&
    !standardResources.has(name) &&
    !/^(requests\.)?hugepages-/.test(name)
  ) {
    errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'));
  }
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHugePages(name)) {
      errors.push(invalid(path, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

export function validateQuantityValue(name: string, text: string, path: string): FieldError[] {
  const quantity = parseQuantity(text);
  const errors = quantity.nano < 0n ? [invalid(path, text, 'must be greater than or equal to 0')] : [];
  const wholeOnly = counted.has(name) || isExtended(name);
  if (wholeOnly && quantity.nano % 1_000_000_000n !== 0n) errors.push(invalid(path, text, 'must be an integer'));
  return errors;
}

const podLevelResources = ['cpu', 'hugepages-', 'memory'];

/** `podLevel`: of the pod as a whole, where fewer names are allowed */
export function validateResources(
  resources: ResourceRequirements | undefined,
  path: string,
  podLevel = false,
): FieldError[] {
  const [limits, requests] = [resources?.limits ?? {}, resources?.requests ?? {}];
  const checkName = (name: string, at: string): FieldError[] => {
    if (!podLevel) return validateResourceName(name, at);
    const fine = name === 'cpu' || name === 'memory' || isHugePages(name);
    return fine ? [] : [notSupported(at, name, podLevelResources)];
  };
  const errors: FieldError[] = [];
  for (const name of Object.keys(limits)) {
    const at = `${path}.limits[${name}]`;
    errors.push(...checkName(name, at), ...validateQuantityValue(name, limits[name] as string, at));
  }
  for (const name of Object.keys(requests)) {
    const at = `${path}.requests[${name}]`;
    const request = requests[name] as string;
    errors.push(...checkName(name, at), ...validateQuantityValue(name, request, at));
    errors.push(...validateAgainstLimit(name, request, Object.hasOwn(limits, name) ? limits[name] : undefined, path));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(path, 'HugePages require cpu or memory'));
  }
  return errors;
}

function validateAgainstLimit(name: string, request: string, limit: string | undefined, path: string): FieldError[] {
  if (limit === undefined) {
    return mayOvercommit(name)
      ? []
      : [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const compared = compareQuantities(parseQuantity(request), parseQuantity(limit));
  const at = `${path}.requests`;
  if (compared !== 0 && !mayOvercommit(name))
    return [invalid(at, request, `must be equal to ${name} limit of ${limit}`)];
  return compared > 0 ? [invalid(at, request, `must be less than or equal to ${name} limit of ${limit}`)] : [];
}

/** Resources of a pod as a whole, and claims of devices. */
import { duplicate, forbidden, invalid, notFound, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { compareQuantities, formatQuantity, parseQuantity } from '../meta/quantity.ts';
import { aggregateResources } from '../pods/pod-level-resources.ts';
import type { PodResourceClaim, PodSpec, ResourceClaim } from '../types/core-v1.ts';
import { dnsLabel, each, named } from './field-checks.ts';
import { validateResources } from './resources.ts';

function validateConsistency(spec: PodSpec, path: string): FieldError[] {
  const { requests = {}, limits = {} } = spec.resources ?? {};
  const errors: FieldError[] = [];
  for (const [name, sum] of aggregateResources(spec, 'requests')) {
    const text = requests[name];
    if (text === undefined || compareQuantities(sum, parseQuantity(text)) <= 0) continue;
    const why = `must be greater than or equal to aggregate container requests of ${formatQuantity(sum)}`;
    errors.push(invalid(`${path}.requests[${name}]`, text, why));
  }
  for (const [name, sum] of aggregateResources(spec, 'limits')) {
    const text = limits[name];
    if (!name.startsWith('hugepages-') || text === undefined) continue;
    if (compareQuantities(sum, parseQuantity(text)) <= 0) continue;
    const why = `must be greater than or equal to aggregate container limits of ${formatQuantity(sum)}`;
    errors.push(invalid(`${path}.limits[${name}]`, text, why));
  }
  for (const [i, container] of (spec.containers ?? []).entries()) {
    for (const [name, own] of Object.entries(container.resources?.limits ?? {})) {
      const text = limits[name];
      if (text === undefined || compareQuantities(parseQuantity(own), parseQuantity(text)) <= 0) continue;
      const why = `must be less than or equal to pod limits of ${text}`;
      errors.push(invalid(`${path}.containers[${i}][${name}].limits`, own, why));
    }
  }
  return errors;
}

export function validatePodLevelResources(spec: PodSpec, path: string): FieldError[] {
  if (!spec.resources) return [];
  const at = `${path}.resources`;
  if (spec.os?.name === 'windows') return [forbidden(at, 'may not be set for a windows pod')];
  return [
    ...(spec.resources.claims ? [forbidden(`${at}.claims`, 'claims may not be set for Resources at pod-level')] : []),
    ...validateResources(spec.resources, at, true),
    ...validateConsistency(spec, at),
  ];
}

function validateClaim(claim: PodResourceClaim, path: string, names: Set<string>): FieldError[] {
  const { name, resourceClaimName, resourceClaimTemplateName } = claim;
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${path}.name`));
  else if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
  else errors.push(...dnsLabel(`${path}.name`, name));
  names.add(name);
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    const why = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    errors.push(invalid(path, claim, why));
  }
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
    errors.push(invalid(path, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
  }
  for (const key of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
    const value = claim[key];
    if (value !== undefined) errors.push(...named(`${path}.${key}`, value, nameIsDnsSubdomain(value, false)));
  }
  return errors;
}

export function validateResourceClaims(spec: PodSpec, path: string): FieldError[] {
  const names = new Set<string>();
  return each(spec.resourceClaims, `${path}.resourceClaims`, (claim, at) => validateClaim(claim, at, names));
}

/** Of a container: those of its pod. */
export function validateClaimNames(
  claims: readonly ResourceClaim[] | undefined,
  spec: PodSpec,
  path: string,
): FieldError[] {
  const known = (spec.resourceClaims ?? []).map(({ name }) => name).filter((name) => name !== '');
  const seen = new Set<string>();
  return each(claims, path, ({ name, request }, at) => {
    if (!name) return [required(at)];
    const errors: FieldError[] = request ? dnsLabel(`${at}.request`, request) : [];
    const key = request ? `${name}/${request}` : name;
    const overlaps = seen.has(name) || (!request && [...seen].some((other) => other.startsWith(`${name}/`)));
    if (seen.has(key) || overlaps) errors.push(duplicate(at, seen.has(name) || !request ? name : key));
    seen.add(key);
    if (known.includes(name)) return errors;
    const which = known.length === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
    return [
      ...errors,
      { ...notFound(at, name), detail: `must be one of the names in pod.spec.resourceClaims${which}` },
    ];
  });
}

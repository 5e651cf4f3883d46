/** Requests and limits. */
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { compareQuantities, parseQuantity } from '../meta/quantity.ts';
import type { ResourceRequirements } from '../types/core-v1.ts';
import { isCounted, isHugePages, mayOvercommit, validateContainerResourceName } from './resource-names.ts';

export function validateQuantityValue(name: string, text: string, path: string): FieldError[] {
  const quantity = parseQuantity(text);
  const errors = quantity.nano < 0n ? [invalid(path, text, 'must be greater than or equal to 0')] : [];
  const wholeOnly = isCounted(name);
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
    if (!podLevel) return validateContainerResourceName(name, at);
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

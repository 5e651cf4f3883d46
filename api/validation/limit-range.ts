import { duplicate, forbidden, invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isQualifiedName, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta } from '../meta/object-meta.ts';
import { compareQuantities, millisOf, parseQuantity, unitsOf, quantityOf } from '../meta/quantity.ts';
import type { LimitRange, LimitRangeItem } from '../types/core-v1.ts';
import { each } from './field-checks.ts';
import { mayOvercommit, validateContainerResourceName, validateResourceName } from './resource-names.ts';

const types = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
/** above it, a thousandth no longer fits into 64 bits */
const milliMax = 9_223_372_036_854_775n;

type List = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';

function validateType(type: string, path: string): FieldError[] {
  const errors = isQualifiedName(type).map((message) => invalid(path, type, message));
  if (errors.length > 0 || type.includes('/') || types.has(type)) return errors;
  return [invalid(path, type, 'must be a standard limit type or fully qualified')];
}

function validateNames(limit: LimitRangeItem, list: List, path: string): FieldError[] {
  const ofContainers = limit.type === 'Pod' || limit.type === 'Container';
  const check = ofContainers ? validateContainerResourceName : validateResourceName;
  return Object.keys(limit[list] ?? {}).flatMap((name) => check(name, `${path}.${list}[${name}]`));
}

const isMore = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && compareQuantities(parseQuantity(a), parseQuantity(b)) > 0;

function validateRatio(name: string, limit: LimitRangeItem, path: string): FieldError[] {
  const text = limit.maxLimitRequestRatio?.[name];
  if (text === undefined) return [];
  const at = `${path}.maxLimitRequestRatio[${name}]`;
  const ratio = parseQuantity(text);
  const errors: FieldError[] = [];
  if (compareQuantities(ratio, quantityOf(1n)) < 0) errors.push(invalid(at, text, `ratio ${text} is less than 1`));
  const [min, max] = [limit.min?.[name], limit.max?.[name]];
  if (min === undefined || max === undefined) return errors;
  const [low, high] = [parseQuantity(min), parseQuantity(max)];
  const fits = [ratio, low, high].every((quantity) => unitsOf(quantity) < milliMax);
  const asked = fits ? Number(millisOf(ratio)) / 1000 : Number(unitsOf(ratio));
  const most = fits ? Number(millisOf(high)) / Number(millisOf(low)) : Number(unitsOf(high)) / Number(unitsOf(low));
  if (asked > most) {
    errors.push(invalid(at, text, `ratio ${text} is greater than max/min = ${most.toFixed(6)}`));
  }
  return errors;
}

/** How the bounds of one resource stand to each other. */
function validateOrder(name: string, limit: LimitRangeItem, path: string): FieldError[] {
  const ofPod = limit.type === 'Pod';
  const [min, max] = [limit.min?.[name], limit.max?.[name]];
  const usual = ofPod ? undefined : limit.default?.[name];
  const request = ofPod ? undefined : limit.defaultRequest?.[name];
  const errors: FieldError[] = [];
  const refuse = (list: List, value: string | undefined, why: string): void =>
    void errors.push(invalid(`${path}.${list}[${name}]`, value, why));
  if (isMore(min, max)) refuse('min', min, `min value ${min} is greater than max value ${max}`);
  if (isMore(min, request)) {
    refuse('defaultRequest', request, `min value ${min} is greater than default request value ${request}`);
  }
  if (isMore(request, max)) {
    refuse('defaultRequest', request, `default request value ${request} is greater than max value ${max}`);
  }
  if (isMore(request, usual)) {
    refuse('defaultRequest', request, `default request value ${request} is greater than default limit value ${usual}`);
  }
  if (isMore(min, usual)) refuse('default', min, `min value ${min} is greater than default value ${usual}`);
  if (isMore(usual, max)) refuse('default', max, `default value ${usual} is greater than max value ${max}`);
  errors.push(...validateRatio(name, limit, path));
  if (!mayOvercommit(name) && (isMore(usual, request) || isMore(request, usual))) {
    const why = `default value ${usual} must equal to defaultRequest value ${request} in ${name}`;
    refuse('defaultRequest', request, why);
  }
  return errors;
}

function validateItem(limit: LimitRangeItem, path: string): FieldError[] {
  const errors = [...validateNames(limit, 'max', path), ...validateNames(limit, 'min', path)];
  const lists: List[] = ['max', 'min', 'maxLimitRequestRatio'];
  for (const list of ['default', 'defaultRequest'] as const) {
    if (limit.type !== 'Pod') {
      lists.push(list);
      errors.push(...validateNames(limit, list, path));
    } else if (Object.keys(limit[list] ?? {}).length > 0) {
      errors.push(forbidden(`${path}.${list}`, "may not be specified when `type` is 'Pod'"));
    }
  }
  const bounded = limit.min?.['storage'] !== undefined || limit.max?.['storage'] !== undefined;
  if (limit.type === 'PersistentVolumeClaim' && !bounded) {
    const why = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(`${path}.limits`, why));
  }
  errors.push(...validateNames(limit, 'maxLimitRequestRatio', path));
  const names = new Set(lists.flatMap((list) => Object.keys(limit[list] ?? {})));
  return [...errors, ...[...names].flatMap((name) => validateOrder(name, limit, path))];
}

/** Of new ones and of changed ones: both are looked at as a whole. */
export function validateLimitRange(range: LimitRange): FieldError[] {
  const seen = new Set<string>();
  return [
    ...validateObjectMeta(range.metadata, true, nameIsDnsSubdomain),
    ...each(range.spec?.limits, 'spec.limits', (limit, at) => {
      const errors = validateType(limit.type ?? '', `${at}.type`);
      if (seen.has(limit.type)) errors.push(duplicate(`${at}.type`, limit.type));
      seen.add(limit.type);
      return [...errors, ...validateItem(limit, at)];
    }),
  ];
}

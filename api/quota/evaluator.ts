import type { Quantity } from '../meta/quantity.ts';
import { quantityOf } from '../meta/quantity.ts';
import type { ScopedResourceSelectorRequirement } from '../types/core-v1.ts';
import type { QuantityList } from './quantity-list.ts';

/** What of an admission the evaluators look at. */
export interface QuotaOperation {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly subresource: string;
}

/** How the objects of one resource count. Pure: `nowMs` is passed in. */
export interface Evaluator<T = unknown> {
  readonly group: string;
  readonly resource: string;
  /** may this write change what is used? */
  handles(write: QuotaOperation, object: T, old: T | undefined): boolean;
  /** of the names that a quota limits, those that such an object uses */
  matching(names: Iterable<string>): string[];
  usage(object: T, nowMs: number): QuantityList;
  /** why an object may not be counted by these names; '' where it may */
  problem(names: readonly string[], object: T): string;
  /** is the object in this scope? Most kinds are in none. */
  isInScope(scope: ScopedResourceSelectorRequirement, object: T): boolean;
}

export const one: Quantity = quantityOf(1n);

/** `count/pods`, `count/deployments.apps` */
export const countName = (group: string, resource: string): string =>
  `count/${group === '' ? resource : `${resource}.${group}`}`;

/** Kinds that could be counted before everything could, under their own name. */
const aliases: Readonly<Record<string, string>> = {
  '/configmaps': 'configmaps',
  '/resourcequotas': 'resourcequotas',
  '/replicationcontrollers': 'replicationcontrollers',
  '/secrets': 'secrets',
};

/** Counts objects, whatever they are. */
export function countEvaluator(group: string, resource: string): Evaluator {
  const names = [countName(group, resource)];
  const alias = aliases[`${group}/${resource}`];
  if (alias !== undefined) names.push(alias);
  return {
    group,
    resource,
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    matching: (wanted) => [...wanted].filter((name) => names.includes(name)),
    usage: () => new Map(names.map((name) => [name, one])),
    problem: () => '',
    isInScope: () => false,
  };
}

/** A scope's operator on the value that an object has, or on its lack of one. */
export function matchesScope(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

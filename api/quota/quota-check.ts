import type { Quantity } from '../meta/quantity.ts';
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../types/core-v1.ts';
import type { Evaluator } from './evaluator.ts';
import {
  addLists,
  exceeding,
  listText,
  maskList,
  quantityList,
  subtractLists,
  withoutZeros,
  type QuantityList,
} from './quantity-list.ts';

/** A write that may use more than there was. */
export interface QuotaWrite {
  readonly evaluator: Evaluator;
  readonly subresource: string;
  readonly object: unknown;
  /** undefined for a create */
  readonly old: unknown;
  readonly nowMs: number;
}

/** What is to become of a quota: its new `used`, nothing, or why the write is refused. */
export type QuotaVerdict =
  { readonly used: QuantityList } | { readonly refusal: string } | { readonly unchanged: true };

const unchanged: QuotaVerdict = { unchanged: true };

export const scopesOf = ({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] => [
  ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' as const })),
  ...(spec?.scopeSelector?.matchExpressions ?? []),
];

const matches = (quota: ResourceQuota, { evaluator }: QuotaWrite, object: unknown): boolean =>
  evaluator.matching(Object.keys(quota.status?.hard ?? {})).length > 0 &&
  scopesOf(quota).every((scope) => evaluator.isInScope(scope, object));

/** What the write uses more than before, by all names; an object that comes into a scope counts whole. */
function addedBy(quota: ResourceQuota, write: QuotaWrite): Map<string, Quantity> {
  const { evaluator, object, old, nowMs } = write;
  const usage = evaluator.usage(object, nowMs);
  const isDelta = old !== undefined && matches(quota, write, old);
  return withoutZeros(isDelta ? subtractLists(usage, evaluator.usage(old, nowMs)) : usage);
}

/** Does the write fit into the quota as it stands? */
export function checkQuota(quota: ResourceQuota, write: QuotaWrite): QuotaVerdict {
  if (!matches(quota, write, write.object)) return unchanged;
  const name = quota.metadata?.name ?? '';
  const hard = quantityList(quota.status?.hard);
  const used = quantityList(quota.status?.used);
  const names = write.evaluator.matching(hard.keys());
  const problem = write.evaluator.problem(names, write.object);
  if (problem !== '') return { refusal: `failed quota: ${name}: ${problem}` };
  if (names.some((limited) => !used.has(limited))) {
    return { refusal: `status unknown for quota: ${name}, resources: ${[...names].sort().join(',')}` };
  }
  const usage = write.evaluator.usage(write.object, write.nowMs);
  const negative = [...usage].filter(([, quantity]) => quantity.nano < 0n).map(([own]) => own);
  if (negative.length > 0) {
    return { refusal: `quota usage is negative for resource(s): ${negative.sort().join(',')}` };
  }
  const requested = maskList(addedBy(quota, write), hard.keys());
  if (requested.size === 0) return unchanged;
  const next = addLists(used, requested);
  const exceeded = write.subresource === 'status' ? [] : exceeding(maskList(next, requested.keys()), hard);
  if (exceeded.length === 0) return { used: next };
  const [more, was, most] = [requested, used, hard].map((list) => listText(maskList(list, exceeded)));
  return { refusal: `exceeded quota: ${name}, requested: ${more}, used: ${was}, limited: ${most}` };
}

/** What objects of one kind use of the names that a quota limits; nothing at all is 0. */
export function usageOf(
  quota: ResourceQuota,
  evaluator: Evaluator,
  objects: Iterable<unknown>,
  nowMs: number,
): Map<string, Quantity> {
  const names = evaluator.matching(Object.keys(quota.spec?.hard ?? {}));
  let total: Map<string, Quantity> = new Map(names.map((name) => [name, { nano: 0n, format: 'DecimalSI' }]));
  const scopes = scopesOf(quota);
  for (const object of objects) {
    if (!scopes.every((scope) => evaluator.isInScope(scope, object))) continue;
    total = addLists(total, maskList(evaluator.usage(object, nowMs), names));
  }
  return total;
}

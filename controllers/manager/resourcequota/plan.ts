import {
  equalLists,
  maskList,
  quantityList,
  quantityTexts,
  type QuantityList,
} from '../../../api/quota/quantity-list.ts';
import type { ResourceQuota, ResourceQuotaStatus } from '../../../api/types/core-v1.ts';

/**
 * The status that a quota shall have; undefined where it has it. `counted` holds what is used of the names that could
 * be counted; of others what was known before stays.
 */
export function plannedStatus(quota: ResourceQuota, counted: QuantityList): ResourceQuotaStatus | undefined {
  const hard = quantityList(quota.spec?.hard);
  const before = quantityList(quota.status?.used);
  const used = maskList(new Map([...before, ...counted]), hard.keys());
  const isLimitsSame = equalLists(hard, quantityList(quota.status?.hard));
  if (isLimitsSame && quota.status?.used !== undefined && equalLists(used, before)) return undefined;
  return { hard: quantityTexts(hard), used: quantityTexts(used) };
}

/** `count/deployments.apps` → deployments of apps; undefined for names of another form */
export function countedResource(name: string): { readonly group: string; readonly resource: string } | undefined {
  const alias = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'].find((own) => own === name);
  if (alias !== undefined) return { group: '', resource: alias };
  if (!name.startsWith('count/')) return undefined;
  const path = name.slice('count/'.length);
  const dot = path.indexOf('.');
  return dot === -1 ? { group: '', resource: path } : { group: path.slice(dot + 1), resource: path.slice(0, dot) };
}

import type { PodCondition, PodStatus } from '../../api/types/core-v1.ts';

/** What to send so that the API server has `wanted`: a strategic merge patch; undefined: it has it already. */
export function statusPatch(before: PodStatus | undefined, wanted: PodStatus): object | undefined {
  const patch = {
    ...wanted,
    conditions: wanted.conditions?.map((condition) => conditionPatch(before?.conditions, condition)),
    hostIPs: withoutGone(before?.hostIPs, wanted.hostIPs),
    podIPs: withoutGone(before?.podIPs, wanted.podIPs),
  };
  return isSame(inOrder(before), inOrder(patch)) ? undefined : patch;
}

const clearable = ['reason', 'message'] as const;

/** Conditions are merged field by field: what no longer holds must be taken away by name. */
function conditionPatch(before: readonly PodCondition[] | undefined, wanted: PodCondition): { type: string } {
  const old = before?.find(({ type }) => type === wanted.type);
  const gone = clearable.filter((field) => old?.[field] && wanted[field] === undefined);
  return { ...wanted, ...Object.fromEntries(gone.map((field) => [field, null])) };
}

/** Addresses are merged by themselves: old ones must be taken away. */
function withoutGone(
  before: readonly { ip: string }[] | undefined,
  wanted: readonly { ip: string }[] | undefined,
): object[] | undefined {
  const gone = (before ?? []).filter(({ ip }) => wanted?.every((kept) => kept.ip !== ip));
  return wanted && [...wanted, ...gone.map(({ ip }) => ({ ip, $patch: 'delete' }))];
}

/** Conditions are a set by their type: their order says nothing. */
const inOrder = (status: { conditions?: { type: string }[] } | undefined): object | undefined =>
  status && { ...status, conditions: status.conditions?.toSorted((a, b) => (a.type < b.type ? -1 : 1)) };

/** Our fields are what the API server has already. Values are plain JSON, and absent ones do not count. */
function isSame(before: unknown, wanted: unknown): boolean {
  if (before === wanted) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(before) && before.length === wanted.length && wanted.every((item, i) => isSame(before[i], item))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return false;
  if (typeof before !== 'object' || before === null) return Object.values(wanted).every((value) => value === undefined);
  const known = before as Record<string, unknown>;
  return Object.entries(wanted).every(
    ([key, value]) => value === undefined || isSame(known[key], value) || (isEmpty(value) && known[key] === undefined),
  );
}
const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

import type { Taint, Toleration } from '../types/core-v1.ts';

const int64 = /^[+-]?[0-9]{1,19}$/;

function comparesTo(toleration: Toleration, taint: Taint): boolean {
  const [wanted, found] = [toleration.value ?? '', taint.value ?? ''];
  switch (toleration.operator || 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
      return wanted === found;
    case 'Lt':
    case 'Gt':
      if (!int64.test(wanted) || !int64.test(found)) return false;
      return toleration.operator === 'Lt' ? BigInt(found) < BigInt(wanted) : BigInt(found) > BigInt(wanted);
    default:
      return false;
  }
}

/** An empty key with Exists tolerates every key, an empty effect every effect. */
export const tolerates = (toleration: Toleration, taint: Taint): boolean =>
  (!toleration.effect || toleration.effect === taint.effect) &&
  (!toleration.key || toleration.key === taint.key) &&
  comparesTo(toleration, taint);

/** The first taint with one of the effects that nothing tolerates. */
export const untoleratedTaint = (
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined =>
  taints?.find((taint) => effects.includes(taint.effect) && !tolerations?.some((t) => tolerates(t, taint)));

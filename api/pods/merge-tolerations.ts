import { semanticEqual } from '../meta/deep-equal.ts';
import type { Toleration } from '../types/core-v1.ts';

const isEqualOperator = (operator: string | undefined): boolean => !operator || operator === 'Equal';

/** True where `a` tolerates all that `b` does, at least as long. */
function covers(a: Toleration, b: Toleration): boolean {
  if (semanticEqual(a, b)) return true;
  // no key, with Exists, is every key
  if (a.key !== b.key && (a.key || a.operator !== 'Exists')) return false;
  if (a.effect !== b.effect && a.effect) return false;
  if (a.effect === 'NoExecute' && a.tolerationSeconds !== undefined) {
    if (b.tolerationSeconds === undefined || b.tolerationSeconds > a.tolerationSeconds) return false;
  }
  if (a.operator === 'Exists') return true;
  return isEqualOperator(a.operator) && b.operator === 'Equal' && (a.value ?? '') === (b.value ?? '');
}

/** Both lists as one, without what another one covers; of equal ones the first stays. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [i, toleration] of all.entries()) {
    if (merged.some((kept) => covers(kept, toleration))) continue;
    const later = all.slice(i + 1).filter((other) => !semanticEqual(other, toleration));
    if (!later.some((other) => covers(other, toleration))) merged.push(toleration);
  }
  return merged;
}

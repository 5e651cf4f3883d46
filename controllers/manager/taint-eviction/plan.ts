import type { Node, Pod, Taint, Toleration } from '../../../api/types/core-v1.ts';

/** `operator` Exists without a key tolerates everything; without an effect, every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
}

export const noExecuteTaints = (node: Node | undefined): Taint[] =>
  (node?.spec?.taints ?? []).filter((taint) => taint.effect === 'NoExecute');

/**
 * When (ms since 1970) the pod must leave; undefined where it may stay. `seenMs` says when we saw a taint that bears no time.
 * A taint that nothing tolerates: now. Otherwise the shortest tolerationSeconds among the tolerations in use counts.
 */
export function evictionTimeMs(pod: Pod, taints: readonly Taint[], seenMs: number): number | undefined {
  let earliest: number | undefined;
  for (const taint of taints) {
    const matching = (pod.spec?.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    const addedMs = Date.parse(taint.timeAdded ?? '') || seenMs;
    const limits = matching.flatMap((t) =>
      t.tolerationSeconds === undefined ? [] : [Math.max(0, t.tolerationSeconds)],
    );
    if (matching.length > 0 && limits.length === 0) continue;
    const dueMs = matching.length === 0 ? addedMs : addedMs + Math.min(...limits) * 1000;
    earliest = Math.min(earliest ?? Infinity, dueMs);
  }
  return earliest;
}

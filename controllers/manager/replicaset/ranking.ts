import type { Pod } from '../../../api/types/core-v1.ts';
import { isPodReady, readySinceMs } from '../pod-state.ts';

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

interface Ranked {
  readonly pod: Pod;
  /** active related pods on the same node: pods that share a node are removed first */
  readonly neighbours: number;
}

type Comparison = (a: Ranked, b: Ranked, nowMs: number) => number;

const restartsOf = (pod: Pod): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map((c) => c.restartCount));
const deletionCost = (pod: Pod): number => {
  const text = pod.metadata?.annotations?.[deletionCostAnnotation] ?? '';
  return /^-?(0|[1-9]\d*)$/.test(text) ? Number(text) : 0;
};
const createdMs = (pod: Pod): number | undefined => {
  const ms = Date.parse(pod.metadata?.creationTimestamp ?? '');
  return Number.isNaN(ms) ? undefined : ms;
};

/** The younger goes first, but ages of the same power of two count as equal, so that chance (the uid) spreads deletions. */
function youngerFirst(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, nowMs: number): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const rank = (ms: number): number => (nowMs - ms > 0 ? Math.floor(Math.log2((nowMs - ms) * 1e6)) : -1);
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  return (podA.metadata?.uid ?? '') < (podB.metadata?.uid ?? '') ? -1 : 1;
}

/** Kubernetes' ActivePodsWithRanks: the first that tells two pods apart decides; negative means that `a` is deleted first. */
const comparisons: readonly Comparison[] = [
  // not assigned to a node
  (a, b) => Number(Boolean(a.pod.spec?.nodeName)) - Number(Boolean(b.pod.spec?.nodeName)),
  // pending, then unknown, then running
  (a, b) => (phaseRank[a.pod.status?.phase ?? ''] ?? 0) - (phaseRank[b.pod.status?.phase ?? ''] ?? 0),
  // not ready
  (a, b) => Number(isPodReady(a.pod)) - Number(isPodReady(b.pod)),
  // lower deletion cost
  (a, b) => deletionCost(a.pod) - deletionCost(b.pod),
  // more related pods on the same node
  (a, b) => b.neighbours - a.neighbours,
  // ready for less time
  (a, b, nowMs) =>
    isPodReady(a.pod) && isPodReady(b.pod)
      ? youngerFirst(readySinceMs(a.pod), readySinceMs(b.pod), a.pod, b.pod, nowMs)
      : 0,
  // more restarts
  (a, b) => restartsOf(b.pod) - restartsOf(a.pod),
  // younger
  (a, b, nowMs) => youngerFirst(createdMs(a.pod), createdMs(b.pod), a.pod, b.pod, nowMs),
];

/** The `count` pods to delete. `related` are the active pods of all ReplicaSets of the same owner (of this one where it has none). */
export function podsToDelete(active: readonly Pod[], related: readonly Pod[], count: number, nowMs: number): Pod[] {
  if (count >= active.length) return [...active];
  const perNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName;
    if (node) perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const ranked: Ranked[] = active.map((pod) => ({ pod, neighbours: perNode.get(pod.spec?.nodeName ?? '') ?? 0 }));
  ranked.sort((a, b) => {
    for (const compare of comparisons) {
      const order = compare(a, b, nowMs);
      if (order !== 0) return order;
    }
    return 0;
  });
  return ranked.slice(0, count).map(({ pod }) => pod);
}

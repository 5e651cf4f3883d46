import type { Pod, PodCondition } from '../../api/types/core-v1.ts';

export const podCondition = (pod: Pod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find((condition) => condition.type === type);

export const isPodReady = (pod: Pod): boolean => podCondition(pod, 'Ready')?.status === 'True';

export const isPodFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Counts towards its controller's replicas. */
export const isPodActive = (pod: Pod): boolean => !isPodFinished(pod) && pod.metadata?.deletionTimestamp === undefined;

/** When the pod became ready, in ms since 1970; undefined where that is not known. */
export function readySinceMs(pod: Pod): number | undefined {
  const condition = podCondition(pod, 'Ready');
  const ms = condition?.status === 'True' ? Date.parse(condition.lastTransitionTime ?? '') : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isPodReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = readySinceMs(pod);
  return since !== undefined && since + minReadySeconds * 1000 <= nowMs;
}

import type { Deployment, ReplicaSet } from '../../../api/types/apps-v1.ts';

export type IntOrPercent = number | string;

/** `25%` of `total`, rounded up or down; a number stays itself. */
export function resolveIntOrPercent(value: IntOrPercent, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const match = /^(\d+)%$/.exec(value);
  if (!match) return Number.isInteger(Number(value)) ? Number(value) : 0;
  const exact = (Number(match[1]) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

export const isRollingUpdate = (deployment: Deployment): boolean =>
  (deployment.spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
export const wantedReplicas = (deployment: Deployment): number => deployment.spec?.replicas ?? 1;
export const replicasOf = (set: ReplicaSet): number => set.spec?.replicas ?? 1;
export const sum = (sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + of(set), 0);

/** How many pods there may be above, and missing below, the wanted number. Never both 0, which could not move. */
export function fenceposts(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const wanted = wantedReplicas(deployment);
  const { maxSurge: surgeSpec = '25%', maxUnavailable: unavailableSpec = '25%' } =
    deployment.spec?.strategy?.rollingUpdate ?? {};
  const maxSurge = resolveIntOrPercent(surgeSpec, wanted, true);
  const unavailable = resolveIntOrPercent(unavailableSpec, wanted, false);
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, wanted) };
}

import type { Deployment, ReplicaSet } from '../../../api/types/apps-v1.ts';
import { fenceposts, isRollingUpdate, replicasOf, sum, wantedReplicas } from './fenceposts.ts';
import { desiredReplicasAnnotation, maxReplicasAnnotation, revisionOf } from './revisions.ts';

/** One ReplicaSet's new size. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

const createdMs = (set: ReplicaSet): number => Date.parse(set.metadata?.creationTimestamp ?? '') || 0;
const nameOf = (set: ReplicaSet): string => set.metadata?.name ?? '';
export const oldestFirst = (a: ReplicaSet, b: ReplicaSet): number =>
  createdMs(a) - createdMs(b) || (nameOf(a) < nameOf(b) ? -1 : 1);
const newestFirst = (a: ReplicaSet, b: ReplicaSet): number =>
  createdMs(b) - createdMs(a) || (nameOf(a) < nameOf(b) ? -1 : 1);
const isActive = (set: ReplicaSet): boolean => replicasOf(set) > 0;
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;

/**
 * The size of the new ReplicaSet in this step. With 10 wanted, maxSurge 3, 8 old pods and 2 new: at most 13 in all, so 3 more may come.
 */
export function newSetReplicas(deployment: Deployment, newReplicas: number, all: readonly ReplicaSet[]): number {
  const wanted = wantedReplicas(deployment);
  if (!isRollingUpdate(deployment)) return wanted;
  const room = wanted + fenceposts(deployment).maxSurge - sum(all, replicasOf);
  return room <= 0 ? newReplicas : newReplicas + Math.min(room, wanted - newReplicas);
}

/** Growing (or shrinking) the new ReplicaSet; undefined where it stands as it shall, or has no room. */
export function planNewSet(deployment: Deployment, newSet: ReplicaSet, old: readonly ReplicaSet[]): Resize | undefined {
  const wanted = wantedReplicas(deployment);
  const current = replicasOf(newSet);
  if (current === wanted) return undefined;
  const replicas = current > wanted ? wanted : newSetReplicas(deployment, current, [...old, newSet]);
  return replicas === current ? undefined : { set: newSet, replicas };
}

/**
 * Shrinking the old ReplicaSets of a rolling update: first pods that do not work anyway, then as many working ones as may be missing.
 * New pods that are not available yet count as missing, so a broken new version stops the roll.
 */
export function planOldSets(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Resize[] {
  const all = newSet ? [...old, newSet] : old;
  if (sum(old, replicasOf) === 0) return [];
  const minAvailable = wantedReplicas(deployment) - fenceposts(deployment).maxUnavailable;
  const newUnavailable = newSet ? replicasOf(newSet) - availableOf(newSet) : 0;
  const maxScaledDown = sum(all, replicasOf) - minAvailable - newUnavailable;
  if (maxScaledDown <= 0) return [];
  const sizes = new Map<ReplicaSet, number>();
  const sorted = [...old].sort(oldestFirst);
  shrink(sorted, maxScaledDown, sizes, (set) => replicasOf(set) - Math.min(availableOf(set), replicasOf(set)));
  const surplus = sum(all, availableOf) - minAvailable;
  shrink(sorted, surplus, sizes, (set) => sizes.get(set) ?? replicasOf(set));
  return [...sizes].map(([set, replicas]) => ({ set, replicas }));
}

/** Takes up to `budget` replicas, in order, no more than `upTo` of each. */
function shrink(
  sets: readonly ReplicaSet[],
  budget: number,
  sizes: Map<ReplicaSet, number>,
  upTo: (set: ReplicaSet) => number,
): void {
  let left = budget;
  for (const set of sets) {
    const size = sizes.get(set) ?? replicasOf(set);
    const count = Math.min(left, upTo(set), size);
    if (count <= 0) continue;
    sizes.set(set, size - count);
    left -= count;
  }
}

/** The Deployment was resized since the annotation was written: resizing comes before any roll. */
export function isScalingEvent(deployment: Deployment, all: readonly ReplicaSet[]): boolean {
  const active = all.filter(isActive);
  // Left by a rolling update that became a Recreate: the Recreate resolves it.
  if (!isRollingUpdate(deployment) && active.length > 1) return false;
  return active.some((set) => {
    const desired = Number(set.metadata?.annotations?.[desiredReplicasAnnotation] ?? NaN);
    return !Number.isNaN(desired) && desired !== wantedReplicas(deployment);
  });
}

/** How the ReplicaSets follow a change of `spec.replicas`. Several active ones share it in proportion to their size. */
export function planScale(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Resize[] {
  const wanted = wantedReplicas(deployment);
  const only = activeOrLatest(newSet, old);
  if (only) return [{ set: only, replicas: wanted }];
  if (isSaturated(deployment, newSet)) return old.filter(isActive).map((set) => ({ set, replicas: 0 }));
  if (!isRollingUpdate(deployment)) return [];
  return planProportional(deployment, [...old, ...(newSet ? [newSet] : [])].filter(isActive));
}

/** The one to scale where at most one has pods: that one, else the newest. */
function activeOrLatest(newSet: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const active = [...old, ...(newSet ? [newSet] : [])].filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? newSet ?? [...old].sort(newestFirst)[0];
}

function isSaturated(deployment: Deployment, newSet: ReplicaSet | undefined): boolean {
  if (!newSet) return false;
  const wanted = wantedReplicas(deployment);
  const desired = Number(newSet.metadata?.annotations?.[desiredReplicasAnnotation] ?? NaN);
  return replicasOf(newSet) === wanted && desired === wanted && availableOf(newSet) === wanted;
}

/**
 * 10 wanted, maxSurge 3; old 8, new 5 of 13 in all. Scaled to 15: 18 may be, so 5 more: 8·18/13 ≈ 11 → +3, 5·18/13 ≈ 7 → +2.
 */
function planProportional(deployment: Deployment, active: ReplicaSet[]): Resize[] {
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + fenceposts(deployment).maxSurge : 0;
  const toAdd = allowed - sum(active, replicasOf);
  // Growing favours the newer of two equal sets, shrinking takes from the older first.
  const bySize = (a: ReplicaSet, b: ReplicaSet): number => replicasOf(b) - replicasOf(a);
  const sorted = [...active].sort((a, b) => bySize(a, b) || (toAdd > 0 ? newestFirst(a, b) : oldestFirst(a, b)));
  let added = 0;
  const resizes = sorted.map((set) => {
    const share = toAdd === 0 ? 0 : proportionOf(deployment, set, toAdd, added, allowed);
    added += share;
    return { set, replicas: replicasOf(set) + share };
  });
  // What rounding left over goes to the first.
  return resizes.map(({ set, replicas }, i) => ({
    set,
    replicas: i === 0 ? Math.max(0, replicas + toAdd - added) : replicas,
  }));
}

function proportionOf(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number, allowed: number): number {
  const size = replicasOf(set);
  if (size === 0 || toAdd === added) return 0;
  const left = toAdd - added;
  const annotated =
    Number(set.metadata?.annotations?.[maxReplicasAnnotation] ?? 0) || (deployment.status?.replicas ?? 0);
  if (wantedReplicas(deployment) === 0) return Math.max(-size, left);
  const fraction = annotated === 0 ? left : Math.round((size * allowed) / annotated) - size;
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

/** Old ReplicaSets beyond `revisionHistoryLimit`, oldest revisions first; never one that has or wants pods. */
export function planCleanup(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const alive = old.filter((set) => set.metadata?.deletionTimestamp === undefined);
  const excess = alive.length - limit;
  if (excess <= 0) return [];
  const byRevision = [...alive].sort((a, b) => revisionOf(a) - revisionOf(b) || oldestFirst(a, b));
  return byRevision
    .slice(0, excess)
    .filter(
      (set) =>
        (set.status?.replicas ?? 0) === 0 &&
        replicasOf(set) === 0 &&
        (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    );
}

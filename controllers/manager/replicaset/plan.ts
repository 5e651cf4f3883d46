import type { ReplicaSetCondition, ReplicaSetStatus } from '../../../api/types/apps-v1.ts';
import type { Pod } from '../../../api/types/core-v1.ts';
import { matcherOfSet } from '../../../api/meta/labels.ts';
import { clone } from '../../../api/meta/clone.ts';
import type { ResourceRef } from '../../../client/types.ts';
import { controllerRef } from '../claim.ts';
import { isPodAvailable, isPodReady, readySinceMs } from '../pod-state.ts';
import { podsToDelete } from './ranking.ts';
import type { ReplicaOwner } from './replica-kinds.ts';

/** No more pods than this are created or deleted in one sync. */
export const burstReplicas = 500;

export type ReplicaPlan =
  | { readonly action: 'none' }
  | { readonly action: 'create'; readonly count: number }
  | { readonly action: 'delete'; readonly pods: Pod[] };

/** Level-based: how to get from the active pods to the wanted number. */
export function planReplicas(
  set: ReplicaOwner,
  active: readonly Pod[],
  related: readonly Pod[],
  nowMs: number,
): ReplicaPlan {
  const difference = active.length - (set.spec?.replicas ?? 1);
  if (difference < 0) return { action: 'create', count: Math.min(-difference, burstReplicas) };
  if (difference === 0) return { action: 'none' };
  return { action: 'delete', pods: podsToDelete(active, related, Math.min(difference, burstReplicas), nowMs) };
}

/** The pod that the template describes, owned by the set. */
export function podFromTemplate(ref: ResourceRef<ReplicaOwner>, set: ReplicaOwner): Pod {
  const template = clone(set.spec?.template ?? {});
  const name = set.metadata?.name ?? '';
  // A generated name must stay a valid one: 63 characters, five of them random.
  return {
    metadata: {
      generateName: `${name}-`,
      namespace: set.metadata?.namespace,
      labels: template.metadata?.labels,
      annotations: template.metadata?.annotations,
      finalizers: template.metadata?.finalizers,
      ownerReferences: [controllerRef(ref, set)],
    },
    spec: template.spec,
  };
}

export interface SyncFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

export function replicaSetStatus(
  set: ReplicaOwner,
  active: readonly Pod[],
  failure: SyncFailure | undefined,
  nowMs: number,
  now: string,
): ReplicaSetStatus {
  const templateLabels = matcherOfSet(set.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => templateLabels.matches(pod.metadata?.labels)).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: active.filter((pod) => isPodAvailable(pod, minReadySeconds, nowMs)).length,
    observedGeneration: set.metadata?.generation,
    conditions: conditionsOf(set.status?.conditions ?? [], failure, now),
  };
}

function conditionsOf(
  before: readonly ReplicaSetCondition[],
  failure: SyncFailure | undefined,
  now: string,
): ReplicaSetCondition[] {
  const others = before.filter((condition) => condition.type !== 'ReplicaFailure');
  const current = before.find((condition) => condition.type === 'ReplicaFailure');
  if (!failure) return others;
  // As Kubernetes: a failure that stands already is not rewritten, which would wake everyone who watches.
  if (current) return [...before];
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: now, ...failure }];
}

/** When the next ready pod becomes available by time alone; undefined where none will. */
export function nextAvailabilityMs(set: ReplicaOwner, active: readonly Pod[], nowMs: number): number | undefined {
  const minReadyMs = (set.spec?.minReadySeconds ?? 0) * 1000;
  const waits = active.flatMap((pod) => {
    const since = readySinceMs(pod);
    return since !== undefined && since + minReadyMs > nowMs ? [since + minReadyMs - nowMs] : [];
  });
  return waits.length === 0 ? undefined : Math.min(...waits);
}

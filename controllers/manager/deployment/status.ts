import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../api/types/apps-v1.ts';
import { fenceposts, replicasOf, sum, wantedReplicas } from './fenceposts.ts';

/** MaxInt32 means: no deadline. */
const noDeadline = 2_147_483_647;

export const reasons = {
  available: 'NewReplicaSetAvailable',
  updated: 'ReplicaSetUpdated',
  timedOut: 'ProgressDeadlineExceeded',
  created: 'NewReplicaSetCreated',
  found: 'FoundNewReplicaSet',
  createFailed: 'ReplicaSetCreateError',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

export interface Now {
  readonly ms: number;
  /** the same, as metav1.Time */
  readonly text: string;
}

export const hasProgressDeadline = (deployment: Deployment): boolean => {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== noDeadline;
};

export const conditionOf = (status: DeploymentStatus | undefined, type: string): DeploymentCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

type NewCondition = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Status and reason as before: nothing changes. Status as before: the time of its last change stays. */
export function setCondition(
  conditions: readonly DeploymentCondition[],
  next: NewCondition,
  now: Now,
): DeploymentCondition[] {
  const current = conditions.find((condition) => condition.type === next.type);
  if (current && current.status === next.status && current.reason === next.reason) return [...conditions];
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : now.text;
  return [...without(conditions, next.type), { ...next, lastUpdateTime: now.text, lastTransitionTime }];
}

const without = (conditions: readonly DeploymentCondition[], type: string): DeploymentCondition[] =>
  conditions.filter((condition) => condition.type !== type);

/** Counts and the Available condition. */
export function calculateStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  now: Now,
): DeploymentStatus {
  const availableReplicas = sum(all, (set) => set.status?.availableReplicas ?? 0);
  const isAvailable = availableReplicas >= wantedReplicas(deployment) - fenceposts(deployment).maxUnavailable;
  const condition: NewCondition = isAvailable
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  return {
    observedGeneration: deployment.metadata?.generation,
    replicas: sum(all, (set) => set.status?.replicas ?? 0),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - availableReplicas),
    collisionCount: deployment.status?.collisionCount,
    conditions: setCondition(deployment.status?.conditions ?? [], condition, now),
  };
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

function isProgressing(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const count = (
    status: DeploymentStatus,
    key: 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas',
  ): number => status[key] ?? 0;
  const oldOnes = (status: DeploymentStatus): number => count(status, 'replicas') - count(status, 'updatedReplicas');
  return (
    count(after, 'updatedReplicas') > count(before, 'updatedReplicas') ||
    oldOnes(after) < oldOnes(before) ||
    count(after, 'readyReplicas') > count(before, 'readyReplicas') ||
    count(after, 'availableReplicas') > count(before, 'availableReplicas')
  );
}

/** ms until the deadline passes; undefined where none runs. */
export function untilTimeoutMs(deployment: Deployment, now: Now): number | undefined {
  const condition = conditionOf(deployment.status, 'Progressing');
  if (!condition || !hasProgressDeadline(deployment)) return undefined;
  if (condition.reason === reasons.available || condition.reason === reasons.timedOut) return undefined;
  const since = Date.parse(condition.lastUpdateTime ?? '') || now.ms;
  return since + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000 - now.ms;
}

const isTimedOut = (deployment: Deployment, now: Now): boolean =>
  conditionOf(deployment.status, 'Progressing')?.reason === reasons.timedOut ||
  (untilTimeoutMs(deployment, now) ?? 1) < 0;

/** Counts and all conditions of a Deployment that is rolled out: what `kubectl rollout status` reads. */
export function rolloutStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  now: Now,
): DeploymentStatus {
  const status = calculateStatus(deployment, newSet, all, now);
  let conditions = status.conditions ?? [];
  const current = conditionOf(deployment.status, 'Progressing');
  const subject = newSet
    ? `ReplicaSet "${newSet.metadata?.name ?? ''}"`
    : `Deployment "${deployment.metadata?.name ?? ''}"`;
  const progress = (conditionStatus: string, reason: string, words: string): NewCondition => ({
    type: 'Progressing',
    status: conditionStatus,
    reason,
    message: `${subject} ${words}`,
  });
  if (!hasProgressDeadline(deployment)) conditions = without(conditions, 'Progressing');
  else if (!(status.replicas === status.updatedReplicas && current?.reason === reasons.available)) {
    // Scaling a complete Deployment is no rollout: its condition stays as it is.
    if (isComplete(deployment, status)) {
      conditions = setCondition(conditions, progress('True', reasons.available, 'has successfully progressed.'), now);
    } else if (isProgressing(deployment.status ?? {}, status)) {
      // Each step forward starts the deadline anew, so this one is rewritten even when only its time changes.
      const lastTransitionTime = current?.status === 'True' ? current.lastTransitionTime : now.text;
      const condition = progress('True', reasons.updated, 'is progressing.');
      conditions = [
        ...without(conditions, 'Progressing'),
        { ...condition, lastUpdateTime: now.text, lastTransitionTime },
      ];
    } else if (isTimedOut(deployment, now)) {
      conditions = setCondition(conditions, progress('False', reasons.timedOut, 'has timed out progressing.'), now);
    }
  }
  const failed = [newSet, ...all]
    .map((set) => set?.status?.conditions?.find((c) => c.type === 'ReplicaFailure'))
    .find(Boolean);
  conditions = failed
    ? setCondition(
        conditions,
        { type: 'ReplicaFailure', status: failed.status, reason: failed.reason, message: failed.message },
        now,
      )
    : without(conditions, 'ReplicaFailure');
  return { ...status, conditions };
}

/** The Progressing condition of a Deployment that was just paused or resumed; undefined where nothing is to be said. */
export function pausedCondition(deployment: Deployment): NewCondition | undefined {
  if (!hasProgressDeadline(deployment)) return undefined;
  const reason = conditionOf(deployment.status, 'Progressing')?.reason;
  if (reason === reasons.timedOut) return undefined;
  if (deployment.spec?.paused && reason !== reasons.paused) {
    return { type: 'Progressing', status: 'Unknown', reason: reasons.paused, message: 'Deployment is paused' };
  }
  if (!deployment.spec?.paused && reason === reasons.paused) {
    return { type: 'Progressing', status: 'Unknown', reason: reasons.resumed, message: 'Deployment is resumed' };
  }
  return undefined;
}

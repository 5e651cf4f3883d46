import type { Pod } from '../../api/types/core-v1.ts';
import { isConflict, isNotFound } from '../../client/api-errors.ts';
import type { ResourceClient } from '../../client/types.ts';
import { isPodFinished } from './pod-state.ts';

export interface Disruption {
  readonly reason: string;
  readonly message: string;
  /** nobody is left to report that the pod ended: it becomes Failed */
  readonly fail: boolean;
  readonly gracePeriodSeconds?: number;
}

/** The pod's status with the condition that says who ended it and why. */
export function disruptedStatus(pod: Pod, disruption: Disruption, now: string): NonNullable<Pod['status']> {
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'DisruptionTarget');
  const { reason, message } = disruption;
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: now };
  return {
    ...pod.status,
    conditions: [...others, condition],
    ...(disruption.fail ? { phase: 'Failed', reason: pod.status?.reason, message: pod.status?.message } : {}),
  };
}

/** Notes the reason in the pod's status, then deletes it. Gone already is as good. */
export async function disruptPod(
  resource: ResourceClient<Pod>,
  pod: Pod,
  disruption: Disruption,
  now: string,
): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata ?? {};
  try {
    if (!isPodFinished(pod)) await resource.updateStatus({ ...pod, status: disruptedStatus(pod, disruption, now) });
    await resource.delete(name, namespace, {
      preconditions: { uid },
      gracePeriodSeconds: disruption.gracePeriodSeconds,
    });
  } catch (error) {
    // A conflict on the precondition: another pod has the name now.
    const isReplaced = isConflict(error) && error.message.toLowerCase().includes('uid');
    if (!isNotFound(error) && !isReplaced) throw error;
  }
}

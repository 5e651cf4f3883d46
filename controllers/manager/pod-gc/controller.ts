import type { Node, Pod } from '../../../api/types/core-v1.ts';
import { rfc3339 } from '../../../base/clock.ts';
import { isNotFound, messageOf } from '../../../client/api-errors.ts';
import { keyOf } from '../../../client/types.ts';
import { nodes, pods } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { disruptPod } from '../disruption.ts';
import type { Disruption } from '../disruption.ts';
import { periodicController } from '../periodic.ts';
import { planPodGc } from './plan.ts';

const orphanedDisruption: Disruption = {
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
  fail: true,
  gracePeriodSeconds: 0,
};
const plainDisruption: Disruption = { ...orphanedDisruption, message: 'PodGC: unscheduled and terminating pod' };

/** Removes pods that nobody else will: on deleted nodes, deleted before scheduling, or finished and too many. */
export function podGcController(context: ControllerContext): Controller {
  const { client, clock, settings, log } = context;
  const podInformer: Informer<Pod> = context.informers.informer(pods);
  const nodeInformer: Informer<Node> = context.informers.informer(nodes);
  const podClient = client.resource(pods);
  const nodeClient = client.resource(nodes);
  const missingSinceMs = new Map<string, number>();

  const remove = async (pod: Pod, disruption: Disruption): Promise<void> => {
    try {
      await disruptPod(podClient, pod, disruption, rfc3339(clock.nowMs()));
    } catch (error) {
      log.warn(
        { pod: keyOf(pod), error: messageOf(error) },
        'pod GC could not remove a pod; the next round tries again',
      );
    }
  };
  const isGone = async (node: string): Promise<boolean> => {
    try {
      await nodeClient.get(node);
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  };

  return periodicController(clock, log, settings.podGcPeriodMs, async () => {
    const nowMs = clock.monotonicMs();
    const { podGcQuarantineMs: quarantineMs, terminatedPodsMax } = settings;
    const hasNode = (name: string): boolean => nodeInformer.lister.get(name) !== undefined;
    const plan = planPodGc({
      pods: podInformer.lister.list(),
      hasNode,
      missingSinceMs,
      nowMs,
      quarantineMs,
      terminatedPodsMax,
    });
    for (const node of missingSinceMs.keys()) if (!plan.missingNodes.has(node)) missingSinceMs.delete(node);
    for (const node of plan.missingNodes) if (!missingSinceMs.has(node)) missingSinceMs.set(node, nowMs);
    const gone = new Map<string, boolean>();
    for (const pod of plan.orphaned) {
      const node = pod.spec?.nodeName ?? '';
      if (!gone.has(node)) gone.set(node, await isGone(node));
      if (gone.get(node)) await remove(pod, orphanedDisruption);
    }
    for (const pod of [...plan.unscheduled, ...plan.excess]) await remove(pod, plainDisruption);
  });
}

import type { ClusterRole } from '../../../api/types/rbac-v1.ts';
import { clusterRoles } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import { newQueue, queueController } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { aggregatedRules } from './plan.ts';

/** Writes into aggregating roles what the roles that they select allow. */
export function clusterRoleAggregationController(context: ControllerContext): Controller {
  const queue = newQueue(context, 'clusterrole-aggregation', 5);
  const informer: Informer<ClusterRole> = context.informers.informer(clusterRoles);
  // Any role may be selected by any other, and there are few.
  const enqueueAll = (): void => {
    for (const { metadata, aggregationRule } of informer.lister.list()) {
      if (aggregationRule !== undefined) queue.add(metadata?.name ?? '');
    }
  };
  informer.addHandlers({ added: enqueueAll, updated: enqueueAll, deleted: enqueueAll });
  return queueController(queue, async (name) => {
    const role = informer.lister.get(name);
    const rules = role && aggregatedRules(role, informer.lister.list());
    if (rules !== undefined) await context.client.resource(clusterRoles).patch(name, 'merge', { rules });
  });
}

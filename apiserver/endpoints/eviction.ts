import { invalid } from '../../api/meta/field-error.ts';
import { newBadRequest, newInvalid, newNotFound, StatusError } from '../../api/meta/status.ts';
import { rfc3339 } from '../../base/clock.ts';
import type { Pod, PodCondition } from '../../api/types/core-v1.ts';
import type { Eviction, PodDisruptionBudget } from '../../api/types/policy-v1.ts';
import type { KubeObject } from '../pipeline.ts';
import { poddisruptionbudgets } from '../registry/policy/poddisruptionbudgets.ts';
import { admitSubresource } from './admit-subresource.ts';
import { sendAny } from './answer.ts';
import { created } from './binding.ts';
import { checkPreconditions, deleteObject } from './delete.ts';
import { budgetsOf, disrupted, isReady, letsUnreadyGo, needsNoBudget, stillProcessed } from './disruption-budgets.ts';
import { formOf } from './negotiation.ts';
import { normalized } from './object-preparation.ts';
import { objectOf } from './request-body.ts';
import { writeOptions, type DeleteRequestOptions } from './request-options.ts';
import { keyOf, type ResourceRequest } from './resource-request.ts';

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };
const severalBudgets =
  'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
const triesMax = 10;

/** The eviction's own options with the request's dry run. */
function deleteOptionsOf(eviction: Eviction, dryRun: boolean, name: string): DeleteRequestOptions {
  const options = (eviction.deleteOptions ?? {}) as DeleteRequestOptions & Record<string, unknown>;
  const breaking = 'ignoreStoreReadErrorWithClusterBreakingPotential';
  if (options[breaking] === true) {
    const why = 'can not be set for pod eviction, try after removing the option';
    throw newInvalid(evictionKind, name, [invalid(`deleteOptions.${breaking}`, true, why)]);
  }
  return { ...options, ...(dryRun && !options.dryRun?.length && { dryRun: ['All'] }) };
}

/** POST of pods/eviction: a delete that disruption budgets may refuse. */
export async function evict(request: ResourceRequest): Promise<void> {
  const { ctx } = request;
  const { name } = ctx.info;
  const form = { ...formOf(ctx), as: 'object' as const };
  const options = writeOptions(ctx, 'CreateOptions');
  const eviction = objectOf(ctx, evictionKind, options) as unknown as Eviction;
  if ((eviction.metadata?.name ?? '') !== name) {
    throw newBadRequest('name in URL does not match name in Eviction object');
  }
  const asked = deleteOptionsOf(eviction, options.dryRun, name);
  await admitSubresource(request, eviction as unknown as KubeObject, options.dryRun);
  await removePod(request, asked);
  sendAny(ctx, 201, created, form);
}

async function removePod(request: ResourceRequest, asked: DeleteRequestOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const pod = await currentPod(request);
    if (!needsNoBudget(pod)) {
      await removeGuarded(request, pod, asked);
      return;
    }
    try {
      // a pending pod may have become ready
      await removeNow(request, pod.status?.phase === 'Pending' ? unchanged(asked, pod) : asked);
      return;
    } catch (error) {
      const again = error instanceof StatusError && error.reason === 'Conflict' && attempt < triesMax;
      if (!again || asked.preconditions?.resourceVersion !== undefined) throw error;
    }
  }
}

async function removeGuarded(request: ResourceRequest, pod: Pod, asked: DeleteRequestOptions): Promise<void> {
  const budgets = budgetsOf(pod, await budgetsIn(request));
  if (budgets.length > 1) throw new StatusError(500, '', severalBudgets);
  const [budget] = budgets;
  if (budget === undefined) {
    await removeNow(request, asked);
    return;
  }
  if (isReady(pod) || !letsUnreadyGo(budget)) {
    await charge(request, budget, (asked.dryRun?.length ?? 0) > 0);
    await removeNow(request, asked);
    return;
  }
  try {
    await removeNow(request, unchanged(asked, pod));
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error;
    if (asked.preconditions?.resourceVersion !== undefined) throw error;
    throw stillProcessed(budget.metadata?.name ?? '');
  }
}

/** Only as long as the pod is as it was when its budget was looked at. */
function unchanged(asked: DeleteRequestOptions, { metadata }: Pod): DeleteRequestOptions {
  const { resourceVersion } = metadata ?? {};
  if (asked.preconditions?.resourceVersion !== undefined || resourceVersion === undefined) return asked;
  return { ...asked, preconditions: { ...asked.preconditions, resourceVersion } };
}

async function currentPod({ ctx, entry, storage }: ResourceRequest): Promise<Pod> {
  const { namespace, name } = ctx.info;
  const stored = await storage.store.read(keyOf(entry, storage.prefix, namespace, name));
  if (stored === undefined) throw newNotFound({ group: '', resource: 'pods' }, name);
  return stored.object;
}

async function budgetsIn({ ctx, services }: ResourceRequest): Promise<PodDisruptionBudget[]> {
  const { prefix, reader } = services.storageOf(poddisruptionbudgets);
  const query = { limit: 0, continue: '', resourceVersion: undefined, match: undefined };
  const { items } = await reader.list({ ...query, prefix: `${prefix}${ctx.info.namespace}/` });
  return items.map(({ object }) => object as unknown as PodDisruptionBudget);
}

/** Takes one disruption from the budget. */
async function charge(request: ResourceRequest, budget: PodDisruptionBudget, dryRun: boolean): Promise<void> {
  const { ctx, services } = request;
  const { prefix, store } = services.storageOf(poddisruptionbudgets);
  const name = budget.metadata?.name ?? '';
  await store.update(keyOf(poddisruptionbudgets, prefix, ctx.info.namespace, name), (stored) => {
    if (stored === undefined) throw newNotFound({ group: 'policy', resource: 'poddisruptionbudgets' }, name);
    const before = stored.object as unknown as PodDisruptionBudget;
    const after = disrupted(before, ctx.info.name, services.clock.nowMs()) as unknown as KubeObject;
    return dryRun ? { object: stored.object, onlyLooks: true } : { object: after };
  });
}

function withTarget(pod: Pod, nowMs: number): Pod {
  const type = 'DisruptionTarget';
  const conditions = pod.status?.conditions ?? [];
  const old = conditions.find((condition) => condition.type === type);
  const next: PodCondition = {
    type,
    status: 'True',
    lastTransitionTime: old?.status === 'True' && old.lastTransitionTime ? old.lastTransitionTime : rfc3339(nowMs),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  const others = old === undefined ? [...conditions, next] : conditions.map((each) => (each === old ? next : each));
  return { ...pod, status: { ...pod.status, conditions: others } };
}

/** The pod is told why it goes, and deleted. */
async function removeNow(request: ResourceRequest, asked: DeleteRequestOptions): Promise<void> {
  const { ctx, entry, services, storage } = request;
  const { namespace, name } = ctx.info;
  let options = asked;
  if (!asked.dryRun?.length) {
    const { object } = await storage.store.update(keyOf(entry, storage.prefix, namespace, name), (stored) => {
      if (stored === undefined) throw newNotFound({ group: '', resource: 'pods' }, name);
      checkPreconditions(entry, stored.object, asked);
      const next = withTarget(stored.object, services.clock.nowMs());
      return { object: normalized(entry, next as unknown as KubeObject) };
    });
    if (asked.preconditions?.resourceVersion !== undefined) {
      const resourceVersion = object.object.metadata?.resourceVersion ?? '';
      options = { ...asked, preconditions: { ...asked.preconditions, resourceVersion } };
    }
  }
  await deleteObject(request, name, options);
}

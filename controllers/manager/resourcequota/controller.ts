import type { Quantity } from '../../../api/meta/quantity.ts';
import { claimChangesQuota } from '../../../api/quota/claim-evaluator.ts';
import { evaluatorOf, specialEvaluators } from '../../../api/quota/evaluators.ts';
import type { Evaluator } from '../../../api/quota/evaluator.ts';
import { podFreesQuota } from '../../../api/quota/pod-evaluator.ts';
import { usageOf } from '../../../api/quota/quota-check.ts';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../api/types/core-v1.ts';
import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import { messageOf } from '../../../client/api-errors.ts';
import { persistentVolumeClaims, pods, resourceQuotas, services } from '../../../client/resources.ts';
import { keyOf } from '../../../client/types.ts';
import type { Informer, KubeObject } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { CountedResources } from './counted-resources.ts';
import { countedResource, plannedStatus } from './plan.ts';

/** what was written rests on caches that may lag behind admission: it is counted once more */
const secondLookMs = 2_000;

/**
 * Counts what quotas say is used: when a quota is new or changed, when something that it counts is gone, and now and
 * then anyway. What comes is charged by admission.
 */
export class ResourceQuotaController implements Controller {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #quotas: Informer<ResourceQuota>;
  readonly #counted: CountedResources;
  /** of the kinds of which more is limited than their number */
  readonly #listed = new Map<string, Informer<KubeObject>>();
  #cancelResync: (() => void) | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = newQueue(context, 'resourcequota', 5);
    const { informers, clock } = context;
    this.#quotas = informers.informer(resourceQuotas);
    this.#counted = new CountedResources(context, (group, resource, { metadata }) =>
      this.#replenish(group, resource, metadata?.namespace ?? ''),
    );
    this.#quotas.addHandlers({
      added: (quota) => this.#queue.add(keyOf(quota)),
      updated: (old, quota) => {
        // Status changes are our own, and admission's.
        if (!semanticEqual(old.spec, quota.spec)) this.#queue.add(keyOf(quota));
      },
    });
    this.#watch(informers.informer<Pod>(pods), 'pods', (pod, old) => podFreesQuota(pod, old, clock.nowMs()));
    this.#watch(
      informers.informer<Service>(services),
      'services',
      (service, old) => service.spec?.type !== old.spec?.type,
    );
    const claims: Informer<PersistentVolumeClaim> = informers.informer(persistentVolumeClaims);
    this.#watch(claims, 'persistentvolumeclaims', (claim, old) => claimChangesQuota(claim, old));
  }

  start(): void {
    this.#queue.start((key) => this.#reconcile(key));
    this.#resyncLater();
  }

  async stop(): Promise<void> {
    this.#cancelResync?.();
    // at once: a count under way may wait for a first list that does not come any more
    await Promise.all([this.#queue.stop(), this.#counted.stop()]);
  }

  #watch<T extends KubeObject>(informer: Informer<T>, resource: string, frees: (object: T, old: T) => boolean): void {
    this.#listed.set(resource, informer);
    const replenish = (object: T): void => this.#replenish('', resource, object.metadata?.namespace ?? '');
    informer.addHandlers({
      updated: (old, object) => {
        if (this.#quotas.lister.list(object.metadata?.namespace).length > 0 && frees(object, old)) replenish(object);
      },
      deleted: replenish,
    });
  }

  /** Something is gone: quotas of its namespace that count such things are looked at. */
  #replenish(group: string, resource: string, namespace: string): void {
    const evaluator = evaluatorOf(group, resource);
    for (const quota of this.#quotas.lister.list(namespace)) {
      if (evaluator?.matching(Object.keys(quota.status?.hard ?? {})).length) this.#queue.add(keyOf(quota));
    }
  }

  #resyncLater(): void {
    const { clock, settings } = this.#context;
    this.#cancelResync = clock.after(settings.quotaSyncPeriodMs, () => {
      for (const quota of this.#quotas.lister.list()) this.#queue.add(keyOf(quota));
      this.#resyncLater();
    });
  }

  async #reconcile(key: string): Promise<{ requeueAfterMs: number } | void> {
    const { namespace, name } = splitKey(key);
    const quota = this.#quotas.lister.get(name, namespace);
    if (quota === undefined || quota.metadata?.deletionTimestamp !== undefined) return;
    const status = plannedStatus(quota, await this.#count(quota, namespace));
    if (status === undefined) return;
    await this.#context.client.resource(resourceQuotas).updateStatus({ ...quota, status });
    return { requeueAfterMs: secondLookMs };
  }

  async #count(quota: ResourceQuota, namespace: string): Promise<Map<string, Quantity>> {
    const hard = Object.keys(quota.spec?.hard ?? {});
    const evaluators = new Map<string, Evaluator>();
    const add = (evaluator: Evaluator | undefined): void => {
      if (evaluator?.matching(hard).length) evaluators.set(`${evaluator.group}/${evaluator.resource}`, evaluator);
    };
    for (const { group, resource } of specialEvaluators) add(evaluatorOf(group, resource));
    for (const name of hard) {
      const counted = countedResource(name);
      if (counted !== undefined) add(evaluatorOf(counted.group, counted.resource));
    }
    const total = new Map<string, Quantity>();
    const nowMs = this.#context.clock.nowMs();
    for (const evaluator of evaluators.values()) {
      const objects = await this.#objects(evaluator, namespace);
      if (objects === undefined) continue;
      for (const [name, quantity] of usageOf(quota, evaluator, objects, nowMs)) total.set(name, quantity);
    }
    return total;
  }

  async #objects({ group, resource }: Evaluator, namespace: string): Promise<readonly KubeObject[] | undefined> {
    const listed = group === '' ? this.#listed.get(resource) : undefined;
    if (listed !== undefined) return listed.lister.list(namespace);
    try {
      return await this.#counted.list(group, resource, namespace);
    } catch (error) {
      this.#context.log.debug({ group, resource, error: messageOf(error) }, 'objects of a quota could not be listed');
      return undefined;
    }
  }
}

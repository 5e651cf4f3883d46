import type { Namespace } from '../../../api/types/core-v1.ts';
import { rfc3339 } from '../../../base/clock.ts';
import { isNotFound, messageOf } from '../../../client/api-errors.ts';
import { discoverResources } from '../../../client/discovery.ts';
import type { DiscoveredResource } from '../../../client/discovery.ts';
import { namespaces, resourcePath } from '../../../client/resources.ts';
import type { Informer, KubeObject, ResourceClient } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { isEmptied, namespaceConditions } from './plan.ts';

const finalizerName = 'kubernetes';
/** What was deleted gracefully needs a moment; what finalizers hold may need long. */
const soonMs = 500;
const laterMs = 2_000;
const parallelResources = 8;

/** Empties namespaces that are being deleted, of every resource that the server has, and lets them go then. */
export class NamespaceController implements Controller {
  readonly #context: ControllerContext;
  readonly #namespaces: Informer<Namespace>;
  readonly #client: ResourceClient<Namespace>;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#namespaces = context.informers.informer(namespaces);
    this.#client = context.client.resource(namespaces);
    this.#queue = newQueue(context, 'namespace');
    const enqueue = (namespace: Namespace): void => {
      if (namespace.metadata?.deletionTimestamp) this.#queue.add(namespace.metadata.name ?? '');
    };
    this.#namespaces.addHandlers({ added: enqueue, updated: (_, namespace) => enqueue(namespace) });
  }

  start(): void {
    this.#queue.start((name, signal) => this.#sync(name, signal));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #sync(name: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const namespace = this.#namespaces.lister.get(name);
    if (!namespace?.metadata?.deletionTimestamp) return undefined;
    if (!(namespace.spec?.finalizers ?? []).includes(finalizerName)) return undefined;
    try {
      return await this.#empty(namespace, name, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #empty(namespace: Namespace, name: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const discovery = await discoverResources(this.#context.client, signal);
    const resources = discovery.resources.filter(
      (r) => r.namespaced && r.verbs.includes('delete') && r.verbs.includes('list'),
    );
    const deleteFailures: string[] = [];
    const remaining = new Map<string, (KubeObject['metadata'] | undefined)[]>();
    const work = [...resources];
    const worker = async (): Promise<void> => {
      for (let resource = work.shift(); resource && !signal.aborted; resource = work.shift()) {
        try {
          const left = await this.#emptyOf(resource, name);
          if (left.length > 0)
            remaining.set(
              `${resource.resource}.${resource.group}`,
              left.map((object) => object.metadata),
            );
        } catch (error) {
          if (!isNotFound(error)) deleteFailures.push(`${resource.resource}.${resource.group}: ${messageOf(error)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: parallelResources }, worker));
    if (signal.aborted) return undefined;
    const discoveryFailures = discovery.failures.map(({ groupVersion, message }) => `${groupVersion}: ${message}`);
    const findings = { discoveryFailures, deleteFailures: deleteFailures.sort(), remaining };
    const conditions = namespaceConditions(namespace, findings, rfc3339(this.#context.clock.nowMs()));
    const marked = conditions
      ? await this.#client.updateStatus({ ...namespace, status: { ...namespace.status, conditions } })
      : namespace;
    if (isEmptied(findings)) return this.#finalize(marked, name);
    const isHeld = [...remaining.values()].flat().every((metadata) => (metadata?.finalizers ?? []).length > 0);
    return { requeueAfterMs: remaining.size > 0 && isHeld ? laterMs : soonMs };
  }

  /** Deletes the objects of one resource and returns those that are still there. */
  async #emptyOf(resource: DiscoveredResource, namespace: string): Promise<KubeObject[]> {
    const client = this.#context.client.resource<KubeObject>(resource, { metadataOnly: true });
    const before = await client.list({ namespace });
    if (before.items.length === 0) return [];
    if (resource.verbs.includes('deletecollection')) {
      await client.deleteCollection({ namespace }, { propagationPolicy: 'Background' });
    } else {
      for (const object of before.items) await this.#deleteOne(client, object, namespace);
    }
    return (await client.list({ namespace })).items;
  }

  async #deleteOne(client: ResourceClient<KubeObject>, object: KubeObject, namespace: string): Promise<void> {
    try {
      await client.delete(object.metadata?.name ?? '', namespace, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #finalize(namespace: Namespace, name: string): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== finalizerName);
    const body = { ...namespace, apiVersion: 'v1', kind: 'Namespace', spec: { ...namespace.spec, finalizers } };
    await this.#context.client.request('PUT', resourcePath(namespaces, '', name, 'finalize'), body);
  }
}

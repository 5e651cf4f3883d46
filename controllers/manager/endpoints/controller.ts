import type { Endpoints, Pod, Service } from '../../../api/types/core-v1.ts';
import { isNamespaceTerminating } from '../../../client/api-errors.ts';
import { endpoints, pods, services } from '../../../client/resources.ts';
import { keyOf } from '../../../client/types.ts';
import type { Informer, ResourceClient } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { deleteExactly } from '../delete-exactly.ts';
import { enqueueServicesOf, podsOf } from '../service-index.ts';
import { hasManagedEndpoints } from '../service-ports.ts';
import { desiredEndpoints, sameEndpoints } from './plan.ts';

/** Keeps one Endpoints object a service with a selector. */
export class EndpointsController implements Controller {
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #client: ResourceClient<Endpoints>;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#services = context.informers.informer(services);
    this.#pods = context.informers.informer(pods);
    this.#endpoints = context.informers.informer(endpoints);
    this.#client = context.client.resource(endpoints);
    this.#queue = newQueue(context, 'endpoints');
    enqueueServicesOf(this.#services, this.#pods, (key) => this.#queue.add(key));
    this.#endpoints.addHandlers({ deleted: (object) => this.#queue.add(keyOf(object)) });
  }

  start(): void {
    // Endpoints whose service went away while nobody watched.
    for (const object of this.#endpoints.lister.list()) this.#queue.add(keyOf(object));
    this.#queue.start((key) => this.#sync(key));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #sync(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.lister.get(name, namespace);
    const current = this.#endpoints.lister.get(name, namespace);
    if (!service) {
      // Only ours: others keep Endpoints without a service, as lock objects of old.
      if (current?.metadata?.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller')
        await deleteExactly(this.#client, current);
      return;
    }
    if (!hasManagedEndpoints(service) || service.metadata?.deletionTimestamp) return;
    const desired = desiredEndpoints(service, podsOf(service, this.#pods), current);
    if (sameEndpoints(current, desired)) return;
    if (current) {
      await this.#client.update(desired);
      return;
    }
    try {
      await this.#client.create(desired, namespace);
    } catch (error) {
      // nothing new may come into it; the service goes soon
      if (!isNamespaceTerminating(error)) throw error;
    }
  }
}

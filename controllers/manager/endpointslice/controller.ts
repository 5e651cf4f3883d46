import type { Node, Pod, Service } from '../../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts';
import { isNamespaceTerminating } from '../../../client/api-errors.ts';
import { endpointSlices, nodes, pods, services } from '../../../client/resources.ts';
import type { Informer, ResourceClient } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { deleteExactly } from '../delete-exactly.ts';
import { Expectations } from '../expectations.ts';
import { enqueueServicesOf, podsOf } from '../service-index.ts';
import { hasManagedEndpoints } from '../service-ports.ts';
import { managedBy, managedByLabel, planSlices, serviceNameLabel } from './plan.ts';

const serviceIndex = 'service';

const serviceKeyOf = (slice: EndpointSlice): string | undefined => {
  const { labels, namespace } = slice.metadata ?? {};
  const service = labels?.[serviceNameLabel];
  return service && labels?.[managedByLabel] === managedBy ? `${namespace ?? ''}/${service}` : undefined;
};

/** Keeps the EndpointSlices of each service with a selector. */
export class EndpointSliceController implements Controller {
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #client: ResourceClient<EndpointSlice>;
  readonly #queue: WorkQueue;
  /** Names are generated: creating again because the cache lags would make duplicates. */
  readonly #expectations: Expectations;

  constructor(context: ControllerContext) {
    this.#services = context.informers.informer(services);
    this.#pods = context.informers.informer(pods);
    this.#nodes = context.informers.informer(nodes);
    this.#slices = context.informers.informer(endpointSlices);
    this.#client = context.client.resource(endpointSlices);
    this.#queue = newQueue(context, 'endpointslice');
    this.#expectations = new Expectations(context.clock);
    this.#slices.addIndex(serviceIndex, (slice) => {
      const key = serviceKeyOf(slice);
      return key === undefined ? [] : [key];
    });
    enqueueServicesOf(this.#services, this.#pods, (key) => this.#queue.add(key));
    const enqueue = (slice: EndpointSlice): void => {
      const key = serviceKeyOf(slice);
      if (key !== undefined) this.#queue.add(key);
    };
    this.#slices.addHandlers({
      added: (slice) => {
        const key = serviceKeyOf(slice);
        if (key !== undefined) this.#expectations.creationObserved(key);
        enqueue(slice);
      },
      updated: (before, slice) => {
        enqueue(before);
        enqueue(slice);
      },
      deleted: (slice) => {
        const key = serviceKeyOf(slice);
        if (key !== undefined) this.#expectations.deletionObserved(key, slice.metadata?.uid ?? '');
        enqueue(slice);
      },
    });
  }

  start(): void {
    this.#queue.start((key) => this.#sync(key));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #sync(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.lister.get(name, namespace);
    const existing = this.#slices.lister
      .byIndex(serviceIndex, key)
      .filter((slice) => !slice.metadata?.deletionTimestamp);
    if (!service) {
      this.#expectations.forget(key);
      for (const slice of existing) await deleteExactly(this.#client, slice);
      return;
    }
    if (!hasManagedEndpoints(service) || service.metadata?.deletionTimestamp) return;
    // What was written and is not seen yet wakes this key again when it comes.
    if (!this.#expectations.satisfied(key)) return;
    const plan = planSlices(service, podsOf(service, this.#pods), existing, (node) => this.#nodes.lister.get(node));
    this.#expectations.expect(
      key,
      plan.create.length,
      plan.remove.map((slice) => slice.metadata?.uid ?? ''),
    );
    try {
      for (const slice of plan.update) await this.#client.update(slice);
      for (const slice of plan.create) await this.#client.create(slice, namespace);
      for (const slice of plan.remove) await deleteExactly(this.#client, slice);
    } catch (error) {
      this.#expectations.forget(key);
      if (!isNamespaceTerminating(error)) throw error;
    }
  }
}

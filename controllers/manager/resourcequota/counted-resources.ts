import { discoverResources } from '../../../client/discovery.ts';
import { ResourceInformer } from '../../../client/informer.ts';
import type { Informer, KubeObject, ResourceRef } from '../../../client/types.ts';
import type { ControllerContext } from '../controller-context.ts';

/** an unknown resource is not asked for again sooner */
const refreshMsMin = 10_000;

/**
 * Watches the metadata of resources that some quota counts, from the first quota on that names them. What no quota
 * names costs nothing.
 */
export class CountedResources {
  readonly #context: ControllerContext;
  readonly #deleted: (group: string, resource: string, object: KubeObject) => void;
  readonly #informers = new Map<string, { informer: Informer<KubeObject>; stop?: () => Promise<void> }>();
  #known: Promise<ReadonlyMap<string, ResourceRef>> | undefined;
  #askedMs = -Infinity;
  #stopped = false;

  constructor(context: ControllerContext, deleted: (group: string, resource: string, object: KubeObject) => void) {
    this.#context = context;
    this.#deleted = deleted;
  }

  /** All of them in a namespace, once the first list is in; undefined: the server has no such resource (now). */
  async list(group: string, resource: string, namespace: string): Promise<readonly KubeObject[] | undefined> {
    const informer = await this.#informer(group, resource);
    if (informer === undefined) return undefined;
    await informer.synced();
    return informer.lister.list(namespace);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#informers.values()].map(async ({ stop }) => stop?.()));
  }

  async #informer(group: string, resource: string): Promise<Informer<KubeObject> | undefined> {
    const id = `${resource}.${group}`;
    const existing = this.#informers.get(id);
    if (existing !== undefined) return existing.informer;
    const ref = await this.#refOf(id);
    if (ref === undefined || !ref.namespaced || this.#stopped) return undefined;
    const started = this.#informers.get(id) ?? this.#start(ref);
    if (!this.#informers.has(id)) {
      this.#informers.set(id, started);
      started.informer.addHandlers({ deleted: (object) => this.#deleted(group, resource, object) });
    }
    return started.informer;
  }

  #start(ref: ResourceRef): { informer: Informer<KubeObject>; stop?: () => Promise<void> } {
    const { client, informers, clock, random, log } = this.#context;
    // Another controller caches these objects whole: one watch is enough.
    if (informers.has(ref)) return { informer: informers.informer<KubeObject>(ref) };
    const options = { metadataOnly: true, transform: metadataOf };
    const informer = new ResourceInformer<KubeObject>(client.resource<KubeObject>(ref, options), options, {
      clock,
      random,
      log,
    });
    informer.start();
    return { informer, stop: () => informer.stop() };
  }

  async #refOf(id: string): Promise<ResourceRef | undefined> {
    const found = (await this.#known?.catch(() => undefined))?.get(id);
    const nowMs = this.#context.clock.monotonicMs();
    if (found !== undefined || nowMs - this.#askedMs < refreshMsMin) return found;
    this.#askedMs = nowMs;
    this.#known = discoverResources(this.#context.client).then(
      ({ resources }) => new Map(resources.map((ref) => [`${ref.resource}.${ref.group}`, ref])),
    );
    return (await this.#known).get(id);
  }
}

const metadataOf = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: { ...metadata, managedFields: undefined, annotations: undefined, labels: undefined },
});

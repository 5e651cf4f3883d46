import type { Log } from '../../../base/log.ts';
import { messageOf } from '../../../client/api-errors.ts';
import { discoverResources, resourceId } from '../../../client/discovery.ts';
import type { DiscoveredResource } from '../../../client/discovery.ts';
import { ResourceInformer } from '../../../client/informer.ts';
import { apiVersionOf } from '../../../client/resources.ts';
import type { Informer, InformerHandlers, KubeClient, KubeObject, ResourceRef } from '../../../client/types.ts';
import type { ControllerContext } from '../controller-context.ts';

/** Many, short-lived, and owned by nothing: kube-controller-manager leaves them out too. */
const ignored = new Set(['events.v1.', 'events.v1.events.k8s.io']);
const neededVerbs = ['delete', 'list', 'watch'];

interface Monitor {
  readonly informer: Informer<KubeObject>;
  isSynced: boolean;
  /** undefined where the informer is shared with the other controllers */
  stop?(): Promise<void>;
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '');

/** Watches the metadata of every resource that can be deleted, as resources come and go. */
export class Monitors {
  readonly #context: ControllerContext;
  readonly #client: KubeClient;
  readonly #log: Log;
  readonly #handlersOf: (ref: ResourceRef) => InformerHandlers<KubeObject>;
  readonly #monitors = new Map<string, Monitor>();
  readonly #refs = new Map<string, ResourceRef>();

  constructor(context: ControllerContext, handlersOf: (ref: ResourceRef) => InformerHandlers<KubeObject>) {
    this.#context = context;
    this.#client = context.client;
    this.#log = context.log;
    this.#handlersOf = handlersOf;
  }

  /** The resource of an owner reference; undefined where the server has none such (now). */
  refOf(apiVersion: string, kind: string): ResourceRef | undefined {
    // Another version of the kind is the same objects.
    return this.#refs.get(`${apiVersion}|${kind}`) ?? this.#refs.get(`${groupOf(apiVersion)}/*|${kind}`);
  }

  /** True when the first list of every monitor is in: before, a missing dependent may only be unread. */
  get isSynced(): boolean {
    return this.#monitors.size > 0 && [...this.#monitors.values()].every((monitor) => monitor.isSynced);
  }

  unsynced(): string[] {
    return [...this.#monitors].filter(([, monitor]) => !monitor.isSynced).map(([id]) => id);
  }

  /** Asks the server what it has, and starts and stops monitors accordingly. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { resources, failures } = await discoverResources(this.#client, signal);
    const found = new Map<string, DiscoveredResource>();
    for (const resource of resources) {
      this.#refs.set(`${apiVersionOf(resource)}|${resource.kind}`, resource);
      this.#refs.set(`${resource.group}/*|${resource.kind}`, resource);
      if (neededVerbs.every((verb) => resource.verbs.includes(verb))) found.set(resourceId(resource), resource);
    }
    for (const [id, resource] of found) if (!ignored.has(id) && !this.#monitors.has(id)) this.#start(id, resource);
    if (failures.length > 0) {
      // A group that did not answer is unknown, not gone.
      this.#log.debug({ failures }, 'some API groups could not be discovered');
      return;
    }
    for (const [id, monitor] of this.#monitors) {
      if (found.has(id)) continue;
      this.#monitors.delete(id);
      await monitor.stop?.();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#monitors.values()].map(async (monitor) => monitor.stop?.()));
  }

  #start(id: string, ref: ResourceRef): void {
    const monitor = this.#context.informers.has(ref) ? this.#shared(ref) : this.#own(ref);
    this.#monitors.set(id, monitor);
    void this.#noteSynced(id, monitor);
    monitor.informer.addHandlers(this.#handlersOf(ref));
  }

  async #noteSynced(id: string, monitor: Monitor): Promise<void> {
    try {
      await monitor.informer.synced();
      monitor.isSynced = true;
    } catch (error) {
      this.#log.debug({ resource: id, error: messageOf(error) }, 'a monitor ended before it was synced');
    }
  }

  /** Another controller caches these objects whole: one watch is enough. */
  #shared(ref: ResourceRef): Monitor {
    return { informer: this.#context.informers.informer<KubeObject>(ref), isSynced: false };
  }

  #own(ref: ResourceRef): Monitor {
    const { clock, random, log } = this.#context;
    const resource = this.#client.resource<KubeObject>(ref, { metadataOnly: true });
    const informer = new ResourceInformer<KubeObject>(
      resource,
      { metadataOnly: true, transform: metadataOf(ref) },
      { clock, random, log },
    );
    informer.start();
    return { informer, isSynced: false, stop: () => informer.stop() };
  }
}

/** Also of a server that answered whole objects; managedFields are most of the rest. */
const metadataOf =
  (ref: ResourceRef) =>
  ({ metadata }: KubeObject): KubeObject => ({
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    metadata: { ...metadata, managedFields: undefined, annotations: undefined, labels: undefined },
  });

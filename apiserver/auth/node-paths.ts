import type { ResourceSlice } from '../../api/types/resource-v1.ts';
import type { VolumeAttachment } from '../../api/types/storage-v1.ts';
import type { KubeObject } from '../pipeline.ts';
import type { CacheSubscriber } from '../storage/watch-cache.ts';
import { NodeGraph, type GraphKind } from './node-graph.ts';

/** Answers whether a node has to do with an object. */
export interface NodePaths {
  has(node: string, kind: GraphKind, namespace: string, name: string): Promise<boolean>;
}

/** Of a resource's watch cache, what the graph is kept current by. */
export interface GraphCache {
  readonly ready: boolean;
  readonly prefix: string;
  range(prefix: string): Iterable<{ readonly object: KubeObject }>;
  subscribe(subscriber: CacheSubscriber): () => void;
}

export interface GraphSource {
  readonly cache: GraphCache;
  /** true once the cache is proven to be no older than the call */
  catchUp(): Promise<boolean>;
}

type Watched = 'pods' | 'persistentvolumes' | 'volumeattachments' | 'resourceslices';

interface Handling {
  set(graph: NodeGraph, object: KubeObject): void;
  remove(graph: NodeGraph, object: KubeObject): void;
  clear(graph: NodeGraph): void;
}

const nameOf = ({ metadata }: KubeObject): string => metadata?.name ?? '';

const handlings: Readonly<Record<Watched, Handling>> = {
  pods: {
    set: (graph, pod) => graph.setPod(pod),
    remove: (graph, pod) => graph.removePod(pod.metadata?.namespace ?? '', nameOf(pod)),
    clear: (graph) => graph.clearPods(),
  },
  persistentvolumes: {
    set: (graph, volume) => graph.setVolume(volume),
    remove: (graph, volume) => graph.removeVolume(nameOf(volume)),
    clear: (graph) => graph.clearVolumes(),
  },
  volumeattachments: {
    set: (graph, attachment) => graph.setAttachment(attachment as unknown as VolumeAttachment),
    remove: (graph, attachment) => graph.removeDirect('attachment', nameOf(attachment)),
    clear: (graph) => graph.clearDirect('attachment'),
  },
  resourceslices: {
    set: (graph, slice) => graph.setSlice(slice as unknown as ResourceSlice),
    remove: (graph, slice) => graph.removeDirect('slice', nameOf(slice)),
    clear: (graph) => graph.clearDirect('slice'),
  },
};

/** Keeps the part of the graph that one resource makes. A cache that is filled anew may have missed events. */
class Feed {
  readonly #source: GraphSource;
  readonly #handling: Handling;
  readonly #graph: NodeGraph;
  #isCurrent = false;

  constructor(source: GraphSource, handling: Handling, graph: NodeGraph) {
    this.#source = source;
    this.#handling = handling;
    this.#graph = graph;
  }

  /** Until the cache is filled again, what was known before counts. */
  follow(): void {
    const { cache } = this.#source;
    if (this.#isCurrent || !cache.ready) return;
    this.#handling.clear(this.#graph);
    for (const { object } of cache.range(cache.prefix)) this.#handling.set(this.#graph, object);
    cache.subscribe({
      event: ({ type, current }) => {
        if (type === 'DELETED') this.#handling.remove(this.#graph, current.object);
        else this.#handling.set(this.#graph, current.object);
      },
      reset: () => {
        this.#isCurrent = false;
      },
    });
    this.#isCurrent = true;
  }

  async catchUp(): Promise<void> {
    await this.#source.catchUp();
    this.follow();
  }
}

/** The graph of what this server's watch caches hold. */
export class CachedNodePaths implements NodePaths {
  readonly #graph = new NodeGraph();
  readonly #sourceOf: (resource: Watched) => GraphSource | undefined;
  #feeds: Feed[] | undefined;

  constructor(sourceOf: (resource: Watched) => GraphSource | undefined) {
    this.#sourceOf = sourceOf;
  }

  async has(node: string, kind: GraphKind, namespace: string, name: string): Promise<boolean> {
    const feeds = (this.#feeds ??= this.#makeFeeds());
    for (const feed of feeds) feed.follow();
    if (this.#graph.has(node, kind, namespace, name)) return true;
    // The kubelet may have heard of a pod from another server before this one has.
    await Promise.all(feeds.map((feed) => feed.catchUp()));
    return this.#graph.has(node, kind, namespace, name);
  }

  #makeFeeds(): Feed[] {
    return (Object.keys(handlings) as Watched[]).flatMap((resource) => {
      const source = this.#sourceOf(resource);
      return source === undefined ? [] : [new Feed(source, handlings[resource], this.#graph)];
    });
  }
}

import type { Clock } from '../base/clock.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { isExpired, messageOf } from './api-errors.ts';
import { Backoff } from './backoff.ts';
import { ObjectCache } from './lister.ts';
import { apiVersionOf } from './resources.ts';
import { ApiError, keyOf } from './types.ts';
import type {
  Informer,
  InformerHandlers,
  KubeClient,
  KubeObject,
  Lister,
  ResourceClient,
  ResourceOptions,
  ResourceRef,
  WatchEvent,
} from './types.ts';

const listPageItems = 500;
const backoffBounds = { baseMs: 100, maxMs: 10_000 };
/** A watch lasts 5 to 10 minutes by the server's clock, as client-go's. */
const watchSecondsMin = 300;
/** kube-apiserver sends a bookmark about each minute; twice that without a byte means that the watch is dead. */
const watchIdleMsMax = 130_000;

export interface InformerFilter {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface InformerOptions<T extends KubeObject> extends InformerFilter, ResourceOptions {
  /** what is kept of an object; must keep apiVersion, kind and metadata's name, namespace, uid, resourceVersion */
  readonly transform?: (object: T) => T;
}

export interface InformerEnvironment {
  readonly log?: Log;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly watchIdleMsMax?: number;
}

const idOf = (ref: ResourceRef, options: InformerFilter & ResourceOptions): string =>
  [
    ref.group,
    ref.version,
    ref.resource,
    options.namespace,
    options.labelSelector,
    options.fieldSelector,
    options.metadataOnly,
  ].join('|');

/** One informer for each resource and filter, shared by all who ask. */
export class InformerFactory {
  readonly #client: KubeClient;
  readonly #environment: InformerEnvironment;
  readonly #informers = new Map<string, ResourceInformer<KubeObject>>();
  #started = false;

  constructor(client: KubeClient, environment: InformerEnvironment = {}) {
    this.#client = client;
    this.#environment = environment;
  }

  /** True where all objects of the resource are cached whole already. */
  has(ref: ResourceRef): boolean {
    return this.#informers.has(idOf(ref, {}));
  }

  /** After `start()` of the factory a new informer starts at once. */
  informer<T extends KubeObject>(ref: ResourceRef<T> | ResourceRef, options: InformerOptions<T> = {}): Informer<T> {
    const id = idOf(ref, options);
    const existing = this.#informers.get(id);
    if (existing) return existing as unknown as Informer<T>;
    const informer = new ResourceInformer<T>(this.#client.resource<T>(ref, options), options, this.#environment);
    this.#informers.set(id, informer as unknown as ResourceInformer<KubeObject>);
    if (this.#started) informer.start();
    return informer;
  }

  start(): void {
    this.#started = true;
    for (const informer of this.#informers.values()) informer.start();
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }
}

/** Lists, then watches from there; resumes a watch that ended, and lists again when its version is gone (410). */
export class ResourceInformer<T extends KubeObject> implements Informer<T> {
  readonly #resource: ResourceClient<T>;
  readonly #options: InformerOptions<T>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #idleMsMax: number;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers: InformerHandlers<T>[] = [];
  readonly #abort = new AbortController();
  readonly #backoff: Backoff;
  #running: Promise<void> | undefined;
  #hasSynced = false;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  /** where the next watch begins; '' means list first */
  #resourceVersion = '';

  constructor(resource: ResourceClient<T>, options: InformerOptions<T> = {}, environment: InformerEnvironment = {}) {
    this.#resource = resource;
    this.#options = options;
    this.#clock = environment.clock ?? systemClock;
    this.#random = environment.random ?? systemRandom;
    this.#log = (environment.log ?? silentLog).child({ informer: resource.ref.resource });
    this.#idleMsMax = environment.watchIdleMsMax ?? watchIdleMsMax;
    this.#backoff = new Backoff(backoffBounds, this.#random);
  }

  get lister(): Lister<T> {
    return this.#cache;
  }

  /** Late comers are told of what is there already. */
  addHandlers(handlers: InformerHandlers<T>): void {
    this.#handlers.push(handlers);
    for (const object of this.#cache.list()) this.#tell(() => handlers.added?.(object));
  }

  addIndex(name: string, valuesOf: (object: T) => string[]): void {
    this.#cache.addIndex(name, valuesOf);
  }

  start(): void {
    this.#running ??= this.#run(this.#abort.signal);
  }

  /** Rejects when the informer is stopped before its first list. */
  synced(): Promise<void> {
    if (this.#hasSynced) return Promise.resolve();
    if (this.#abort.signal.aborted) return Promise.reject(this.#stopped());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async stop(): Promise<void> {
    this.#abort.abort(this.#stopped());
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#stopped());
    await this.#running;
  }

  #stopped(): Error {
    return new Error(`the informer of ${this.#resource.ref.resource} was stopped`);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#relist(signal);
        const startedMs = this.#clock.monotonicMs();
        await this.#watch(signal);
        // A server that ends watches at once must not be asked in a busy loop.
        if (this.#clock.monotonicMs() - startedMs > 1_000) this.#backoff.reset();
        else if (!signal.aborted) await sleep(this.#backoff.nextMs(), this.#clock, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) this.#resourceVersion = '';
        this.#log.debug(
          { error: messageOf(error) },
          isExpired(error) ? 'history is gone; listing again' : 'list or watch failed; retrying',
        );
        await sleep(this.#backoff.nextMs(), this.#clock, signal).catch(() => {});
      }
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { items, resourceVersion } = await this.#listAll(signal);
    if (signal.aborted) return;
    const listed = new Set<string>();
    for (const item of items) {
      listed.add(keyOf(item));
      this.#put(item);
    }
    // Deleted while we did not watch: the last state that we saw is all there is to tell.
    for (const key of this.#cache.keys()) if (!listed.has(key)) this.#remove(key);
    this.#resourceVersion = resourceVersion;
    this.#backoff.reset();
    this.#hasSynced = true;
    for (const waiter of this.#waiting.splice(0)) waiter.resolve();
  }

  async #listAll(signal: AbortSignal): Promise<{ items: T[]; resourceVersion: string }> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const filter = { namespace, labelSelector, fieldSelector, signal };
    const { ref } = this.#resource;
    const typed = (item: T): T =>
      this.#kept({ ...item, apiVersion: item.apiVersion ?? apiVersionOf(ref), kind: item.kind ?? ref.kind });
    const items: T[] = [];
    let token: string | undefined;
    try {
      do {
        const page = await this.#resource.list({ ...filter, limit: listPageItems, continue: token });
        for (const item of page.items) items.push(typed(item));
        token = page.metadata.continue;
        if (!token) return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
      } while (!signal.aborted);
    } catch (error) {
      if (token === undefined || !isExpired(error)) throw error;
    }
    // The pages' snapshot was compacted away between two of them: one whole list cannot expire midway.
    const whole = await this.#resource.list(filter);
    return { items: whole.items.map(typed), resourceVersion: whole.metadata.resourceVersion ?? '' };
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const attempt = new AbortController();
    const onStop = (): void => attempt.abort();
    signal.addEventListener('abort', onStop, { once: true });
    let heardMs = this.#clock.monotonicMs();
    const cancelIdle = this.#clock.every(Math.ceil(this.#idleMsMax / 4), () => {
      if (this.#clock.monotonicMs() - heardMs > this.#idleMsMax) attempt.abort();
    });
    const { namespace, labelSelector, fieldSelector } = this.#options;
    try {
      const events = this.#resource.watch({
        namespace,
        labelSelector,
        fieldSelector,
        resourceVersion: this.#resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds: watchSecondsMin + this.#random.below(watchSecondsMin),
        signal: attempt.signal,
      });
      for await (const event of events) {
        if (signal.aborted) return;
        heardMs = this.#clock.monotonicMs();
        this.#backoff.reset();
        this.#receive(event);
      }
    } finally {
      cancelIdle();
      signal.removeEventListener('abort', onStop);
    }
  }

  #receive(event: WatchEvent<T>): void {
    if (event.type === 'ERROR') {
      const { code = 500, reason = '', message = 'watch failed' } = event.object;
      throw new ApiError(code, reason, message, event.object);
    }
    const version = event.object.metadata?.resourceVersion;
    if (event.type === 'DELETED') this.#remove(keyOf(event.object), this.#kept(event.object));
    else if (event.type !== 'BOOKMARK') this.#put(this.#kept(event.object));
    if (version) this.#resourceVersion = version;
  }

  #kept(object: T): T {
    return this.#options.transform ? this.#options.transform(object) : object;
  }

  #put(object: T): void {
    const current = this.#cache.getByKey(keyOf(object));
    if (current && current.metadata?.uid !== object.metadata?.uid) this.#remove(keyOf(object));
    const previous = this.#cache.set(object);
    if (previous?.metadata?.resourceVersion === object.metadata?.resourceVersion && previous) return;
    for (const handlers of this.#handlers) {
      this.#tell(() => (previous ? handlers.updated?.(previous, object) : handlers.added?.(object)));
    }
  }

  #remove(key: string, finalState?: T): void {
    const last = this.#cache.delete(key);
    if (last === undefined) return;
    for (const handlers of this.#handlers) this.#tell(() => handlers.deleted?.(finalState ?? last));
  }

  /** A handler's bug must not end the informer for everyone else. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error({ error: messageOf(error), stack: (error as Error).stack }, 'an event handler failed');
    }
  }
}

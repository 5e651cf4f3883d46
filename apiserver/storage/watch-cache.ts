import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { silentLog } from '../../base/log.ts';
import { CachedObject } from './cached-object.ts';
import {
  EtcdError,
  prefixEnd,
  UnreadableError,
  type EtcdClient,
  type KeyValue,
  type StoreEvent,
  type StoreWatch,
} from './etcd-client.ts';
import { EventRing, type CacheEvent } from './event-ring.ts';
import { decodeAll } from './decode-all.ts';
import type { ObjectCodec } from './object-codec.ts';
import { OrderedMap } from './ordered-map.ts';

/** Events kept a resource, so that a watch can resume from a version not long ago. */
export const watchCacheEventsMax = 10_000;
const listPageSize = 2_000;
const retryDelayMs = 200;
const progressRetryMs = 100;

export interface CacheSubscriber {
  event(event: CacheEvent): void;
  /** the cache was filled anew and may have missed events: the watch must end */
  reset(): void;
}

export interface WatchCacheOptions {
  readonly client: EtcdClient;
  /** e.g. `/registry/pods/` */
  readonly prefix: string;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly eventsMax?: number;
  readonly codec?: ObjectCodec;
}

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/**
 * All objects under one prefix, kept current by one watch of the store, and the latest events for watches to resume
 * from.
 *
 * Invariant: `#entries` is the state of the prefix at `#revision`, which never goes back.
 */
export class WatchCache {
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #eventsMax: number;
  readonly #codec: ObjectCodec | undefined;
  /** counts how often it was filled: what an earlier filling's watch says counts no more */
  #filling = 0;
  /** with a codec: the batches of events before this one */
  #earlier: Promise<void> = Promise.resolve();
  #entries = new OrderedMap<CachedObject>();
  #ring: EventRing;
  #revision = 0;
  #changes = 0;
  #ready = false;
  #stopped = false;
  #watch: StoreWatch | undefined;
  readonly #subscribers = new Set<CacheSubscriber>();
  readonly #waiters = new Set<Waiter>();
  readonly #readyWaiters = new Set<() => void>();
  /** values that could not be decrypted, and why: a list without them would be wrong */
  readonly #unreadable = new Map<string, string>();
  #cancelTimer: (() => void) | undefined;
  #cancelProgress: (() => void) | undefined;

  constructor(options: WatchCacheOptions) {
    this.#client = options.client;
    this.#prefix = options.prefix;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#eventsMax = options.eventsMax ?? watchCacheEventsMax;
    this.#ring = new EventRing(this.#eventsMax, 0);
    this.#codec = options.codec;
  }

  get prefix(): string {
    return this.#prefix;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get revision(): number {
    return this.#revision;
  }

  /** counts changes of what it holds, whatever their revisions */
  get changes(): number {
    return this.#changes;
  }

  /** why what is below `prefix` is not all that there is */
  unreadable(prefix: string): string | undefined {
    if (this.#unreadable.size === 0) return undefined;
    for (const [key, why] of this.#unreadable) if (key.startsWith(prefix)) return why;
    return undefined;
  }

  get size(): number {
    return this.#entries.size;
  }

  start(): void {
    void this.#fill();
  }

  stop(): void {
    this.#stopped = true;
    this.#ready = false;
    this.#watch?.cancel();
    this.#cancelTimer?.();
    this.#cancelProgress?.();
    for (const subscriber of this.#subscribers) subscriber.reset();
    this.#subscribers.clear();
  }

  get(key: string): CachedObject | undefined {
    return this.#entries.get(key);
  }

  /** In order of keys. Valid until the next turn of the event loop: take what you need at once. */
  range(prefix: string, from?: string): Generator<CachedObject> {
    return this.#entries.range(prefix, from);
  }

  /** How many objects `range` would give. */
  count(prefix: string): number {
    return this.#entries.count(prefix);
  }

  /** Events after `revision`; undefined: too old. */
  since(revision: number): CacheEvent[] | undefined {
    return this.#ring.since(revision);
  }

  /** the oldest version a watch may resume from */
  get oldestResumable(): number {
    return this.#ring.completeAfter;
  }

  subscribe(subscriber: CacheSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** True once the cache holds the state of `revision` or later; false when that took too long. */
  async waitFor(revision: number, timeoutMs: number): Promise<boolean> {
    const deadline = this.#clock.monotonicMs() + timeoutMs;
    if (!this.#ready && !(await this.#waitReady(timeoutMs))) return false;
    if (this.#revision >= revision) return true;
    return new Promise((resolve) => {
      const waiter: Waiter = { revision, resolve: () => done(true) };
      const cancel = this.#clock.after(deadline - this.#clock.monotonicMs(), () => done(false));
      const done = (reached: boolean): void => {
        cancel();
        this.#waiters.delete(waiter);
        resolve(reached);
      };
      this.#waiters.add(waiter);
      this.#askProgress();
    });
  }

  #waitReady(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const onReady = (): void => done(true);
      const cancel = this.#clock.after(timeoutMs, () => done(false));
      const done = (ready: boolean): void => {
        cancel();
        this.#readyWaiters.delete(onReady);
        resolve(ready);
      };
      this.#readyWaiters.add(onReady);
    });
  }

  /** Keeps asking while somebody waits: one answer may have been lost with a connection. */
  #askProgress(): void {
    if (this.#cancelProgress !== undefined || this.#stopped) return;
    this.#watch?.requestProgress();
    this.#cancelProgress = this.#clock.after(progressRetryMs, () => {
      this.#cancelProgress = undefined;
      if (this.#waiters.size > 0) this.#askProgress();
    });
  }

  async #fill(): Promise<void> {
    try {
      this.#unreadable.clear();
      const { entries, revision } = await this.#list();
      if (this.#stopped) return;
      this.#entries = entries;
      this.#changes++;
      this.#ring = new EventRing(this.#eventsMax, revision);
      const filling = ++this.#filling;
      this.#watch = this.#client.watch(this.#prefix, revision + 1, {
        events: (events, upTo) => this.#take(events, upTo, filling),
        progress: (upTo) => this.#take([], upTo, filling),
        closed: (error) => this.#refill(error),
      });
      this.#ready = true;
      this.#advance(revision);
      for (const onReady of this.#readyWaiters) onReady();
    } catch (error) {
      if (!this.#stopped) this.#refill(error);
    }
  }

  async #list(): Promise<{ entries: OrderedMap<CachedObject>; revision: number }> {
    const entries = new OrderedMap<CachedObject>();
    const rangeEnd = prefixEnd(this.#prefix);
    let key = this.#prefix;
    let revision = 0;
    for (;;) {
      const page = await this.#client.range({ key, rangeEnd, limit: listPageSize, revision });
      if (revision === 0) revision = page.revision;
      if (this.#codec === undefined) for (const kv of page.kvs) this.#decodeInto(entries, kv);
      else for (const entry of await decodeAll(page.kvs, this.#codec)) entries.set(entry.key, entry);
      if (!page.more) return { entries, revision };
      key = `${page.kvs.at(-1)?.key ?? ''}\0`;
    }
  }

  /** An unreadable object must not take all others of its kind with it: it is left out, and said. */
  #decodeInto(entries: OrderedMap<CachedObject>, kv: KeyValue): CachedObject | undefined {
    try {
      const known = this.#entries.get(kv.key);
      const entry = known?.modRevision === kv.modRevision ? known : CachedObject.decode(kv);
      entries.set(kv.key, entry);
      this.#unreadable.delete(kv.key);
      return entry;
    } catch (error) {
      if (error instanceof UnreadableError) this.#unreadable.set(kv.key, error.message);
      this.#log.error({ key: kv.key, revision: kv.modRevision, err: error }, 'stored object is not readable');
      return undefined;
    }
  }

  #refill(error: unknown): void {
    this.#watch?.cancel();
    this.#watch = undefined;
    if (this.#stopped) return;
    const wasReady = this.#ready;
    this.#ready = false;
    if (wasReady) {
      const kind = error instanceof EtcdError ? error.kind : 'other';
      this.#log.warn({ prefix: this.#prefix, kind, err: error }, 'watch of the store ended; listing again');
      for (const subscriber of this.#subscribers) subscriber.reset();
      this.#subscribers.clear();
    }
    this.#cancelTimer = this.#clock.after(wasReady ? 0 : retryDelayMs, () => void this.#fill());
  }

  #take(events: readonly StoreEvent[], upTo: number, filling: number): void {
    if (this.#codec === undefined) {
      if (events.length > 0) this.#apply(events, upTo);
      else this.#advance(upTo);
      return;
    }
    this.#earlier = this.#earlier.then(() => this.#takeDecoded(events, upTo, filling));
  }

  /** Objects that can be shown only after somebody else was asked; in order all the same. */
  async #takeDecoded(events: readonly StoreEvent[], upTo: number, filling: number): Promise<void> {
    if (this.#stopped || filling !== this.#filling || this.#codec === undefined) return;
    try {
      const puts = events.filter(({ type }) => type === 'put').map(({ kv }) => kv);
      const objects = await decodeAll(puts, this.#codec);
      if (filling !== this.#filling) return;
      this.#apply(events, upTo, new Map(puts.map((kv, i) => [kv, objects[i] as CachedObject])));
    } catch (error) {
      if (filling === this.#filling) this.#refill(error);
    }
  }

  #apply(events: readonly StoreEvent[], upTo: number, decoded?: ReadonlyMap<KeyValue, CachedObject>): void {
    if (this.#stopped) return;
    for (const event of events) {
      const revision = event.kv.modRevision;
      if (revision <= this.#revision) continue;
      const change = this.#change(event, revision, decoded);
      if (change === undefined) continue;
      this.#changes++;
      this.#ring.push(change);
      for (const subscriber of this.#subscribers) subscriber.event(change);
    }
    this.#advance(upTo);
  }

  #change(event: StoreEvent, revision: number, decoded?: ReadonlyMap<KeyValue, CachedObject>): CacheEvent | undefined {
    const previous = this.#entries.get(event.kv.key);
    if (event.type === 'delete') {
      this.#unreadable.delete(event.kv.key);
      if (previous === undefined) return undefined;
      this.#entries.delete(event.kv.key);
      return { type: 'DELETED', revision, current: previous.deletedAt(revision), previous };
    }
    const current = decoded === undefined ? this.#decodeInto(this.#entries, event.kv) : decoded.get(event.kv);
    if (decoded !== undefined && current !== undefined) this.#entries.set(current.key, current);
    return current && { type: previous ? 'MODIFIED' : 'ADDED', revision, current, previous };
  }

  #advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision;
    for (const waiter of this.#waiters) if (waiter.revision <= this.#revision) waiter.resolve();
  }
}

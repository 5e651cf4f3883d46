import { createHash } from 'node:crypto';
import type { Event } from '../api/types/core-v1.ts';
import { BoundedQueue } from '../base/bounded-queue.ts';
import type { Clock } from '../base/clock.ts';
import { rfc3339, systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Log } from '../base/log.ts';
import { isNotFound, messageOf } from './api-errors.ts';
import { apiVersionOf, events } from './resources.ts';
import type { KubeClient, KubeObject, ResourceRef } from './types.ts';

const queuedEventsMax = 500;
const rememberedEventsMax = 2_000;
/** As client-go's spam filter: an object may have this many events at once, and one more each 5 minutes. */
const burstPerObject = 25;
const refillMs = 300_000;
/** what is still queued on stop is sent this long, then dropped */
const lastWordsMs = 1_000;

export type EventType = 'Normal' | 'Warning';

export interface EventRecorder {
  /** Best effort: never throws, never waits. `ref` says what kind of object it is. */
  event(ref: ResourceRef, object: KubeObject, type: EventType, reason: string, message: string): void;
  /** Sends what is queued, then ends. */
  stop(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** `deployment-controller`, `kubelet` */
  readonly component: string;
  readonly host?: string;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** An event that was written: a repetition only raises its count. */
interface Written {
  readonly name: string;
  readonly namespace: string;
  count: number;
}

/** Keeps the newest `capacity` entries. */
class Remembered<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > rememberedEventsMax && !oldest.done) this.#entries.delete(oldest.value);
  }
}

/** Writes core/v1 Events in the background, one at a time; drops them when too many wait. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #queue = new BoundedQueue<Event>(queuedEventsMax);
  readonly #written = new Remembered<Written>();
  readonly #budgets = new Remembered<{ tokens: number; atMs: number }>();
  #sending: Promise<void> | undefined;
  #stopped = false;
  #sequence = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
  }

  event(ref: ResourceRef, object: KubeObject, type: EventType, reason: string, message: string): void {
    const { metadata } = object;
    if (this.#stopped || !metadata?.name || !this.#spend(metadata.uid ?? metadata.name)) return;
    const now = rfc3339(this.#clock.nowMs());
    const namespace = metadata.namespace ?? 'default';
    // Unique without chance: client-go's names end in the nanoseconds in hex.
    const nanoseconds = BigInt(Math.floor(this.#clock.nowMs())) * 1_000_000n + BigInt(this.#sequence++ % 1e6);
    const { component, host } = this.#options;
    this.#queue.push({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${metadata.name.slice(0, 230)}.${nanoseconds.toString(16)}`, namespace },
      involvedObject: {
        apiVersion: apiVersionOf(ref),
        kind: ref.kind,
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      type,
      reason,
      message: message.slice(0, 1024),
      source: { component, host },
      reportingComponent: component,
      reportingInstance: host ?? '',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
    this.#sending ??= this.#drain();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (!this.#sending) return;
    const cancel = this.#clock.after(lastWordsMs, () => this.#queue.clear());
    await this.#sending;
    cancel();
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
      try {
        await this.#write(event);
      } catch (error) {
        this.#log.debug({ error: messageOf(error), reason: event.reason }, 'an event could not be written');
        if (this.#stopped) this.#queue.clear();
      }
    }
    this.#sending = undefined;
  }

  async #write(event: Event): Promise<void> {
    const resource = this.#options.client.resource(events);
    const { involvedObject: object, lastTimestamp, type, reason, message } = event;
    const key = createHash('sha1')
      .update([object.kind, object.uid ?? object.name, type, reason, message].join('\0'))
      .digest('base64');
    const before = this.#written.get(key);
    if (before) {
      try {
        const change = { count: before.count + 1, lastTimestamp };
        await resource.patch(before.name, 'strategic', change, before.namespace);
        before.count++;
        return;
      } catch (error) {
        // Events live an hour; the repetition starts a new one.
        if (!isNotFound(error)) throw error;
      }
    }
    await resource.create(event, event.metadata.namespace);
    this.#written.set(key, { name: event.metadata.name ?? '', namespace: event.metadata.namespace ?? '', count: 1 });
  }

  #spend(object: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#budgets.get(object) ?? { tokens: burstPerObject, atMs: nowMs };
    const tokens = Math.min(burstPerObject, before.tokens + (nowMs - before.atMs) / refillMs);
    this.#budgets.set(object, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
    return tokens >= 1;
  }
}

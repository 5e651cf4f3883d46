import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Log } from '../base/log.ts';
import { isConflict, messageOf } from './api-errors.ts';

const workersDefault = 5;
/** client-go's per-key exponential failure limiter starts at 5 ms; its cap of 1000 s is too long for people who watch. */
const baseDelayMsDefault = 5;
const maxDelayMsDefault = 60_000;
/** setTimeout overflows after 24 days; a key that comes early is only looked at again. */
const timerMsMax = 24 * 3600 * 1000;

/** Hooks for metrics; each is called synchronously. */
export interface WorkQueueMetrics {
  added?(queue: string, depth: number): void;
  started?(queue: string, waitedMs: number): void;
  finished?(queue: string, tookMs: number): void;
  retried?(queue: string): void;
}

export interface WorkQueueOptions {
  readonly name: string;
  readonly workers?: number;
  readonly baseDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly metrics?: WorkQueueMetrics;
}

/** An error is retried with backoff; `requeueAfterMs` asks for another look later; otherwise the key is done. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<{ requeueAfterMs: number } | void>;

/**
 * Keys to look at, each at most once, each with at most one worker at a time.
 * A key added while a worker has it is looked at again after. The number of keys is bounded by the number of objects they name.
 *
 *     add a, add b, add a        waiting: a b
 *     worker takes a             waiting: b      busy: a
 *     add a                      waiting: b      busy: a (dirty)
 *     worker finishes a          waiting: b a
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting = new Map<string, number>();
  readonly #busy = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, { dueMs: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #abort = new AbortController();
  readonly #work = new Set<Promise<void>>();
  #reconcile: Reconcile | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = (options.log ?? silentLog).child({ queue: options.name });
  }

  /** Keys that wait for a worker now. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** True when nothing waits, runs or is due later. */
  get isIdle(): boolean {
    return this.#waiting.size + this.#busy.size + this.#delayed.size === 0;
  }

  add(key: string): void {
    if (this.#abort.signal.aborted) return;
    if (this.#busy.has(key)) {
      this.#dirty.add(key);
      return;
    }
    if (this.#waiting.has(key)) return;
    this.#waiting.set(key, this.#clock.monotonicMs());
    this.#options.metrics?.added?.(this.#options.name, this.#waiting.size);
    this.#dispatch();
  }

  /** Of several delays for one key the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    if (this.#abort.signal.aborted) return;
    const bounded = Math.min(delayMs, timerMsMax);
    const dueMs = this.#clock.monotonicMs() + bounded;
    const earlier = this.#delayed.get(key);
    if (earlier && earlier.dueMs <= dueMs) return;
    earlier?.cancel();
    const cancel = this.#clock.after(bounded, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, cancel });
  }

  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { baseDelayMs = baseDelayMsDefault, maxDelayMs = maxDelayMsDefault } = this.#options;
    this.#options.metrics?.retried?.(this.#options.name);
    this.addAfter(key, Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(failures, 30)));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Begins to hand keys to `reconcile`; what was added before waits until now. */
  start(reconcile: Reconcile): void {
    this.#reconcile = reconcile;
    this.#dispatch();
  }

  /** Drops what waits, and resolves when no worker runs any more. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error(`the work queue ${this.#options.name} was stopped`));
    this.#waiting.clear();
    this.#dirty.clear();
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    await Promise.all(this.#work);
  }

  #dispatch(): void {
    const reconcile = this.#reconcile;
    if (!reconcile) return;
    const workers = this.#options.workers ?? workersDefault;
    while (this.#busy.size < workers) {
      const next = this.#waiting.entries().next();
      if (next.done) return;
      const [key, addedMs] = next.value;
      this.#waiting.delete(key);
      this.#busy.add(key);
      const work: Promise<void> = this.#process(key, addedMs, reconcile).finally(() => this.#work.delete(work));
      this.#work.add(work);
    }
  }

  async #process(key: string, addedMs: number, reconcile: Reconcile): Promise<void> {
    const { metrics, name } = this.#options;
    // Yields first: `add` is called from event handlers, which must not run reconcilers.
    await Promise.resolve();
    const startedMs = this.#clock.monotonicMs();
    metrics?.started?.(name, startedMs - addedMs);
    try {
      const again = await reconcile(key, this.#abort.signal);
      this.forget(key);
      if (again) this.addAfter(key, again.requeueAfterMs);
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        // A conflict is the normal outcome of reading a cache that lags; only lasting failures are worth a warning.
        const level = isConflict(error) || this.failuresOf(key) < 3 ? 'debug' : 'warn';
        this.#log[level](
          { key, error: messageOf(error), failures: this.failuresOf(key) + 1 },
          'sync failed; retrying with backoff',
        );
        this.addRateLimited(key);
      }
    } finally {
      metrics?.finished?.(name, this.#clock.monotonicMs() - startedMs);
      this.#busy.delete(key);
      if (this.#dirty.delete(key)) this.add(key);
      this.#dispatch();
    }
  }
}

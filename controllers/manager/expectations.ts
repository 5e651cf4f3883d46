import type { Clock } from '../../base/clock.ts';

/** client-go's ExpectationsTimeout: an event that has not come by then is not waited for. */
const timeoutMs = 5 * 60_000;

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/**
 * What a controller has written and has not yet seen in its cache. A cache lags: without this, a sync that follows a create
 * would not see the new pods and would create them again.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expect(key: string, creations: number, deletedUids: readonly string[] = []): void {
    this.#expected.set(key, { creations, deletions: new Set(deletedUids), sinceMs: this.#clock.monotonicMs() });
  }

  /** Also for creations that failed: they will not be seen. */
  creationObserved(key: string, count = 1): void {
    const expected = this.#expected.get(key);
    if (expected) expected.creations -= count;
  }

  deletionObserved(key: string, uid: string): void {
    this.#expected.get(key)?.deletions.delete(uid);
  }

  satisfied(key: string): boolean {
    const expected = this.#expected.get(key);
    if (!expected) return true;
    if (expected.creations <= 0 && expected.deletions.size === 0) return true;
    return this.#clock.monotonicMs() - expected.sinceMs > timeoutMs;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }
}

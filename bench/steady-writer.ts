import { systemClock } from '../base/clock.ts';
import type { StoreClient } from './store-client.ts';

/** by the monotonic clock */
export interface Acknowledged {
  readonly startedMs: number;
  readonly endedMs: number;
}

const keptMax = 20_000;

/** Begins a write each `periodMs`, whatever became of those before: what one that hangs takes away, the next shows. */
export class SteadyWriter {
  readonly acknowledged: Acknowledged[] = [];
  failed = 0;
  #count = 0;
  readonly #stop: () => void;

  constructor(client: StoreClient, key: string, periodMs: number, timeoutMs: number) {
    const keyBytes = new TextEncoder().encode(key);
    this.#stop = systemClock.every(periodMs, () => {
      const startedMs = systemClock.monotonicMs();
      const value = new TextEncoder().encode(`${this.#count++}`);
      client.put({ key: keyBytes, value }, timeoutMs).then(
        () => {
          this.acknowledged.push({ startedMs, endedMs: systemClock.monotonicMs() });
          if (this.acknowledged.length > keptMax) this.acknowledged.splice(0, keptMax / 2);
          return undefined;
        },
        () => void this.failed++,
      );
    });
  }

  /** End of the first write that was begun after `sinceMs` and acknowledged. */
  firstAfter(sinceMs: number): number | undefined {
    const ends = this.acknowledged.filter(({ startedMs }) => startedMs >= sinceMs).map(({ endedMs }) => endedMs);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  stop(): void {
    this.#stop();
  }
}

import { sleep, systemClock, type Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AuditSink } from './audit-record.ts';

export interface BatchSettings {
  /** events held at most: further ones are lost */
  readonly bufferMax: number;
  readonly batchMax: number;
  /** a batch that is not full is sent after this */
  readonly waitMs: number;
  /** batches a second on average, and at once; 0: no limit */
  readonly perSecond: number;
  readonly burst: number;
}

export interface BatchingSinkOptions extends BatchSettings {
  /** rejects where it did not arrive; it is tried again */
  readonly send: (events: readonly string[]) => Promise<void>;
  readonly log: Log;
  readonly retryMs: number;
  readonly clock?: Clock;
}

const attemptsMax = 5;

/** Holds events for a while and hands them on together, behind the requests that they are of. */
export class BatchingSink implements AuditSink {
  readonly #options: BatchingSinkOptions;
  readonly #clock: Clock;
  readonly #held: string[] = [];
  readonly #stop = new AbortController();
  #tokens: number;
  #filledMs: number;
  #cancelWait: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  #lost = 0;

  constructor(options: BatchingSinkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#tokens = options.burst;
    this.#filledMs = this.#clock.monotonicMs();
  }

  write(event: string): boolean {
    const { bufferMax, batchMax, waitMs, log } = this.#options;
    if (this.#held.length >= bufferMax) {
      if (this.#lost++ % 1_000 === 0) log.error({ lost: this.#lost }, 'audit events are lost: the buffer is full');
      return true; // the request goes on: that is what batches are for
    }
    this.#held.push(event);
    if (this.#held.length >= batchMax) this.#begin();
    else this.#cancelWait ??= this.#clock.after(waitMs, () => this.#begin());
    return true;
  }

  #begin(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#held.length > 0) {
      await this.#takeToken();
      const batch = this.#held.splice(0, this.#options.batchMax);
      await this.#deliver(batch);
    }
  }

  async #deliver(batch: readonly string[]): Promise<void> {
    const { send, retryMs, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await send(batch);
        return;
      } catch (error) {
        if (attempt >= attemptsMax || this.#stop.signal.aborted) {
          log.error({ events: batch.length, err: error }, 'audit events are lost: they could not be delivered');
          return;
        }
        await sleep(retryMs * attempt, this.#clock, this.#stop.signal).catch(() => {});
      }
    }
  }

  async #takeToken(): Promise<void> {
    const { perSecond, burst } = this.#options;
    if (perSecond <= 0 || this.#stop.signal.aborted) return;
    const now = this.#clock.monotonicMs();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledMs) / 1000) * perSecond);
    this.#filledMs = now;
    if (this.#tokens < 1) {
      await sleep(((1 - this.#tokens) / perSecond) * 1000, this.#clock, this.#stop.signal).catch(() => {});
      this.#tokens = 1;
      this.#filledMs = this.#clock.monotonicMs();
    }
    this.#tokens--;
  }

  /** What is held is sent once more, and not waited for any longer. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the server stops'));
    this.#begin();
    await this.#sending;
  }
}

import type { Clock } from '../../base/clock.ts';

/** Ticks a heartbeat: fine enough that randomised timeouts differ, and that an early election comes early. */
export const ticksPerHeartbeat = 4;

/**
 * Calls `tick` at a steady pace. A short delay is made up for, at most one heartbeat's worth; what a longer pause missed
 * (a suspended process, a laptop asleep) is dropped, so that a member that wakes up hears its peers before it campaigns.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #cancel: () => void;
  readonly #tickMs: number;
  readonly #tick: () => void;
  readonly #onPause: (ms: number) => void;
  readonly #pauseMs: number;
  #dueMs: number;
  #lateMaxMs = 0;

  constructor(clock: Clock, tickMs: number, pauseMs: number, tick: () => void, onPause: (ms: number) => void) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#tick = tick;
    this.#onPause = onPause;
    this.#pauseMs = pauseMs;
    this.#dueMs = clock.monotonicMs() + tickMs;
    this.#cancel = clock.every(tickMs, () => this.#fire());
  }

  get lateMaxMs(): number {
    return this.#lateMaxMs;
  }

  stop(): void {
    this.#cancel();
  }

  #fire(): void {
    const nowMs = this.#clock.monotonicMs();
    const lateMs = nowMs - this.#dueMs;
    this.#lateMaxMs = Math.max(this.#lateMaxMs, lateMs);
    if (lateMs >= this.#pauseMs) {
      this.#onPause(lateMs);
      this.#dueMs = nowMs + this.#tickMs;
      this.#tick();
      return;
    }
    this.#dueMs = Math.max(this.#dueMs, nowMs - ticksPerHeartbeat * this.#tickMs);
    // A timer may fire a little before its due time.
    for (; this.#dueMs <= nowMs + 1; this.#dueMs += this.#tickMs) this.#tick();
  }
}

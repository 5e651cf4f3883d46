/** For tests: a clock that stands until it is moved. */
import type { Clock } from '../../base/clock.ts';

interface Timer {
  atMs: number;
  readonly everyMs: number | undefined;
  readonly action: () => void;
}

export class TestClock implements Clock {
  #ms = 0;
  #timers: Timer[] = [];

  nowMs(): number {
    return this.#ms;
  }
  monotonicMs(): number {
    return this.#ms;
  }
  after(delayMs: number, action: () => void): () => void {
    return this.#add({ atMs: this.#ms + delayMs, everyMs: undefined, action });
  }
  every(periodMs: number, action: () => void): () => void {
    return this.#add({ atMs: this.#ms + periodMs, everyMs: periodMs, action });
  }
  soon(action: () => void): void {
    setImmediate(action);
  }

  /** Moves time on, and runs what is due on the way, in order. */
  advance(ms: number): void {
    const untilMs = this.#ms + ms;
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#ms = next.atMs;
      if (next.everyMs === undefined) this.#timers = this.#timers.filter((timer) => timer !== next);
      else next.atMs += next.everyMs;
      next.action();
    }
    this.#ms = untilMs;
  }

  #add(timer: Timer): () => void {
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
}

import type { Clock } from '../../base/clock.ts';

/** When a member's turns come: behind everything that is ready now, or at once; never one inside another. */
export class Turns {
  readonly #clock: Clock;
  readonly #turn: () => void;
  #scheduled = false;
  #running = false;
  #stopped = false;

  /** `turn` does not throw */
  constructor(clock: Clock, turn: () => void) {
    this.#clock = clock;
    this.#turn = turn;
  }

  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      this.now();
    });
  }

  now(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    this.#turn();
    this.#running = false;
  }

  stop(): void {
    this.#stopped = true;
  }
}

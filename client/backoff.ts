import type { Random } from '../base/random.ts';

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Exponential, with the upper half of each delay left to chance, so that clients that failed together do not return together. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #failures = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  nextMs(): number {
    const { baseMs, maxMs } = this.#options;
    const full = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures++, 30));
    return full / 2 + (this.#random.next() * full) / 2;
  }

  reset(): void {
    this.#failures = 0;
  }
}

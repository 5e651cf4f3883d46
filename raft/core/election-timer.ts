import type { RandomBelow } from './types.ts';

/** Early campaigns after a closed connection, before the ordinary timeout takes over again. */
const earlyAttemptsMax = 5;

/**
 * When to campaign. Counts ticks since the last sign of a leader against a timeout drawn from
 * [electionTicks, 2 * electionTicks) (section 5.2), and beside it a short random countdown that a
 * closed connection starts: a process that was killed closes its connections at once, so there is no need to wait.
 */
export class ElectionTimer {
  elapsed = 0;
  readonly #electionTicks: number;
  readonly #heartbeatTicks: number;
  readonly #earlySpreadTicks: number;
  readonly #random: RandomBelow;
  #timeoutTicks: number;
  #earlyTicks = 0;
  #earlyAttemptsLeft = 0;

  constructor(electionTicks: number, heartbeatTicks: number, random: RandomBelow) {
    this.#electionTicks = electionTicks;
    this.#heartbeatTicks = heartbeatTicks;
    this.#earlySpreadTicks = Math.max(2, Math.ceil(heartbeatTicks / 2));
    this.#random = random;
    this.#timeoutTicks = this.#draw();
  }

  /** A new term or role: count anew, with a new timeout. */
  restart(): void {
    this.elapsed = 0;
    this.#timeoutTicks = this.#draw();
  }

  /** A leader was heard: nothing is early any more. */
  heardLeader(): void {
    this.elapsed = 0;
    this.cancelEarly();
  }

  startEarly(): void {
    this.#earlyAttemptsLeft = earlyAttemptsMax;
    this.retryEarly();
  }

  /** An early attempt was refused or split: another one soon, while there are some left. */
  retryEarly(): void {
    if (this.#earlyAttemptsLeft > 0) this.#earlyTicks = 1 + this.#random(this.#earlySpreadTicks);
  }

  /** An election is under way, ours or another's: give it time before the next attempt. */
  yieldEarly(): void {
    const patience = 2 * this.#heartbeatTicks + this.#random(this.#earlySpreadTicks);
    if (this.#earlyAttemptsLeft > 0) this.#earlyTicks = 1 + patience;
  }

  cancelEarly(): void {
    this.#earlyTicks = 0;
    this.#earlyAttemptsLeft = 0;
  }

  /** One tick; returns why to campaign now, if so. */
  tick(): 'election timeout' | 'peer connection closed' | undefined {
    this.elapsed++;
    if (this.elapsed >= this.#timeoutTicks) {
      this.restart();
      this.cancelEarly();
      return 'election timeout';
    }
    if (this.#earlyTicks > 0 && --this.#earlyTicks === 0) {
      this.#earlyAttemptsLeft--;
      this.yieldEarly();
      return 'peer connection closed';
    }
    return undefined;
  }

  /** Lease of the leader last heard: within the shortest timeout nobody votes for another (thesis, section 4.2.3). */
  get withinLease(): boolean {
    return this.elapsed < this.#electionTicks;
  }

  #draw(): number {
    return this.#electionTicks + this.#random(this.#electionTicks);
  }
}

import type { RaftConfig } from './types.ts';

/**
 * Lease reads (section 6.4.1 of the thesis) rest on a promise: who answered a heartbeat votes for nobody else for
 * `electionTicks` of its own clock, whatever it hears, and however often it restarts. A leader that was answered by a
 * quorum then leads alone for a while, counted from when it *sent* the heartbeat, on its own clock.
 *
 *     leader     sends at tick 10 ............ lease ends at 17 (7 ticks)
 *     follower         answers at 3 ................. may vote from 13 on (10 ticks)
 *
 * Both clocks tick in whole steps, so up to one tick is lost on each side. With 10 ticks the lease holds while no clock
 * runs faster than another by more than a quarter. A process that was suspended has a clock that stood still: lease reads
 * are for those who can exclude that.
 */
export const leaseTicks = (electionTicks: number): number => Math.floor((electionTicks * 3) / 4);

/** The promise of a follower. None without lease reads. */
export class LeasePromise {
  readonly #ticks: number;
  #left: number;

  /** A member that starts again may have made one right before it ended. */
  constructor({ readOnly, checkQuorum, electionTicks }: RaftConfig, startsAgain: boolean) {
    this.#ticks = readOnly === 'lease' && checkQuorum ? electionTicks : 0;
    this.#left = startsAgain ? this.#ticks : 0;
  }

  get isBinding(): boolean {
    return this.#left > 0;
  }

  renew(): void {
    this.#left = this.#ticks;
  }

  tick(): void {
    if (this.#left > 0) this.#left--;
  }
}

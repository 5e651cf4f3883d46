import type { RandomBelow } from './types.ts';

export type CampaignReason = 'election timeout' | 'peer connection closed';

/** Early campaigns after a closed connection, before the ordinary timeout takes over again. */
const earlyAttemptsMax = 8;
/** Further campaigns after one that began by the ordinary timeout and was refused or split. */
const retriesAfterTimeout = 3;
/** Early steps that members keep between them, so that the first has its pre-votes before the second asks. */
const stepsPerRank = 3;
/** Repeated attempts come at intervals that double up to 2^this. */
const backoffMax = 4;

/**
 * When to campaign. Counts ticks since the last sign of a leader against a timeout drawn from
 * [electionTicks, 1.5 * electionTicks) (section 5.2; repetitions are what ends a split vote here, so the spread need not
 * be wide), and beside it a countdown that a closed connection starts: a process that was killed closes its connections at
 * once, so there is no need to wait. Members count down from their rank instead of by chance: no vote is split as long
 * as a pre-vote is quicker than a few steps. A step is a tick, or finer where the driver calls `tickEarly` in between.
 */
export class ElectionTimer {
  elapsed = 0;
  readonly #electionTicks: number;
  readonly #patience: number;
  readonly #random: RandomBelow;
  readonly #rank: () => number;
  #timeoutTicks: number;
  #earlySteps = 0;
  #attempts = 0;
  #attemptsLeft = 0;
  #reason: CampaignReason = 'peer connection closed';
  /** ticks left of the time that an election under way is given */
  #patienceTicks = 0;

  constructor(electionTicks: number, heartbeatTicks: number, random: RandomBelow, rank: () => number) {
    this.#electionTicks = electionTicks;
    this.#patience = 2 * heartbeatTicks;
    this.#random = random;
    this.#rank = rank;
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

  /** Whether `tickEarly` has something to count. */
  get isEarly(): boolean {
    return this.#earlySteps > 0;
  }

  startEarly(): void {
    this.#begin('peer connection closed', earlyAttemptsMax);
    this.retryEarly();
  }

  /** The campaign that an election timeout starts may be repeated soon. */
  allowRetries(): void {
    this.#begin('election timeout', retriesAfterTimeout);
    this.yieldEarly();
  }

  /** An early attempt was refused or split: another one soon, while there are some left. */
  retryEarly(): void {
    this.#patienceTicks = 0;
    this.#earlySteps = this.#steps * 2 ** Math.min(backoffMax, Math.max(0, this.#attempts - 1));
  }

  /** An election is under way, ours or another's: give it time before the next attempt. */
  yieldEarly(): void {
    this.#patienceTicks = this.#patience;
    this.#earlySteps = this.#steps;
  }

  cancelEarly(): void {
    this.#earlySteps = 0;
    this.#attemptsLeft = 0;
    this.#patienceTicks = 0;
  }

  /** One tick; returns why to campaign now, if so. */
  tick(): CampaignReason | undefined {
    this.elapsed++;
    if (this.elapsed >= this.#timeoutTicks) {
      this.restart();
      this.cancelEarly();
      return 'election timeout';
    }
    if (this.#patienceTicks > 0) this.#patienceTicks--;
    return this.tickEarly();
  }

  /** One step of the early countdown alone. */
  tickEarly(): CampaignReason | undefined {
    if (this.#patienceTicks > 0 || this.#earlySteps === 0 || --this.#earlySteps > 0) return undefined;
    this.#attempts++;
    this.#attemptsLeft--;
    this.yieldEarly();
    return this.#reason;
  }

  /** Lease of the leader last heard: within the shortest timeout nobody votes for another (thesis, section 4.2.3). */
  get withinLease(): boolean {
    return this.elapsed < this.#electionTicks;
  }

  #begin(reason: CampaignReason, attempts: number): void {
    this.#reason = reason;
    this.#attempts = 0;
    this.#attemptsLeft = attempts;
  }

  /** 0 where no attempt is left */
  get #steps(): number {
    return this.#attemptsLeft > 0 ? 1 + stepsPerRank * this.#rank() : 0;
  }

  #draw(): number {
    return this.#electionTicks + this.#random(Math.ceil(this.#electionTicks / 2));
  }
}

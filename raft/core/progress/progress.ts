import type { LogIndex, ProgressState, ProgressStatus } from '../types.ts';
import type { Inflights } from './inflights.ts';

/**
 * What a leader knows of one member.
 *
 *     probe      one append at a time, until the place where the logs agree is found
 *     replicate  optimistic: `next` runs ahead of `match` by what is in flight
 *     snapshot   nothing is sent until the offered snapshot is reported or acknowledged
 *
 * Invariant: match < next.
 */
export class Progress {
  match: LogIndex = 0;
  next: LogIndex;
  state: ProgressState = 'probe';
  /** heard from since the leader last counted who it hears */
  recentActive = false;
  /** heard from in the period before that */
  #wasActive = false;
  isLearner: boolean;
  /** the leader's tick of the newest heartbeat that was answered, under lease reads */
  leaseTick = 0;
  /** the snapshot on its way, in state 'snapshot' */
  pendingSnapshot: LogIndex = 0;
  readonly inflights: Inflights;
  /** no append until an answer to the last, or a heartbeat's, arrives */
  #paused = false;

  constructor(next: LogIndex, inflights: Inflights, isLearner: boolean) {
    this.next = next;
    this.inflights = inflights;
    this.isLearner = isLearner;
  }

  get isPaused(): boolean {
    return this.state === 'snapshot' || this.#paused;
  }

  get isAlive(): boolean {
    return this.recentActive || this.#wasActive;
  }

  /** A new period of counting begins. */
  restartActivity(active: boolean): void {
    this.#wasActive = this.recentActive;
    this.recentActive = active;
  }

  /** Any answer shows that the member is there; one more append may be tried. */
  resume(): void {
    this.#paused = false;
  }

  becomeProbe(): void {
    // After a snapshot the follower is known to hold at least what the snapshot holds.
    const next = this.state === 'snapshot' ? Math.max(this.match, this.pendingSnapshot) + 1 : this.match + 1;
    this.#become('probe');
    this.next = next;
  }

  becomeReplicate(): void {
    this.#become('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: LogIndex): void {
    this.#become('snapshot');
    this.pendingSnapshot = index;
    this.next = index + 1;
  }

  /** The follower got the snapshot, or will not: wait for its next sign of life before probing. */
  snapshotReported(outcome: 'finished' | 'failed'): void {
    if (outcome === 'failed') this.pendingSnapshot = 0;
    this.becomeProbe();
    this.#paused = true;
  }

  sentEntries(count: number, bytes: number): void {
    if (this.state === 'replicate') {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, bytes);
      }
      this.#paused = this.inflights.full;
    } else {
      this.#paused = true;
    }
  }

  /** Acknowledged up to `index`. False for an old answer. */
  maybeUpdate(index: LogIndex): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.resume();
    return true;
  }

  /** The append after `rejected` was refused; `hint` is where to try next. False for an answer that is out of date. */
  maybeDecreaseTo(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      return true;
    }
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.resume();
    return true;
  }

  status(): ProgressStatus {
    const { match, next, state, recentActive, isLearner } = this;
    return { match, next, state, recentActive, isLearner };
  }

  #become(state: ProgressState): void {
    this.#paused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }
}

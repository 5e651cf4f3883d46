import type { NodeId } from '../core/types.ts';
import type { LeadershipHost } from './leadership.ts';

type Host = Pick<LeadershipHost, 'raw' | 'wal' | 'clock' | 'log' | 'options'>;

/**
 * A leader whose own disk is stuck can still commit by the others' disks, but it applies only what it has itself, so its
 * clients wait. When one write has taken an election timeout it hands leadership over, provided another member has had
 * on its disk what this one has not for half of that time: were they all about as slow, nothing would be won.
 */
export class DiskWatch {
  readonly #host: Host;
  readonly #handOver: (to: NodeId, reason: string) => void;
  #notBeforeMs = 0;
  /** since when another is ahead of us by its disk */
  #behindSinceMs: number | undefined;
  #told = false;

  constructor(host: Host, handOver: (to: NodeId, reason: string) => void) {
    this.#host = host;
    this.#handOver = handOver;
  }

  onTick(): void {
    const { wal, clock, log, options } = this.#host;
    const stuckMs = Math.round(wal.busyMs);
    const to = stuckMs < options.electionMs / 4 ? '' : this.#ahead();
    const nowMs = clock.monotonicMs();
    this.#behindSinceMs = to === '' ? undefined : (this.#behindSinceMs ?? nowMs);
    if (stuckMs < options.electionMs) {
      this.#told = false;
      return;
    }
    if (!this.#told) log.warn({ stuckMs }, 'the disk of the log is stuck');
    this.#told = true;
    const behindMs = nowMs - (this.#behindSinceMs ?? nowMs);
    if (behindMs < options.electionMs / 2 || nowMs < this.#notBeforeMs) return;
    // the core gives a transfer up after an election timeout
    this.#notBeforeMs = nowMs + options.electionMs;
    this.#handOver(to, `disk stuck for ${stuckMs} ms`);
  }

  /** who could take over, and has on its disk what we have not; '' where there is nobody, or we do not lead */
  #ahead(): NodeId {
    const { raw } = this.#host;
    const to = raw.bestSuccessor();
    if (to === '') return '';
    const { progress, durable } = raw.status();
    return (progress[to]?.match ?? 0) > durable ? to : '';
  }
}

import type { NodeId } from '../core/types.ts';
import type { LeadershipHost } from './leadership.ts';

/**
 * A leader whose own disk is stuck can still commit by the others' disks, but it applies only what it has itself, so its
 * clients wait. When one write has taken an election timeout it hands leadership over, provided another member has on
 * its disk what this one has not: were they all as slow, nothing would be won.
 */
export class DiskWatch {
  readonly #host: Pick<LeadershipHost, 'raw' | 'wal' | 'clock' | 'log' | 'options'>;
  readonly #handOver: (to: NodeId, reason: string) => void;
  #notBeforeMs = 0;
  #told = false;

  constructor(
    host: Pick<LeadershipHost, 'raw' | 'wal' | 'clock' | 'log' | 'options'>,
    handOver: (to: NodeId, reason: string) => void,
  ) {
    this.#host = host;
    this.#handOver = handOver;
  }

  onTick(): void {
    const { raw, wal, clock, log, options } = this.#host;
    const stuckMs = Math.round(wal.busyMs);
    if (stuckMs < options.electionMs) {
      this.#told = false;
      return;
    }
    if (!this.#told) log.warn({ stuckMs }, 'the disk of the log is stuck');
    this.#told = true;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#notBeforeMs) return;
    const to = raw.bestSuccessor();
    if (to === '') return;
    const { progress, durable } = raw.status();
    if ((progress[to]?.match ?? 0) <= durable) return;
    // the core gives a transfer up after an election timeout
    this.#notBeforeMs = nowMs + options.electionMs;
    this.#handOver(to, `disk stuck for ${stuckMs} ms`);
  }
}

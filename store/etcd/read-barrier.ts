import { sleep } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { RaftUnavailableError } from '../../raft/runtime/types.ts';
import type { RaftNode } from '../../raft/runtime/types.ts';
import { etcdError, toGrpcError } from './errors.ts';

const retryPauseMs = 50;
/** before it is asked again: a question may have been lost with its leader */
const attemptMs = 2000;

/** reads that failed for these reasons may be tried again: nothing was changed */
const passing: ReadonlySet<RaftUnavailableError['kind']> = new Set(['no-leader', 'leader-changed', 'timeout']);

/**
 * Linearizable read points. A change of leader is waited out, up to the request timeout; reads that come together share
 * one barrier in the Raft node.
 */
export class ReadBarrier {
  readonly #node: RaftNode;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(node: RaftNode, timeoutMs: number, clock: Clock) {
    this.#node = node;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  async wait(): Promise<void> {
    try {
      await this.#node.readBarrier(Math.min(attemptMs, this.#timeoutMs));
    } catch (error) {
      await this.#retry(error);
    }
  }

  async #retry(first: unknown): Promise<void> {
    const deadlineMs = this.#clock.monotonicMs() + this.#timeoutMs;
    for (let error = first; ;) {
      if (!(error instanceof RaftUnavailableError) || !passing.has(error.kind)) throw toGrpcError(error);
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      if (leftMs <= 0) throw etcdError('timeout');
      await sleep(Math.min(retryPauseMs, leftMs), this.#clock);
      try {
        await this.#node.readBarrier(Math.min(attemptMs, leftMs));
        return;
      } catch (again) {
        error = again;
      }
    }
  }
}

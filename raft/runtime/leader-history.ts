import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { LeaderChange } from '../core/types.ts';
import type { NodeStatus } from './types.ts';

/** Every leader change leaves a record of why: who, when, and how late the disk and the clock were. */
export class LeaderHistory {
  readonly #clock: Clock;
  readonly #log: Log;
  #count = 0;
  #last: NodeStatus['lastLeaderChange'];

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  get last(): NodeStatus['lastLeaderChange'] {
    return this.#last;
  }

  record(changes: readonly LeaderChange[], circumstances: object): void {
    for (const { term, leader, reason } of changes) {
      // Losing the leader and finding the next is one change; the reason of the loss stays until there is a leader.
      if (leader !== '') this.#count++;
      this.#last = { reason, atMs: this.#clock.nowMs(), term, leader };
      const fields = { term, leader, reason, ...circumstances };
      this.#log.info(fields, leader === '' ? 'no leader now' : `member ${leader} leads term ${term}`);
    }
  }
}

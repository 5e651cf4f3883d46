import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { NodeId, RawNodeApi, Ready, Term } from '../core/types.ts';
import { DiskWatch } from './disk-watch.ts';
import { firstCampaignDelayMs } from './first-campaign.ts';
import { LeaderHistory } from './leader-history.ts';
import { RaftUnavailableError } from './types.ts';
import type { NodeStatus, RaftNodeOptions } from './types.ts';
import type { Wal } from './wal/wal.ts';

/** Steps of the core's early countdown a heartbeat: with 100 ms the first in rank campaigns 5 ms after a close. */
const earlyStepsPerHeartbeat = 20;

export interface LeadershipHost {
  readonly id: NodeId;
  readonly raw: RawNodeApi;
  readonly wal: Pick<Wal, 'syncStats' | 'busyMs'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: Pick<RaftNodeOptions, 'heartbeatMs' | 'electionMs'>;
  readonly isUp: (peer: NodeId) => boolean;
  /** runs a call into the core, and then a turn */
  readonly enter: (action: () => void) => void;
  readonly status: () => NodeStatus;
}

/** Who leads, why, and what this member does about it beside what the core decides by its ticks. */
export class Leadership {
  readonly history: LeaderHistory;
  readonly #host: LeadershipHost;
  readonly #diskWatch: DiskWatch;
  readonly #listeners = new Set<(status: NodeStatus) => void>();
  #stopEarly: (() => void) | undefined;
  #cancelFirstCampaign: (() => void) | undefined;
  #campaignTold = false;
  /** this member leads it and has not committed in it */
  #uncommittedTerm: Term = 0;

  constructor(host: LeadershipHost) {
    this.#host = host;
    this.history = new LeaderHistory(host.clock, host.log);
    this.#diskWatch = new DiskWatch(host, (to, reason) => this.#handOver(to, reason));
  }

  onLeaderChange(listener: (status: NodeStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onTick(): void {
    this.#diskWatch.onTick();
  }

  onReady({ softState, leaderChanges, committed }: Ready): void {
    if (softState !== undefined || leaderChanges.length > 0) this.#onChange(softState, leaderChanges);
    if (this.#uncommittedTerm > 0 && committed.some(({ term }) => term === this.#uncommittedTerm))
      this.#onFirstCommit();
  }

  /** The core counts in finer steps while an early election is near; its ticks go on beside them. */
  afterTurn(): void {
    const { raw, clock, options, enter } = this.#host;
    if (this.#stopEarly !== undefined || !raw.isElectingEarly) return;
    this.#stopEarly = clock.every(options.heartbeatMs / earlyStepsPerHeartbeat, () => {
      if (raw.isElectingEarly) enter(() => raw.tickEarly());
      else this.#endEarly();
    });
  }

  /** A group that starts as a whole need not sit out an election timeout: see firstCampaignDelayMs. */
  planFirstCampaign(): void {
    const { raw, clock, options, enter, id, isUp } = this.#host;
    if (this.#cancelFirstCampaign !== undefined || this.history.count > 0) return;
    const delayMs = firstCampaignDelayMs(id, raw.status().confState, options.heartbeatMs, isUp);
    if (delayMs === undefined) return;
    this.#cancelFirstCampaign = clock.after(delayMs, () => {
      if (this.history.count === 0) enter(() => raw.campaign('start of the group'));
    });
  }

  /** Resolves when `to` leads; '' where this member leads: whoever is alive and has most of the log. */
  transfer(to: NodeId, timeoutMs: number, reason = ''): Promise<void> {
    const { raw, clock } = this.#host;
    const before = raw.status();
    const target = to === '' ? raw.bestSuccessor() : to;
    if (target === '')
      return Promise.reject(new RaftUnavailableError('no-leader', 'no other member can take over the leadership'));
    if (before.leader === target) return Promise.resolve();
    if (before.leader === '')
      return Promise.reject(new RaftUnavailableError('no-leader', 'there is no leader to hand over'));
    return new Promise((resolve, reject) => {
      const stopListening = this.onLeaderChange(({ leader }) => {
        if (leader === target) settle(resolve);
      });
      const cancel = clock.after(timeoutMs, () => {
        const text = `leadership did not pass to member ${target} within ${timeoutMs} ms`;
        settle(() => reject(new RaftUnavailableError('timeout', text)));
      });
      const settle = (action: () => void): void => {
        stopListening();
        cancel();
        action();
      };
      this.#handOver(target, reason);
    });
  }

  stop(): void {
    this.#endEarly();
    this.#cancelFirstCampaign?.();
    this.#listeners.clear();
  }

  #handOver(to: NodeId, reason: string): void {
    const { raw, log, enter } = this.#host;
    log.info({ to, reason }, 'handing leadership over');
    enter(() => raw.transferLeadership(to, reason));
  }

  #endEarly(): void {
    this.#stopEarly?.();
    this.#stopEarly = undefined;
  }

  #onChange(softState: Ready['softState'], changes: Ready['leaderChanges']): void {
    const { raw, log, wal } = this.#host;
    const { lastMs, maxMs } = wal.syncStats;
    const circumstances = { fsyncLastMs: Math.round(lastMs), fsyncMaxMs: Math.round(maxMs) };
    this.history.record(changes, circumstances);
    const { role, term, leader } = raw.status();
    if (role === 'leader' && softState !== undefined) this.#uncommittedTerm = term;
    if (role !== 'leader') this.#uncommittedTerm = 0;
    if (leader !== '') this.#campaignTold = false;
    else if (role !== 'follower' && !this.#campaignTold) {
      // repetitions are told no more: a member that is cut off goes on asking
      this.#campaignTold = true;
      log.info({ term, role, ...circumstances }, 'campaigning');
    }
    const status = this.#host.status();
    for (const listener of this.#listeners) listener(status);
  }

  #onFirstCommit(): void {
    const sinceLostMs = Math.round(this.#host.clock.monotonicMs() - this.history.lostAtMs);
    this.#host.log.info({ term: this.#uncommittedTerm, sinceLostMs }, `first commit of term ${this.#uncommittedTerm}`);
    this.#uncommittedTerm = 0;
  }
}

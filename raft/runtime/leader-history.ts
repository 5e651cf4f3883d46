import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { LeaderChange } from '../core/types.ts';
import type { LeaderRecord } from './types.ts';

const recentMax = 16;

/** What a reason may begin with; the rest, after a colon, is told to people but is no label of a metric. */
const kinds: ReadonlySet<string> = new Set([
  'start of the group',
  'the only member',
  'election timeout',
  'peer connection closed',
  'leadership transfer',
  'leader forgotten on request',
  'quorum lost',
  'higher term',
  'election lost',
  'leader removed from the configuration',
  'leader became a learner',
  'heard from the leader',
]);

/** The reason without its details; 'other' for what a peer of another version says. */
export function kindOfReason(reason: string): string {
  const [kind = ''] = reason.split(':');
  return kinds.has(kind) ? kind : 'other';
}

/** Every leader change leaves a record of why: who, when, and how late the disk and the clock were. */
export class LeaderHistory {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #byReason = new Map<string, number>();
  #count = 0;
  #recent: LeaderRecord[] = [];
  #lostAtMs: number;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#lostAtMs = clock.monotonicMs();
  }

  /** leaders seen */
  get count(): number {
    return this.#count;
  }

  get last(): LeaderRecord | undefined {
    return this.#recent.at(-1);
  }

  /** oldest first */
  get recent(): readonly LeaderRecord[] {
    return this.#recent;
  }

  /** leaders seen, by the kind of the reason */
  get byReason(): ReadonlyMap<string, number> {
    return this.#byReason;
  }

  /** since when nobody leads, by the monotonic clock; also of the time before the present leader */
  get lostAtMs(): number {
    return this.#lostAtMs;
  }

  record(changes: readonly LeaderChange[], circumstances: object): void {
    for (const { term, leader, reason } of changes) {
      const nowMs = this.#clock.monotonicMs();
      const hadLeader = this.last !== undefined && this.last.leader !== '';
      if (hadLeader) this.#lostAtMs = nowMs;
      const withoutLeaderMs = leader === '' ? 0 : Math.round(nowMs - this.#lostAtMs);
      // Losing the leader and finding the next is one change; the reason of the loss stays until there is a leader.
      if (leader !== '') this.#seen(reason);
      this.#recent = [...this.#recent, { reason, atMs: this.#clock.nowMs(), term, leader, withoutLeaderMs }];
      if (this.#recent.length > recentMax) this.#recent.shift();
      const fields = { term, leader, reason, withoutLeaderMs, ...circumstances };
      this.#log.info(fields, leader === '' ? 'no leader now' : `member ${leader} leads term ${term}`);
    }
  }

  #seen(reason: string): void {
    this.#count++;
    const kind = kindOfReason(reason);
    this.#byReason.set(kind, (this.#byReason.get(kind) ?? 0) + 1);
  }
}

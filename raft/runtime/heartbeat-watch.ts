import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Message, NodeId, Term } from '../core/types.ts';

/** Heartbeats in a row that are missing before it is told. */
const lateHeartbeats = 4;

/**
 * How regularly a follower hears its leader: what comes shortly before an election that nobody can explain is seen here.
 */
export class HeartbeatWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #heartbeatMs: number;
  #from: { leader: NodeId; term: Term; atMs: number } | undefined;
  #gapMaxMs = 0;

  constructor(clock: Clock, log: Log, heartbeatMs: number) {
    this.#clock = clock;
    this.#log = log;
    this.#heartbeatMs = heartbeatMs;
  }

  /** the longest time between two heartbeats of one leader, since the start */
  get gapMaxMs(): number {
    return this.#gapMaxMs;
  }

  onMessages(messages: readonly Message[]): void {
    for (const { type, from, term } of messages) if (type === 'heartbeat') this.#onHeartbeat(from, term);
  }

  #onHeartbeat(leader: NodeId, term: Term): void {
    const before = this.#from;
    if (before !== undefined && term < before.term) return;
    const atMs = this.#clock.monotonicMs();
    this.#from = { leader, term, atMs };
    if (before?.term !== term) return;
    const gapMs = atMs - before.atMs;
    this.#gapMaxMs = Math.max(this.#gapMaxMs, gapMs);
    if (gapMs <= (lateHeartbeats + 1) * this.#heartbeatMs) return;
    this.#log.warn({ leader, term, gapMs: Math.round(gapMs) }, 'heartbeat is late');
  }
}

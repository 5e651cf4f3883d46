import type { LogIndex, ReadState } from '../core/types.ts';
import { RaftUnavailableError } from './types.ts';

/** Reads that may wait at once; beyond it they are refused. */
const waitersMax = 100_000;

interface Waiter {
  readonly deadlineMs: number;
  resolve(index: LogIndex): void;
  reject(error: Error): void;
}

export interface ReadBarrierHost {
  readIndex(context: string): 'accepted' | 'dropped';
  appliedIndex(): LogIndex;
  leader(): string;
  nowMs(): number;
  /** asks for a turn, in which `startRound` will be called */
  wake(): void;
}

/**
 * Linearizable reads by ReadIndex (Raft paper, section 8). All callers that arrived before a round started share it:
 *
 *     collecting --startRound--> round --onReadState(index)--> confirmed --applied >= index--> resolved
 *
 * One round is under way at a time. It is asked again, under a new context, when the leader changes or nothing comes
 * back; an answer to any of its contexts will do, as each was asked after all its callers had arrived.
 */
export class ReadBarrier {
  readonly #host: ReadBarrierHost;
  /** unique over restarts of this member: an answer to an earlier life must not count */
  readonly #contextPrefix: string;
  readonly #retryMs: number;
  #counter = 0;
  #collecting: Waiter[] = [];
  #round: { waiters: Waiter[]; contexts: Set<string>; askedAtMs: number } | undefined;
  #confirmed: { index: LogIndex; waiters: Waiter[] }[] = [];
  #count = 0;

  constructor(host: ReadBarrierHost, contextPrefix: string, retryMs: number) {
    this.#host = host;
    this.#contextPrefix = contextPrefix;
    this.#retryMs = retryMs;
  }

  wait(timeoutMs: number): Promise<LogIndex> {
    if (this.#count >= waitersMax) {
      return Promise.reject(new RaftUnavailableError('too-many', `more than ${waitersMax} reads wait already`));
    }
    this.#count++;
    return new Promise((resolve, reject) => {
      this.#collecting.push({ deadlineMs: this.#host.nowMs() + timeoutMs, resolve, reject });
      if (this.#round === undefined) this.#host.wake();
    });
  }

  /** Once a turn. */
  startRound(): void {
    if (this.#round !== undefined || this.#collecting.length === 0) return;
    this.#round = { waiters: this.#collecting, contexts: new Set(), askedAtMs: 0 };
    this.#collecting = [];
    this.ask();
  }

  /** Asks for the current round, again if need be (a new leader knows nothing of it). */
  ask(): void {
    const round = this.#round;
    if (round === undefined) return;
    const context = `${this.#contextPrefix}-${++this.#counter}`;
    if (this.#host.readIndex(context) === 'dropped') return;
    round.contexts.add(context);
    round.askedAtMs = this.#host.nowMs();
  }

  onReadState({ index, context }: ReadState): void {
    const round = this.#round;
    if (round === undefined || !round.contexts.has(context)) return;
    this.#round = undefined;
    this.#confirmed.push({ index, waiters: round.waiters });
    this.onApplied();
    if (this.#collecting.length > 0) this.#host.wake();
  }

  onApplied(): void {
    const applied = this.#host.appliedIndex();
    if (!this.#confirmed.some(({ index }) => index <= applied)) return;
    const ready = this.#confirmed.filter(({ index }) => index <= applied);
    this.#confirmed = this.#confirmed.filter(({ index }) => index > applied);
    for (const { index, waiters } of ready) {
      this.#count -= waiters.length;
      for (const waiter of waiters) waiter.resolve(index);
    }
  }

  /** Ends what waited too long; asks again where no answer came. */
  onTick(): void {
    if (this.#count === 0) return;
    const nowMs = this.#host.nowMs();
    this.#collecting = this.#expire(this.#collecting, nowMs);
    for (const confirmed of this.#confirmed) confirmed.waiters = this.#expire(confirmed.waiters, nowMs);
    if (this.#round === undefined) return;
    this.#round.waiters = this.#expire(this.#round.waiters, nowMs);
    if (this.#round.waiters.length === 0) {
      this.#round = undefined;
      if (this.#collecting.length > 0) this.#host.wake();
    } else if (nowMs - this.#round.askedAtMs >= this.#retryMs) this.ask();
  }

  stop(error: RaftUnavailableError): void {
    const all = [this.#collecting, this.#round?.waiters ?? [], ...this.#confirmed.map(({ waiters }) => waiters)].flat();
    this.#collecting = [];
    this.#round = undefined;
    this.#confirmed = [];
    this.#count = 0;
    for (const waiter of all) waiter.reject(error);
  }

  #expire(waiters: Waiter[], nowMs: number): Waiter[] {
    if (!waiters.some(({ deadlineMs }) => deadlineMs <= nowMs)) return waiters;
    const late = waiters.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    this.#count -= late.length;
    const error =
      this.#host.leader() === ''
        ? new RaftUnavailableError('no-leader', 'no leader: a linearizable read is not possible now')
        : new RaftUnavailableError('timeout', `the read was not confirmed in time by leader ${this.#host.leader()}`);
    for (const waiter of late) waiter.reject(error);
    return waiters.filter(({ deadlineMs }) => deadlineMs > nowMs);
  }
}

import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import type { RaftNode } from '../../raft/runtime/types.ts';
import { commandCodec, entryCodec } from './command.ts';
import type { LooseCommand } from './command.ts';
import { etcdError } from './errors.ts';
import { sessionWindow } from './sessions.ts';
import type { Outcome } from './store-machine.ts';

export interface ProposerOptions {
  /** of this run of this member, random */
  readonly session: bigint;
  readonly maxRequestBytes: number;
  /** how long a caller waits at most */
  readonly timeoutMs: number;
  readonly clock?: Clock;
}

interface Waiter {
  resolve(result: object): void;
  reject(error: unknown): void;
}
interface PendingEntry {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly waiters: readonly Waiter[];
  readonly deadlineMs: number;
  readonly leaderChangesBefore: number;
  proposedAtMs: number;
  /** the term in which this member, leading, took the entry into its own log; 0: it did not */
  ownTerm: number;
}

/** commands waiting for their outcome on this member */
export const pendingCommandsMax = 8192;
/** entries on their way; half the window, so that a repetition is always recognised */
const pendingEntriesMax = sessionWindow / 2;
const entryBytesMax = 512 * 1024;
const sweepEveryMs = 250;
/** an entry without an outcome for so long is proposed again */
const repeatAfterMs = 1500;

/**
 * Brings commands into the log and their outcomes back. What comes together in a turn of the event loop shares an
 * entry. An entry that may have been lost with a leader is proposed again under the same number, and applied once
 * (see Sessions): a change of leader is seen by clients of other members as a delay only.
 */
export class Proposer {
  readonly #options: ProposerOptions;
  readonly #clock: Clock;
  readonly #stopSweep: () => void;
  readonly #pending = new Map<number, PendingEntry>();
  #node: RaftNode | undefined;
  #stopListening = (): void => {};
  #batch: { commands: Uint8Array[]; waiters: Waiter[]; bytes: number } = { commands: [], waiters: [], bytes: 0 };
  #scheduled = false;
  #sequence = 0;
  #waiting = 0;
  #failed = 0;
  #stopped = false;
  #leaderChanges = 0;

  constructor(options: ProposerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#stopSweep = this.#clock.every(sweepEveryMs, () => this.#sweep());
  }

  /** commands whose callers were told of no outcome */
  get failedCommands(): number {
    return this.#failed;
  }

  get pendingCommands(): number {
    return this.#waiting;
  }

  start(node: RaftNode): void {
    this.#node = node;
    this.#leaderChanges = node.status().leaderChanges;
    this.#stopListening = node.onLeaderChange((status) => {
      this.#leaderChanges = status.leaderChanges;
      if (status.leader !== '') this.#repeat(() => true);
    });
  }

  /** Resolves with what the state machine answers; rejects with an error for the client. */
  submit(command: LooseCommand): Promise<object> {
    if (this.#stopped) return Promise.reject(etcdError('stopped'));
    const bytes = commandCodec.encode(command);
    if (bytes.length > this.#options.maxRequestBytes) return Promise.reject(etcdError('request-too-large'));
    const overtaken = this.#sequence - this.#oldest() >= pendingEntriesMax;
    if (this.#waiting >= pendingCommandsMax || overtaken) return Promise.reject(etcdError('too-many-requests'));
    this.#waiting++;
    return new Promise((resolve, reject) => {
      this.#batch.commands.push(bytes);
      this.#batch.waiters.push({ resolve, reject });
      this.#batch.bytes += bytes.length;
      if (this.#batch.bytes >= entryBytesMax) this.#flush();
      else if (!this.#scheduled) {
        this.#scheduled = true;
        this.#clock.soon(() => {
          this.#scheduled = false;
          this.#flush();
        });
      }
    });
  }

  applied(session: bigint, sequence: number, outcomes: readonly Outcome[]): void {
    if (session !== this.#options.session) return;
    const entry = this.#pending.get(sequence);
    if (entry === undefined) return; // its callers have given up
    this.#pending.delete(sequence);
    this.#waiting -= entry.waiters.length;
    for (const [i, waiter] of entry.waiters.entries()) {
      const outcome = outcomes[i]!;
      if ('error' in outcome) waiter.reject(outcome.error);
      else waiter.resolve(outcome.result);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#stopSweep();
    this.#stopListening();
    this.#flush();
    for (const entry of this.#pending.values()) this.#giveUp(entry, etcdError('stopped'));
  }

  #oldest(): number {
    for (const sequence of this.#pending.keys()) return sequence; // in order of insertion
    return this.#sequence;
  }

  #flush(): void {
    const { commands, waiters } = this.#batch;
    if (commands.length === 0) return;
    this.#batch = { commands: [], waiters: [], bytes: 0 };
    const sequence = ++this.#sequence;
    const entry: PendingEntry = {
      sequence,
      bytes: entryCodec.encode({ session: this.#options.session, sequence, commands }),
      waiters,
      deadlineMs: this.#clock.monotonicMs() + this.#options.timeoutMs,
      leaderChangesBefore: this.#leaderChanges,
      proposedAtMs: -Infinity,
      ownTerm: 0,
    };
    this.#pending.set(sequence, entry);
    this.#propose(entry);
  }

  #propose(entry: PendingEntry): void {
    try {
      this.#node?.propose(entry.bytes);
      entry.proposedAtMs = this.#clock.monotonicMs();
      entry.ownTerm = this.#ownTerm();
    } catch {
      // no leader, or too much on its way: tried again with the next leader, or by the sweep
      entry.proposedAtMs = -Infinity;
      entry.ownTerm = 0;
    }
  }

  /** the term that this member leads, or 0 */
  #ownTerm(): number {
    const standing = this.#node?.standing;
    return standing?.role === 'leader' ? standing.term : 0;
  }

  #repeat(which: (entry: PendingEntry) => boolean): void {
    for (const entry of this.#pending.values()) if (which(entry)) this.#propose(entry);
  }

  #sweep(): void {
    if (this.#pending.size === 0) return;
    const now = this.#clock.monotonicMs();
    for (const entry of this.#pending.values()) {
      if (entry.deadlineMs <= now) this.#giveUp(entry, this.#timeoutError(entry));
    }
    // A leader has it in its log as long as it leads: it is slow then, and not lost, and repeating it makes it slower.
    const ownTerm = this.#ownTerm();
    this.#repeat((entry) => now - entry.proposedAtMs >= repeatAfterMs && (ownTerm === 0 || entry.ownTerm !== ownTerm));
  }

  #timeoutError(entry: PendingEntry): unknown {
    const status = this.#node?.status();
    if (status === undefined || status.leader === '') return etcdError('timeout-connection-lost');
    return etcdError(status.leaderChanges === entry.leaderChangesBefore ? 'timeout' : 'timeout-leader-failure');
  }

  #giveUp(entry: PendingEntry, error: unknown): void {
    if (!this.#pending.delete(entry.sequence)) return;
    this.#waiting -= entry.waiters.length;
    this.#failed += entry.waiters.length;
    for (const waiter of entry.waiters) waiter.reject(error);
  }
}

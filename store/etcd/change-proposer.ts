import type { Clock } from '../../base/clock.ts';
import { RaftUnavailableError } from '../../raft/runtime/types.ts';
import type { RaftNode } from '../../raft/runtime/types.ts';
import { etcdError } from './errors.ts';
import { idToHex } from './identity.ts';
import { changeFault, toConfChange } from './member-change.ts';
import type { MemberChange, ProposedChange } from './member-change.ts';
import type { StoreState } from './store-state.ts';

export interface ChangeProposerOptions {
  /** of this run of this member, random */
  readonly session: bigint;
  /** how long a caller waits at most */
  readonly timeoutMs: number;
  readonly maxLearners: number;
  readonly state: () => StoreState;
  readonly clock: Clock;
}

interface Pending {
  readonly change: ProposedChange;
  readonly deadlineMs: number;
  readonly leaderChangesBefore: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** changes that wait on this member */
const pendingMax = 64;
/** A leader tells nobody that it refused a change, such as one that came while another was under way: so it is asked again. */
const repeatEveryMs = 250;

/**
 * Brings changes of the membership into the log, one after another, and tells when each is applied. It proposes them
 * again until they are: under the same identity, which the leader knows from its machine, so each is appended once.
 */
export class ChangeProposer {
  readonly #options: ChangeProposerOptions;
  readonly #session: string;
  readonly #pending = new Map<number, Pending>();
  #node: RaftNode | undefined;
  #sequence = 0;
  #stopped = false;
  #stops: (() => void)[] = [];

  constructor(options: ChangeProposerOptions) {
    this.#options = options;
    this.#session = idToHex(options.session);
  }

  start(node: RaftNode): void {
    this.#node = node;
    this.#stops = [
      this.#options.clock.every(repeatEveryMs, () => this.#repeat()),
      node.onLeaderChange((status) => {
        if (status.leader !== '') this.#repeat();
      }),
    ];
  }

  /** The state must be as new as the call (see ReadBarrier). Resolves when this member has applied the change. */
  submit(change: MemberChange): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    if (this.#stopped) return Promise.reject(etcdError('stopped'));
    if (this.#pending.size >= pendingMax) return Promise.reject(etcdError('too-many-requests'));
    const sequence = ++this.#sequence;
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        change: { ...change, session: this.#session, sequence },
        deadlineMs: clock.monotonicMs() + timeoutMs,
        leaderChangesBefore: this.#node?.status().leaderChanges ?? 0,
        resolve,
        reject,
      };
      this.#pending.set(sequence, pending);
      this.#attempt(pending);
    });
  }

  /** A change was applied: ours is done, and whoever else waits may have its turn. */
  applied({ session, sequence }: Pick<ProposedChange, 'session' | 'sequence'>): void {
    if (session === this.#session) this.#settle(sequence, (pending) => pending.resolve());
    if (this.#pending.size > 0) this.#options.clock.soon(() => this.#repeat());
  }

  /** Everything was replaced: what was applied meanwhile is known by its identity. */
  restored(): void {
    this.#repeat();
  }

  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
    for (const sequence of this.#pending.keys()) this.#settle(sequence, (p) => p.reject(etcdError('stopped')));
  }

  #settle(sequence: number, how: (pending: Pending) => void): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return;
    this.#pending.delete(sequence);
    how(pending);
  }

  #repeat(): void {
    for (const pending of this.#pending.values()) this.#attempt(pending);
  }

  #attempt({ change, deadlineMs, leaderChangesBefore }: Pending): void {
    const { state, maxLearners, clock } = this.#options;
    const { sequence } = change;
    if (state().sessions.seen(this.#session, sequence)) {
      this.#settle(sequence, (pending) => pending.resolve());
      return;
    }
    const fault = changeFault(state(), change, maxLearners);
    if (fault !== undefined) {
      this.#settle(sequence, (pending) => pending.reject(etcdError(fault)));
      return;
    }
    if (clock.monotonicMs() >= deadlineMs) {
      const status = this.#node?.status();
      const sameLeader = status?.leaderChanges === leaderChangesBefore;
      this.#settle(sequence, (p) => p.reject(etcdError(sameLeader ? 'timeout' : 'timeout-leader-failure')));
      return;
    }
    try {
      this.#node?.proposeConfChange(toConfChange(change));
    } catch (error) {
      // no leader, or another change is under way: tried again
      if (error instanceof RaftUnavailableError && error.kind !== 'stopped') return;
      this.#settle(sequence, (pending) => pending.reject(error));
    }
  }
}

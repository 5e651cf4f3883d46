import { configurationOf } from './configuration.ts';
import { ElectionTimer } from './election-timer.ts';
import { RaftLog } from './log/raft-log.ts';
import { leaseTicks, LeasePromise } from './lease.ts';
import { Outbox } from './outbox.ts';
import { Tracker } from './progress/tracker.ts';
import { ReadOnly } from './read-only.ts';
import type { HardState, LeaderChange, LogIndex, Message, NodeId, RaftConfig, ReadState, Role, Term } from './types.ts';

/** Undelivered notes on leader changes; older ones are dropped. */
const maxLeaderChanges = 64;

/**
 * All that a member knows; the functions beside this file decide on it. Not part of the public surface.
 *
 * Invariants: `term` never goes back; `vote` is given once a term; a leader is leader of `term`.
 */
export class Raft {
  readonly config: RaftConfig;
  readonly id: NodeId;
  term: Term;
  vote: NodeId;
  role: Role = 'follower';
  leader: NodeId = '';
  readonly log: RaftLog;
  readonly tracker: Tracker;
  readonly outbox: Outbox;
  readonly timer: ElectionTimer;
  heartbeatElapsed = 0;

  /** A leader's: reads confirmed by heartbeats, and those that wait for its first commit. */
  reads = new ReadOnly();
  readsBeforeFirstCommit: Message[] = [];
  readonly readStates: ReadState[] = [];

  /** No further configuration change is proposed before the entry at this index is applied. */
  pendingConfIndex: LogIndex = 0;
  /** payload of the leader's entries that are not handed out for applying */
  uncommittedBytes = 0;
  /** new entries or a new commit index wait to be told to the followers, once per Ready */
  broadcastPending = false;
  /** under `lazyCommit`: a new commit index waits for the next broadcast */
  commitUntold = false;
  /** the last entry that a follower proposed: it waits to hear that this is committed */
  forwardedIndex: LogIndex = 0;

  leadTransferee: NodeId = '';
  /** why it is handed over, for people */
  transferReason = '';
  /** ticks since we lead, from 1 */
  leaderTicks = 1;
  readonly promise: LeasePromise;
  /** somebody was told to campaign in this term in spite of leases: lease reads are not safe any more */
  leaseWaived = false;

  /** told to campaign, but a configuration change is to be applied first */
  campaignOnceApplied = false;
  /** the leader whose connection closed, until a leader is heard or an ordinary timeout ends the early attempts */
  closedLeader: NodeId = '';
  /** why we campaign */
  campaignReason = '';
  /** the last candidate heard of, and why it told that it campaigns */
  #candidacy: { term: Term; candidate: NodeId; reason: string } | undefined;
  #leaderChanges: LeaderChange[] = [];
  #leaderTerm: Term = 0;

  constructor(config: RaftConfig) {
    const { hardState, confState } = config.storage.initialState();
    this.config = config;
    this.id = config.id;
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.log = new RaftLog(config.storage, hardState.commit, config.applied, config.maxCommittedBytesPerReady);
    const limits = { maxMessages: config.maxInflightMessages, maxBytes: config.maxInflightBytes };
    this.tracker = new Tracker(configurationOf(confState), limits, this.log.lastIndex);
    this.outbox = new Outbox(config.id);
    this.promise = new LeasePromise(config, this.term > 0);
    this.timer = new ElectionTimer(config.electionTicks, config.heartbeatTicks, config.random, () => this.#rank());
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  /** A voter that holds a state may campaign; a learner, a removed member, or one amid restoring a snapshot may not. */
  get isPromotable(): boolean {
    return this.tracker.isVoter(this.id) && this.log.unstable.snapshot === undefined;
  }

  /** Whether the leader has committed in its own term; before that its commit index may lag (section 8). */
  get hasCommittedInTerm(): boolean {
    return this.log.termAt(this.log.committed) === this.term;
  }

  /** Whether we heard of a leader so recently that nobody else should be elected. */
  get holdsLease(): boolean {
    return this.promise.isBinding || (this.config.checkQuorum && this.leader !== '' && this.timer.withinLease);
  }

  /** Whether a quorum answered so recently that nobody else can have been elected, by their promise and ours. */
  get leadsByLease(): boolean {
    const { readOnly, checkQuorum, electionTicks } = this.config;
    if (readOnly !== 'lease' || !checkQuorum || this.leaseWaived) return false;
    const since = this.leaderTicks - leaseTicks(electionTicks);
    const { progress } = this.tracker;
    const renewed = (id: NodeId): boolean => (progress.get(id)?.leaseTick ?? 0) > Math.max(since, 0);
    return this.tracker.quorumOf((id) => id === this.id || renewed(id));
  }

  /** Our place among the voters that may follow a leader that is gone. */
  #rank(): number {
    const candidates = [...this.tracker.voters()].filter((id) => id !== this.closedLeader);
    return Math.max(0, candidates.sort().indexOf(this.id));
  }

  noteCandidacy(term: Term, candidate: NodeId, reason: string): void {
    this.#candidacy = { term, candidate, reason };
  }

  /** Sets the leader of our term. `reason` is what we know; why a leader was elected its candidacy may have told. */
  setLeader(leader: NodeId, reason: string): void {
    const same = leader === this.leader && (leader === '' || this.term === this.#leaderTerm);
    this.leader = leader;
    this.#leaderTerm = this.term;
    if (same) return;
    const explained = this.#candidacy?.term === this.term && this.#candidacy.candidate === leader;
    this.#leaderChanges.push({ term: this.term, leader, reason: explained ? this.#candidacy!.reason : reason });
    if (explained) this.#candidacy = undefined;
    if (this.#leaderChanges.length > maxLeaderChanges) this.#leaderChanges.shift();
  }

  get hasLeaderChanges(): boolean {
    return this.#leaderChanges.length > 0;
  }

  takeLeaderChanges(): LeaderChange[] {
    const taken = this.#leaderChanges;
    this.#leaderChanges = [];
    return taken;
  }
}

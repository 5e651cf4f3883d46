/**
 * The vocabulary of the consensus core. Names are those of the Raft paper and of etcd-io/raft.
 *
 * The core is a synchronous state machine. Its driver calls `tick`, `step`, `propose`, `readIndex`, then takes a
 * `Ready`, does what it says in the order it says, and calls `advance` steps as documented on `RawNode`.
 */

declare const brand: unique symbol;
type Brand<T, B> = T & { readonly [brand]?: B };

/** Terms and indexes count from 1; 0 means none. Both stay below 2^53. */
export type Term = Brand<number, 'Term'>;
export type LogIndex = Brand<number, 'LogIndex'>;

/** A member's identity: 16 lower-case hex digits (etcd prints member ids so); '' means none. */
export type NodeId = string;

export type EntryType = 'normal' | 'conf-change';

export interface Entry {
  readonly term: Term;
  readonly index: LogIndex;
  readonly type: EntryType;
  /** opaque to the core; empty in the entry a new leader appends */
  readonly data: Uint8Array;
}

/** Durable before any message that depends on it leaves. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId;
  readonly commit: LogIndex;
}

/** Joint consensus when `votersOutgoing` is not empty. */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** learners as soon as the joint configuration is left */
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
}

export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  readonly confState: ConfState;
}

export interface ConfChangeSingle {
  readonly type: 'add-voter' | 'add-learner' | 'remove' | 'update';
  readonly id: NodeId;
}

/** etcd's ConfChangeV2. `data` is opaque context (the member's URLs). An empty `changes` leaves a joint configuration. */
export interface ConfChange {
  readonly transition: 'auto' | 'joint-implicit' | 'joint-explicit';
  readonly changes: readonly ConfChangeSingle[];
  readonly data: Uint8Array;
}

export type MessageType =
  | 'pre-vote'
  | 'pre-vote-resp'
  | 'vote'
  | 'vote-resp'
  | 'app'
  | 'app-resp'
  | 'heartbeat'
  | 'heartbeat-resp'
  | 'snap'
  | 'prop'
  | 'read-index'
  | 'read-index-resp'
  | 'transfer-leader'
  | 'timeout-now'
  | 'forget-leader';

/** One shape for all messages, as in etcd-io/raft; unused fields are absent. */
export interface Message {
  readonly type: MessageType;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
  /**
   * `app`: index and term of the entry before `entries`; `vote`: of the last entry; `app-resp`: the acknowledged index;
   * `heartbeat` under lease reads, and its answer: the leader's tick when it was sent
   */
  readonly index?: LogIndex;
  readonly logTerm?: Term;
  readonly entries?: readonly Entry[];
  readonly commit?: LogIndex;
  /** requests for votes, and refusals: the term of the entry at `commit`, so that who holds that entry learns of it */
  readonly commitTerm?: Term;
  readonly reject?: boolean;
  /** `app-resp` with `reject`: the follower's hint where logs may agree (with its term in `logTerm`) */
  readonly rejectHint?: LogIndex;
  /**
   * `read-index`, `heartbeat` and their answers: the request's identity. `vote`: why, for people; a leadership transfer overrides
   * leases. `transfer-leader`: to whom, and behind a space why; `timeout-now`: why.
   */
  readonly context?: string;
  /** `snap`: what is offered; the driver streams the state itself */
  readonly snapshot?: SnapshotMeta;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** Volatile; need not be persisted. */
export interface SoftState {
  readonly leader: NodeId;
  readonly role: Role;
}

/** A read may be served once the state machine has applied `index`. */
export interface ReadState {
  readonly index: LogIndex;
  readonly context: string;
}

/** Why the last leader change happened, for people: logs, metrics, `kuorum status`. */
export interface LeaderChange {
  readonly term: Term;
  readonly leader: NodeId;
  /** e.g. 'election timeout', 'peer connection closed', 'leadership transfer', 'quorum lost', 'higher term' */
  readonly reason: string;
}

/**
 * What the driver must do, in this order. Readys may overlap (the next may be taken while the disk works on this one), but
 * their writes reach the disk in the order of the Readys, and `afterAppend` of one waits for the writes of it and of all
 * before it, also where it has none of its own.
 *
 * 1. send `messages` at once (a leader's appends and heartbeats may leave before its own disk has finished);
 * 2. make `snapshot` durable, then `entries` and `hardState` in one write (fsync when `mustSync`);
 * 3. when durable: deliver `afterAppend`: those addressed to this node itself through `step`, the others over the wire;
 * 4. apply `committed` in order (may start at once: they are already durable on a quorum; the driver must not apply an
 *    entry that it has not itself made durable).
 */
export interface Ready {
  readonly softState?: SoftState;
  readonly hardState?: HardState;
  readonly mustSync: boolean;
  readonly entries: readonly Entry[];
  readonly snapshot?: SnapshotMeta;
  readonly messages: readonly Message[];
  readonly afterAppend: readonly Message[];
  readonly committed: readonly Entry[];
  readonly readStates: readonly ReadState[];
  readonly leaderChanges: readonly LeaderChange[];
}

/** What the core reads of the log: kept in memory by the driver, backed by the WAL. */
export interface LogStorage {
  firstIndex(): LogIndex;
  lastIndex(): LogIndex;
  /** throws LogCompactedError below firstIndex-1, LogUnavailableError above lastIndex */
  term(index: LogIndex): Term;
  /** [low, high), at most about maxBytes, at least one */
  entries(low: LogIndex, high: LogIndex, maxBytes: number): readonly Entry[];
  /** the newest snapshot that can be offered to a follower; undefined while one is being made */
  snapshot(): SnapshotMeta | undefined;
  initialState(): { hardState: HardState; confState: ConfState };
}

/** Chance enters here: a whole number in [0, bound). */
export type RandomBelow = (bound: number) => number;

export interface RaftConfig {
  readonly id: NodeId;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly storage: LogStorage;
  /** entries up to here are applied already */
  readonly applied: LogIndex;
  readonly random: RandomBelow;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly readOnly: 'safe' | 'lease';
  readonly maxSizePerMessageBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxUncommittedBytes: number;
  readonly maxCommittedBytesPerReady: number;
  readonly disableProposalForwarding: boolean;
  readonly stepDownOnRemoval: boolean;
  /**
   * For drivers that decide themselves which configuration changes are proposed: none is refused, also while another is
   * under way. One that cannot be applied then throws ConfChangeError on every member that comes to apply it.
   */
  readonly disableConfChangeValidation?: boolean;
  /**
   * A leader tells that more is committed with its next entries, and otherwise only when `tellCommit` is called: under load
   * half of the messages are saved. What a follower proposed, and changes of the configuration, are told at once.
   */
  readonly lazyCommit?: boolean;
}

/** Why a request was dropped. What a follower has passed on may still be dropped by the leader, which tells nobody. */
export type Refusal =
  | 'no-leader'
  /** there is a leader, and `disableProposalForwarding` is set */
  | 'not-leader'
  /** the leader was removed from the configuration */
  | 'not-member'
  /** leadership is being handed over */
  | 'transferring'
  /** `maxUncommittedBytes` */
  | 'too-much-uncommitted'
  /** an earlier configuration change is not applied yet */
  | 'change-pending'
  /** the change would leave no voter, or skip a joint configuration, or cannot be read */
  | 'unsafe-change'
  /** leadership can be handed to voters only */
  | 'not-a-voter'
  | 'too-many-reads'
  /** a leader does not forget itself, lease reads rely on followers that do not */
  | 'refused-to-forget';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export interface ProgressStatus {
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly state: ProgressState;
  readonly recentActive: boolean;
  readonly isLearner: boolean;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly leader: NodeId;
  readonly term: Term;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly lastIndex: LogIndex;
  /** up to here our own log was reported as durable: where it stays behind `lastIndex`, our own disk is slow or stuck */
  readonly durable: LogIndex;
  readonly confState: ConfState;
  /** a leader's view of the others; empty elsewhere */
  readonly progress: Readonly<Record<NodeId, ProgressStatus>>;
  readonly leadTransferee: NodeId;
}

/** The core's whole surface; implemented by the class `RawNode` in raw-node.ts. */
export interface RawNodeApi {
  tick(): void;
  /**
   * Between ticks, as often as the driver likes while `isElectingEarly`: brings the early campaigns that `peerClosed`
   * starts (and repetitions of campaigns that failed) nearer, and nothing else. A driver need not call it.
   */
  tickEarly(): void;
  readonly isElectingEarly: boolean;
  /** a message from a peer, or one of our own `afterAppend` messages */
  step(message: Message): void;
  campaign(reason: string): void;
  /**
   * A hint that the connection to `peer` closed: a follower of it starts an early pre-vote after a few ticks. To be called
   * after the last message that came over the connection has been stepped. Ignored without preVote and checkQuorum, and
   * under lease reads.
   */
  peerClosed(peer: NodeId): void;
  /** 'dropped' where there is no leader, leadership is being handed over, or the uncommitted tail is full: see `refusal` */
  propose(data: Uint8Array): 'accepted' | 'dropped';
  /** also 'dropped' while another change is not applied, and where it would leave no or an unsafe configuration */
  proposeConfChange(change: ConfChange): 'accepted' | 'dropped';
  /** to be called when a conf-change entry is applied; returns the configuration now in force */
  applyConfChange(change: ConfChange): ConfState;
  readonly role: Role;
  readonly term: Term;
  readonly leader: NodeId;
  /** under `lazyCommit`: the followers do not know how much is committed */
  readonly isCommitUntold: boolean;
  /** tells them with the next Ready */
  tellCommit(): void;
  /** 'dropped' where there is no leader to ask, or too many reads wait */
  readIndex(context: string): 'accepted' | 'dropped';
  /** Works also while our own disk is stuck: what counts is what `to` has. Given up after an election timeout. */
  transferLeadership(to: NodeId, reason?: string): void;
  /** The voter to hand leadership to: alive, and with the longest log of those; '' where there is none, or we do not lead. */
  bestSuccessor(): NodeId;
  /** why the last proposal, read, transfer or forgetLeader was dropped; undefined where it was not */
  readonly refusal: Refusal | undefined;
  forgetLeader(): void;
  reportUnreachable(peer: NodeId): void;
  reportSnapshot(peer: NodeId, outcome: 'finished' | 'failed'): void;
  hasReady(): boolean;
  /** Takes what is to be done. Several may be taken before the first has become durable. */
  ready(): Ready;
  /**
   * The entries of a Ready are durable in our own log (and readable through LogStorage); index and term are those of its
   * last entry. To be called once for every Ready that had entries, in their order, also where one fdatasync covered
   * several of them.
   */
  appended(index: LogIndex, term: Term): void;
  /** the snapshot at `index` has been restored by the state machine, is durable, and LogStorage begins behind it */
  snapshotRestored(index: LogIndex): void;
  /** the state machine has applied up to `index` */
  applied(index: LogIndex): void;
  status(): RaftStatus;
}

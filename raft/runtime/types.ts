import type { DurationHistogram } from '../../base/duration-histogram.ts';
import type { Log } from '../../base/log.ts';
import type { Method } from '../../grpc/server.ts';
import type { TlsSettings } from '../../grpc/tls.ts';
import type { ConfChange, ConfState, LogIndex, NodeId, RaftStatus, Role, SnapshotMeta, Term } from '../core/types.ts';

/** What the replicated state machine (the store) is to the runtime. */
export interface StateMachine {
  /** everything up to here is in the machine's own durable state, in the same batch as the data it describes */
  readonly durableIndex: LogIndex;
  /**
   * Called in log order with entries that are committed and durable here; synchronous and deterministic.
   * `data` is what was proposed; a new leader's empty entries are not handed on. An empty batch never happens. A returned promise is back-pressure: nothing more is
   * applied until it settles (the machine's own buffer is full).
   */
  apply(entries: readonly AppliedEntry[]): void | Promise<void>;
  /**
   * Asked on the leader before it appends a change, with everything applied that earlier changes did: false refuses it.
   * What was admitted is applied unless it is lost with its leader, so that a change proposed twice is told by its identity.
   */
  admitsConfChange?(change: ConfChange): boolean;
  /** A configuration change was applied; `data` is the change's context. */
  applyConfChange(index: LogIndex, change: ConfChange, confState: ConfState): void;
  /**
   * A consistent image of the state as of an index ≥ the last `apply`'s that is handed out as chunks of at most 1 MiB.
   * The image must not be disturbed by later applies.
   */
  openSnapshot(): Promise<{ index: LogIndex; chunks: AsyncIterable<Uint8Array> }>;
  /** Replaces the whole state by the image; all or nothing over a crash. */
  restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

export interface AppliedEntry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly data: Uint8Array;
}

export interface PeerAddress {
  readonly id: NodeId;
  /** `https://127.0.0.1:2380`; several are tried in turn */
  readonly urls: readonly string[];
}

/** Absent: plain text. Peers must show a certificate of the authority, if one is named. */
export type TlsFiles = TlsSettings;

export interface RaftNodeOptions {
  readonly id: NodeId;
  /** 16 hex digits; a peer or a data directory of another cluster is refused */
  readonly clusterId: string;
  readonly dataDir: string;
  /** where this node listens for its peers */
  readonly listenPeerUrls: readonly string[];
  /** where peers reach it; told to those it calls, as they may not know of it yet */
  readonly advertisePeerUrls?: readonly string[];
  /** the members of a new cluster (with itself); ignored where the data directory holds a log already */
  readonly initialMembers: readonly PeerAddress[];
  /** where the peers are until `setPeers` says otherwise; default: as in initialMembers */
  readonly peers?: readonly PeerAddress[];
  /** members that were removed for good: their connections are refused, and they are told why */
  readonly isRemoved?: (id: NodeId) => boolean;
  /** a peer says that this member has been removed; may be called often */
  readonly onRemoved?: () => void;
  /** what else is answered at the peer port */
  readonly peerMethods?: readonly Method[];
  /** join: do not bootstrap, wait to be told by the leader */
  readonly initialState: 'new' | 'existing';
  readonly machine: StateMachine;
  readonly tls?: TlsFiles;
  /** default 100 */
  readonly heartbeatMs: number;
  /** default 1000 */
  readonly electionMs: number;
  /** entries applied since the last snapshot before the log is cut; default 10,000 */
  readonly snapshotCount: number;
  /** kept in the log behind a snapshot for slow followers; default 5,000 */
  readonly catchUpEntries: number;
  /** tests only: a log without fsync */
  readonly unsafeNoFsync?: boolean;
  readonly log: Log;
}

/** Why there was a change of leader; `leader` '' where there was none any more. */
export interface LeaderRecord {
  /** what happened, and after a colon details: 'leadership transfer: disk stuck for 1004 ms' */
  readonly reason: string;
  readonly atMs: number;
  readonly term: Term;
  readonly leader: NodeId;
  /** how long nobody led before, as this member saw it */
  readonly withoutLeaderMs: number;
}

export interface NodeStatus extends RaftStatus {
  readonly lastLeaderChange: LeaderRecord | undefined;
  /** the last few, oldest first, losses of a leader among them */
  readonly recentLeaderChanges: readonly LeaderRecord[];
  /** leaders seen */
  readonly leaderChanges: number;
  /** the same by the kind of the reason, a bounded number of them */
  readonly leaderChangesByReason: ReadonlyMap<string, number>;
  /** the longest time between two heartbeats of one leader that this member heard as a follower */
  readonly heartbeatGapMaxMs: number;
  /** how late the clock of this process was at worst: a long turn of its event loop, or no processor for it */
  readonly tickLateMaxMs: number;
  /** milliseconds the last fdatasync took, and the worst since start */
  readonly fsyncLastMs: number;
  readonly fsyncMaxMs: number;
  /** of all since start */
  readonly fsyncDurations: DurationHistogram;
  readonly proposalsPending: number;
  readonly walBytes: number;
  readonly snapshotIndex: LogIndex;
}

/** Thrown by propose and readIndex; `kind` decides what a client may do. */
export class RaftUnavailableError extends Error {
  override name = 'RaftUnavailableError';
  /** 'no-leader': nothing was proposed. 'leader-changed', 'timeout', 'stopped': the outcome is unknown. 'too-many': refused by a bound. */
  readonly kind: 'no-leader' | 'leader-changed' | 'timeout' | 'stopped' | 'too-many';
  constructor(kind: RaftUnavailableError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A member of a Raft group: core, log, snapshots, transport and ticker. Implemented by `openRaftNode` in node.ts. */
export interface RaftNode {
  readonly id: NodeId;
  /** the same as in `status`, for those who ask often */
  readonly standing: { readonly role: Role; readonly term: Term; readonly leader: NodeId };
  /** opaque bytes; accepted means: handed to the core. What comes of it reaches the StateMachine through `apply`. */
  propose(data: Uint8Array): void;
  proposeConfChange(change: ConfChange): void;
  /**
   * Linearizable read point: resolves once this member's state machine has applied everything committed before the
   * call. Calls that wait together share one round of heartbeats.
   */
  readBarrier(timeoutMs?: number): Promise<LogIndex>;
  /** resolves when `to` leads ('': the leader chooses); `reason` is told with the change of leader */
  transferLeadership(to: NodeId, timeoutMs?: number, reason?: string): Promise<void>;
  /** the addresses of peers as the state machine knows them (they travel in conf-change contexts) */
  setPeers(peers: readonly PeerAddress[]): void;
  /** for how many milliseconds the connection to that peer has stood; undefined: it does not stand */
  connectedMs(peer: NodeId): number | undefined;
  status(): NodeStatus;
  /** calls back after each change of leader or role */
  onLeaderChange(listener: (status: NodeStatus) => void): () => void;
  /** the machine tells that its durable state moved on, so that the log may be cut */
  stateDurable(index: LogIndex): void;
  /** resolves with the error that ended the node: a broken disk, a corrupt log found late */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

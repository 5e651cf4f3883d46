import { rfc3339 } from '../../base/clock.ts';
import type { Method } from '../../grpc/server.ts';
import type { LeaderRecord } from '../../raft/runtime/types.ts';
import { alarmsOf } from './alarms.ts';
import { authHash } from './auth/auth-records.ts';
import { membersOf } from './cluster-service.ts';
import { idToHex } from './identity.ts';
import { statusErrors } from './maintenance-service.ts';
import type { MemberContext } from './service.ts';

export interface LeaderChangeDescription {
  readonly reason: string;
  readonly at: string;
  readonly term: number;
  readonly leader: string;
  /** how long nobody led before, as this member saw it */
  readonly withoutLeaderMs: number;
}

const describeChange = ({ atMs, ...change }: LeaderRecord): LeaderChangeDescription => ({
  ...change,
  at: rfc3339(atMs),
});

/** A member as it sees itself: what `kuorum status` shows. Ids are 16 hex digits. */
export interface MemberDescription {
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  readonly role: string;
  readonly term: number;
  readonly leader: string;
  readonly revision: number;
  readonly compactRevision: number;
  readonly appliedIndex: number;
  readonly commitIndex: number;
  readonly durableIndex: number;
  readonly snapshotIndex: number;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  readonly walBytes: number;
  readonly keys: number;
  readonly leases: number;
  readonly watchers: number;
  readonly watchersLagging: number;
  readonly proposalsPending: number;
  readonly heartbeatGapMaxMs: number;
  readonly tickLateMaxMs: number;
  readonly fsyncLastMs: number;
  readonly fsyncMaxMs: number;
  readonly leaderChanges: number;
  readonly lastLeaderChange: LeaderChangeDescription | null;
  /** the last few, oldest first; `leader` '' where it was lost */
  readonly recentLeaderChanges: readonly LeaderChangeDescription[];
  /** leaders seen, by the kind of the reason */
  readonly leaderChangesByReason: Readonly<Record<string, number>>;
  /** of the whole store at `revision` and `compactRevision`: equal members are equal */
  readonly hash: number;
  readonly auth: {
    readonly enabled: boolean;
    readonly revision: number;
    /** of users and roles, 40 hex digits */
    readonly hash: string;
  };
  readonly members: readonly {
    id: string;
    name: string;
    peerUrls: readonly string[];
    clientUrls: readonly string[];
    learner: boolean;
  }[];
  readonly alarms: readonly { memberId: string; alarm: number }[];
  readonly errors: readonly string[];
}

export const describe = (context: MemberContext): MemberDescription => ({
  ...describeBriefly(context),
  hash: context.machine.state.mvcc.hash().hash,
});

/** Without the hash, which may take a while: it wants what was compacted to be cleaned up. */
export function describeBriefly(context: MemberContext): Omit<MemberDescription, 'hash'> {
  const raft = context.node.status();
  const { state } = context.machine;
  const { mvcc } = state;
  const change = raft.lastLeaderChange;
  return {
    id: raft.id,
    name: state.members.get(raft.id)?.name ?? '',
    clusterId: idToHex(context.clusterId),
    role: raft.role,
    term: raft.term,
    leader: raft.leader,
    revision: mvcc.revision,
    compactRevision: mvcc.compactRevision,
    appliedIndex: state.appliedIndex,
    commitIndex: raft.commit,
    durableIndex: context.machine.durableIndex,
    snapshotIndex: raft.snapshotIndex,
    dbSizeBytes: Math.max(context.diskBytes(), mvcc.sizeBytes),
    dbSizeInUseBytes: mvcc.sizeBytes,
    walBytes: raft.walBytes,
    keys: mvcc.keyCount,
    leases: mvcc.leases.size,
    watchers: context.hub.watcherCount,
    watchersLagging: context.hub.laggingCount,
    proposalsPending: context.proposer.pendingCommands,
    heartbeatGapMaxMs: raft.heartbeatGapMaxMs,
    tickLateMaxMs: raft.tickLateMaxMs,
    fsyncLastMs: raft.fsyncLastMs,
    fsyncMaxMs: raft.fsyncMaxMs,
    leaderChanges: raft.leaderChanges,
    lastLeaderChange: change ? describeChange(change) : null,
    recentLeaderChanges: raft.recentLeaderChanges.map(describeChange),
    leaderChangesByReason: Object.fromEntries(raft.leaderChangesByReason),
    auth: { enabled: state.auth.enabled, revision: state.auth.revision, hash: authHash(state.auth) },
    members: membersOf(context).map((member) => ({
      id: idToHex(member.ID),
      name: member.name,
      peerUrls: member.peerURLs,
      clientUrls: member.clientURLs,
      learner: member.isLearner,
    })),
    alarms: alarmsOf(state).map(({ memberID, alarm }) => ({ memberId: idToHex(memberID), alarm })),
    errors: statusErrors(context),
  };
}

const emptyCodec = { encode: () => new Uint8Array(0), decode: () => ({}) };
const jsonCodec = {
  encode: (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value)),
  decode: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
};

/** The message of the answer is the JSON text itself. */
export const describeMethods = (context: MemberContext): Method[] => [
  {
    path: '/kuorum.Member/Describe',
    kind: 'unary',
    request: emptyCodec,
    response: jsonCodec,
    handle: () => describe(context),
  },
];

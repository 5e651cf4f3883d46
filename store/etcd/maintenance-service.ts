import type { Method } from '../../grpc/server.ts';
import type {
  AlarmRequest,
  DowngradeRequest,
  HashKVRequest,
  MoveLeaderRequest,
  StatusResponse,
} from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { alarmNames, alarmsOf } from './alarms.ts';
import type { Caller } from './auth/authorizer.ts';
import { propose } from './auth/propose.ts';
import { downgrade } from './downgrade.ts';
import { untilSwept } from './corruption/peer-hash.ts';
import { etcdError } from './errors.ts';
import { idToBigint, idToHex } from './identity.ts';
import { unary, withHeader } from './service.ts';
import type { MemberContext } from './service.ts';
import { etcdVersion, storageVersion } from './version.ts';

const alarmGet = 0;

export function statusErrors(context: MemberContext): string[] {
  const errors = alarmsOf(context.machine.state).map(
    ({ memberID, alarm }) => `memberID:${memberID} alarm:${alarmNames[alarm] ?? alarm}`,
  );
  return context.node.status().leader === '' ? ['etcdserver: no leader', ...errors] : errors;
}

function status(context: MemberContext): Loose<StatusResponse> {
  const raft = context.node.status();
  const { mvcc, appliedIndex } = context.machine.state;
  return {
    version: etcdVersion,
    storageVersion,
    dbSize: Math.max(context.diskBytes(), mvcc.sizeBytes),
    dbSizeInUse: mvcc.sizeBytes,
    dbSizeQuota: Math.max(0, context.limits.quotaBackendBytes),
    leader: idToBigint(raft.leader),
    raftIndex: raft.commit,
    raftTerm: raft.term,
    raftAppliedIndex: appliedIndex,
    errors: statusErrors(context),
    isLearner: raft.confState.learners.includes(raft.id),
    downgradeInfo: {},
  };
}

async function alarm(context: MemberContext, request: AlarmRequest, call: Caller): Promise<object> {
  if (request.action !== alarmGet) return propose(context, call, { alarm: request });
  await context.barrier.wait();
  return { alarms: alarmsOf(context.machine.state, request.alarm) };
}

async function hashKv(context: MemberContext, request: HashKVRequest): Promise<object> {
  await untilSwept(context.machine, context.clock);
  const { hash, revision, compactRevision } = context.machine.state.mvcc.hash(request.revision);
  return { hash, compactRevision, hashRevision: revision };
}

async function moveLeader(context: MemberContext, request: MoveLeaderRequest): Promise<object> {
  const { leader, id, confState } = context.node.status();
  if (leader !== id) throw etcdError('not-leader');
  const target = idToHex(request.targetID);
  if (!confState.voters.includes(target)) throw etcdError('bad-transferee');
  if (target !== id) await context.node.transferLeadership(target);
  return {};
}

export const maintenanceMethods = (context: MemberContext): Method[] => [
  unary(context, '/etcdserverpb.Maintenance/Status', () => withHeader(context, status(context))),
  unary(context, '/etcdserverpb.Maintenance/Alarm', async (request: AlarmRequest, call) =>
    withHeader(context, await alarm(context, request, call)),
  ),
  unary(context, '/etcdserverpb.Maintenance/HashKV', async (request: HashKVRequest) =>
    withHeader(context, await hashKv(context, request)),
  ),
  unary(context, '/etcdserverpb.Maintenance/Hash', async () =>
    withHeader(context, await hashKv(context, { revision: 0 })),
  ),
  unary(context, '/etcdserverpb.Maintenance/Defragment', async () => {
    await untilSwept(context.machine, context.clock);
    await context.machine.compactBackend();
    return {};
  }),
  unary(context, '/etcdserverpb.Maintenance/MoveLeader', (request: MoveLeaderRequest) => moveLeader(context, request)),
  unary(context, '/etcdserverpb.Maintenance/Downgrade', async (request: DowngradeRequest) =>
    withHeader(context, await downgrade(context, request)),
  ),
];

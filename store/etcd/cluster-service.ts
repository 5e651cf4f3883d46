import { sleep } from '../../base/clock.ts';
import { GrpcError } from '../../grpc/server.ts';
import type { Method } from '../../grpc/server.ts';
import type {
  Member,
  MemberAddRequest,
  MemberListRequest,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MemberUpdateRequest,
} from '../../proto/etcd-types.ts';
import { etcdError } from './errors.ts';
import { idToBigint, idToHex, newMemberId } from './identity.ts';
import type { MemberChange } from './member-change.ts';
import { checkPeerUrls } from './peer-urls.ts';
import { reconfigFault } from './reconfig-check.ts';
import { headerOf, unary } from './service.ts';
import type { MemberContext } from './service.ts';

/** A learner may be promoted once it has so much of the leader's log. */
const readyShare = 0.9;
const retryPauseMs = 100;

export function membersOf(context: Pick<MemberContext, 'machine'>): Member[] {
  const members = [...context.machine.state.members.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([id, { name, peerUrls, clientUrls, learner }]) => ({
    ID: idToBigint(id),
    name,
    peerURLs: [...peerUrls],
    clientURLs: [...clientUrls],
    isLearner: learner === true,
  }));
}

function checkSafe({ node, machine, membership }: MemberContext, change: MemberChange): void {
  const { strictReconfigCheck, healthyAfterMs } = membership.options;
  if (!strictReconfigCheck) return;
  const { members } = machine.state;
  const connectedMs = (id: string): number | undefined => node.connectedMs(id);
  const fault = reconfigFault({ id: node.id, members, connectedMs, healthyAfterMs }, change);
  if (fault !== undefined) throw etcdError(fault);
}

async function change(context: MemberContext, wanted: MemberChange): Promise<Member[]> {
  await context.barrier.wait();
  checkSafe(context, wanted);
  await context.membership.changes.submit(wanted);
  return membersOf(context);
}

/** Throws where the learner is behind, or this member does not lead and cannot know. */
function checkReady({ node }: MemberContext, id: string): void {
  const { role, progress, lastIndex } = node.status();
  if (role !== 'leader') throw etcdError('not-leader');
  const learner = progress[id];
  if (learner === undefined) throw etcdError('member-not-found');
  const leaderMatch = progress[node.id]?.match ?? lastIndex;
  if (learner.match < leaderMatch * readyShare) throw etcdError('learner-not-ready');
}

/** On the leader; elsewhere throws 'not-leader'. */
export async function promoteHere(context: MemberContext, id: string): Promise<void> {
  if (context.node.status().role !== 'leader') throw etcdError('not-leader');
  await context.barrier.wait();
  checkReady(context, id);
  await change(context, { kind: 'promote', id });
}

const isNotLeader = (error: unknown): boolean =>
  error instanceof GrpcError && error.message === etcdError('not-leader').message;

/** Only the leader knows how far a learner is: it is asked, whoever that is by then. */
async function promote(context: MemberContext, id: string): Promise<Member[]> {
  const deadlineMs = context.clock.monotonicMs() + context.membership.options.timeoutMs;
  for (;;) {
    try {
      await promoteHere(context, id);
      return membersOf(context);
    } catch (error) {
      if (!isNotLeader(error)) throw error;
    }
    const leader = context.node.status().leader;
    if (leader !== '' && leader !== context.node.id && (await context.askPeer.promote(leader, id))) {
      await context.barrier.wait();
      return membersOf(context);
    }
    if (context.clock.monotonicMs() >= deadlineMs) throw etcdError('timeout');
    await sleep(retryPauseMs, context.clock);
  }
}

async function add(context: MemberContext, { peerURLs, isLearner: learner }: MemberAddRequest): Promise<object> {
  const peerUrls = checkPeerUrls(peerURLs);
  const id = newMemberId(peerUrls, context.clock.nowMs());
  const members = await change(context, { kind: 'add', id, peerUrls, learner });
  return { member: { ID: idToBigint(id), peerURLs: peerUrls, isLearner: learner }, members };
}

/** Who is a member has nothing to do with revisions: as etcd, these headers have none. */
const clusterAnswer = <T extends object>(context: MemberContext, answer: T) => ({
  ...answer,
  header: headerOf(context, 0),
});

export const clusterMethods = (context: MemberContext): Method[] => [
  unary(context, '/etcdserverpb.Cluster/MemberList', async (request: MemberListRequest) => {
    if (request.linearizable) await context.barrier.wait();
    return clusterAnswer(context, { members: membersOf(context) });
  }),
  unary(context, '/etcdserverpb.Cluster/MemberAdd', async (request: MemberAddRequest) =>
    clusterAnswer(context, await add(context, request)),
  ),
  unary(context, '/etcdserverpb.Cluster/MemberRemove', async ({ ID }: MemberRemoveRequest) =>
    clusterAnswer(context, { members: await change(context, { kind: 'remove', id: idToHex(ID) }) }),
  ),
  unary(context, '/etcdserverpb.Cluster/MemberUpdate', async ({ ID, peerURLs }: MemberUpdateRequest) => {
    const peerUrls = checkPeerUrls(peerURLs);
    return clusterAnswer(context, { members: await change(context, { kind: 'update', id: idToHex(ID), peerUrls }) });
  }),
  unary(context, '/etcdserverpb.Cluster/MemberPromote', async ({ ID }: MemberPromoteRequest) =>
    clusterAnswer(context, { members: await promote(context, idToHex(ID)) }),
  ),
];

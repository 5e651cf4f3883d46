import type { Method } from '../../grpc/server.ts';
import type { Member, MemberListRequest } from '../../proto/etcd-types.ts';
import { notSupported } from './errors.ts';
import { idToBigint } from './identity.ts';
import { unary, withHeader } from './service.ts';
import type { MemberContext } from './service.ts';

export function membersOf(context: MemberContext): Member[] {
  const { learners } = context.node.status().confState;
  const members = [...context.machine.state.members.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([id, { name, peerUrls, clientUrls }]) => ({
    ID: idToBigint(id),
    name,
    peerURLs: [...peerUrls],
    clientURLs: [...clientUrls],
    isLearner: learners.includes(id),
  }));
}

const changes = ['MemberAdd', 'MemberRemove', 'MemberUpdate', 'MemberPromote'];

export const clusterMethods = (context: MemberContext): Method[] => [
  unary(context, '/etcdserverpb.Cluster/MemberList', async (request: MemberListRequest) => {
    if (request.linearizable) await context.barrier.wait();
    return withHeader(context, { members: membersOf(context) });
  }),
  ...changes.map((name) =>
    unary(context, `/etcdserverpb.Cluster/${name}`, () => {
      throw notSupported(`changing the members (${name})`);
    }),
  ),
];

import { randomId64 } from '../../base/random.ts';
import type { Method } from '../../grpc/server.ts';
import type {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
} from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { keyBytes } from '../mvcc/key-name.ts';
import { MvccError } from '../mvcc/types.ts';
import type { Access } from '../auth/access.ts';
import type { Caller } from './auth/authorizer.ts';
import { propose } from './auth/propose.ts';
import { ensureSpace } from './quota.ts';
import { headerOf, streaming, unary, withHeader } from './service.ts';
import type { MemberContext } from './service.ts';

const leaseBytes = 1024;
/** of a lease that is not there */
const goneTtl = -1;

/** As etcd: no lease may be over before an election can be. */
const ttlMinS = (electionMs: number): number => Math.ceil((electionMs * 1.5) / 1000);

async function grant(context: MemberContext, request: LeaseGrantRequest, call: Caller): Promise<object> {
  await ensureSpace(context, leaseBytes);
  // 63 bits: ids are shown as positive numbers
  const ID = request.ID === 0n ? BigInt.asUintN(63, randomId64(context.random)) || 1n : request.ID;
  const TTL = Math.max(request.TTL, ttlMinS(context.limits.electionMs));
  return propose(context, call, { leaseGrant: { ID, TTL } });
}

async function timeToLive(context: MemberContext, request: LeaseTimeToLiveRequest, call: Caller): Promise<object> {
  await context.barrier.wait();
  const act = (): object => {
    const lease = context.machine.state.mvcc.leases.get(request.ID);
    const TTL = context.lessor.remainingS(request.ID);
    if (lease === undefined || TTL === undefined) return { ID: request.ID, TTL: goneTtl };
    const keys = request.keys ? [...lease.keys].sort().map(keyBytes) : [];
    return { ID: request.ID, TTL, grantedTTL: lease.ttl, keys };
  };
  if (!request.keys || !context.auth.enabled) return act();
  return context.auth.ask(call, (access) => access.leaseKeys(request.ID, 'read'), act);
}

async function renew(context: MemberContext, id: bigint, call: Caller): Promise<Loose<LeaseKeepAliveResponse>> {
  try {
    return withHeader(context, await propose(context, call, { leaseRenew: { id } }, 'user'));
  } catch (error) {
    const gone = error instanceof MvccError && error.kind === 'lease-not-found';
    if (!gone) throw error;
    return { header: headerOf(context), ID: id, TTL: 0 };
  }
}

async function leases(context: MemberContext, call: Caller): Promise<object> {
  await context.barrier.wait();
  const act = (): object => {
    const { lessor } = context;
    const ids = [...context.machine.state.mvcc.leases.keys()];
    ids.sort((a, b) => lessor.expiresAtMs(a) - lessor.expiresAtMs(b) || (a < b ? -1 : 1));
    return { leases: ids.map((ID) => ({ ID })) };
  };
  if (!context.auth.enabled) return act();
  const check = (access: Access): void => {
    for (const id of context.machine.state.mvcc.leases.keys()) access.leaseKeys(id, 'read');
  };
  return context.auth.ask(call, check, act);
}

/**
 * A keep-alive goes through the log like any write. So any member can take it, it cannot succeed after a revocation
 * (etcd 20271), and a new leader knows of it.
 */
export const leaseMethods = (context: MemberContext): Method[] => [
  unary(context, '/etcdserverpb.Lease/LeaseGrant', async (request: LeaseGrantRequest, call) =>
    withHeader(context, await grant(context, request, call)),
  ),
  unary(context, '/etcdserverpb.Lease/LeaseRevoke', async (request: LeaseRevokeRequest, call) =>
    withHeader(context, await propose(context, call, { leaseRevoke: { id: request.ID } })),
  ),
  streaming<LeaseKeepAliveRequest, Loose<LeaseKeepAliveResponse>>(
    '/etcdserverpb.Lease/LeaseKeepAlive',
    async (stream) => {
      for await (const request of stream.requests) {
        stream.send(await renew(context, request.ID, stream));
        await stream.drained();
      }
    },
    context,
  ),
  unary(context, '/etcdserverpb.Lease/LeaseTimeToLive', async (request: LeaseTimeToLiveRequest, call) =>
    withHeader(context, await timeToLive(context, request, call)),
  ),
  unary(context, '/etcdserverpb.Lease/LeaseLeases', async (_request, call) =>
    withHeader(context, await leases(context, call)),
  ),
];

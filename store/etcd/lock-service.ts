import type { CallContext, Method } from '../../grpc/server.ts';
import type { LockRequest, LockResponse, UnlockRequest } from '../../proto/etcd-services-types.ts';
import type { Loose } from '../../proto/load.ts';
import type { LocalCalls } from './local-calls.ts';
import { unary } from './service.ts';
import type { MemberContext } from './service.ts';
import { enter, waitForTurn, whileHeld } from './waiting-line.ts';

const noValue = new Uint8Array(0);
/** etcd's words */
const expired = 'mutex: session is expired';

async function lock(
  context: MemberContext,
  calls: LocalCalls,
  { name, lease }: LockRequest,
  call: CallContext,
): Promise<Loose<LockResponse>> {
  const { place } = await enter(calls, { name, lease, value: noValue }, call);
  try {
    const header = await waitForTurn({ calls, hub: context.hub }, place, expired, call);
    return { header, key: place.key };
  } catch (error) {
    // whoever waits behind this key must not wait for somebody who has gone
    await whileHeld(calls, place, {}, call).catch(() => {});
    throw error;
  }
}

/** v3lockpb.Lock: what etcd's client library does for a mutex, done by the member. */
export const lockMethods = (context: MemberContext, calls: LocalCalls): Method[] => [
  unary(context, '/v3lockpb.Lock/Lock', (request: LockRequest, call) => lock(context, calls, request, call)),
  unary(context, '/v3lockpb.Lock/Unlock', async ({ key }: UnlockRequest, call) => {
    const { header } = await calls.deleteRange({ key }, call);
    return { header };
  }),
];

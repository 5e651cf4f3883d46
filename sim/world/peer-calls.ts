import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { Method } from '../../grpc/server.ts';
import type { CallPeer } from '../../store/etcd/peer-service.ts';
import { SimCallContext } from './call-context.ts';
import type { Life } from './event-queue.ts';
import type { SimNetwork } from './sim-network.ts';
import { chance } from './sim-random.ts';
import type { Place } from './types.ts';

const unavailable = (what: string): GrpcError => new GrpcError(grpcCode.unavailable, what);

/** How one life of a member asks its peers beside Raft: each call over a connection of its own. */
export function peerCalls(network: SimNetwork, place: Place, life: Life): CallPeer {
  const { queue } = network;
  return (url, path, request, timeoutMs) =>
    new Promise((resolve, reject) => {
      const to = network.placeOf(url);
      if (to === undefined) {
        reject(unavailable(`no such host: ${url}`));
        return;
      }
      const forth = network.path(place, to);
      const back = network.path(to, place);
      queue.plan(timeoutMs * 1000, life, () => reject(new GrpcError(grpcCode.deadlineExceeded, 'deadline exceeded')));
      const answer = (settle: () => void): void => {
        if (!back.blocked && !chance(back.random, back.faults.drop)) queue.plan(back.delayUs(), life, settle);
      };
      if (forth.blocked || chance(forth.random, forth.faults.drop)) return;
      queue.plan(forth.delayUs(), undefined, () => {
        const target = network.listening(to);
        const method = target?.methods.get(path);
        if (target === undefined || method?.kind !== 'unary') {
          answer(() => reject(unavailable(`${url} refuses the connection`)));
          return;
        }
        queue.plan(0, target.life, () => {
          carryOut(method, request, place).then(
            (result) => answer(() => resolve(result)),
            (error: Error) => answer(() => reject(error)),
          );
        });
      });
    });
}

/** Both ways over the wire's codec. */
async function carryOut(method: Extract<Method, { kind: 'unary' }>, request: object, from: Place): Promise<object> {
  const received: unknown = method.request.decode(method.request.encode(request));
  const result: unknown = await method.handle(received, new SimCallContext(String(from), {}));
  return method.response.decode(method.response.encode(result)) as object;
}

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { RangeRequest, ResponseHeader } from '../../proto/etcd-types.ts';
import type { Method, StreamHandler, UnaryHandler } from '../../grpc/server.ts';
import type { RaftNode } from '../../raft/runtime/types.ts';
import type { Authorizer } from './auth/authorizer.ts';
import { etcd } from './command.ts';
import { etcdError, toGrpcError } from './errors.ts';
import type { Lessor } from './lessor.ts';
import type { MemberCounts } from './member-counts.ts';
import type { Membership } from './membership.ts';
import type { AskPeer } from './peer-service.ts';
import type { Proposer } from './proposer.ts';
import type { ReadBarrier } from './read-barrier.ts';
import type { ServingStatuses } from './serving-status.ts';
import type { StoreMachine } from './store-machine.ts';
import type { WatchHub } from './watch-hub.ts';

export interface MemberLimits {
  readonly maxRequestBytes: number;
  readonly maxTxnOps: number;
  /** negative: none */
  readonly quotaBackendBytes: number;
  readonly electionMs: number;
  readonly watchProgressMs: number;
}

/** What the services of a member share. */
export interface MemberContext {
  readonly memberId: bigint;
  readonly clusterId: bigint;
  readonly node: RaftNode;
  readonly machine: StoreMachine;
  readonly proposer: Proposer;
  readonly barrier: ReadBarrier;
  readonly lessor: Lessor;
  readonly hub: WatchHub;
  readonly membership: Membership;
  readonly auth: Authorizer;
  readonly serving: ServingStatuses;
  readonly counts: MemberCounts;
  readonly askPeer: AskPeer;
  readonly limits: MemberLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** whether this member raised NOSPACE for its quota, in this run */
  readonly space: { raisedHere: boolean };
  /** space taken on disk, measured now and then */
  readonly diskBytes: () => number;
}

export function headerOf(context: MemberContext, revision = context.machine.state.mvcc.revision): ResponseHeader {
  const { clusterId, memberId, node } = context;
  return { clusterId, memberId, revision, raftTerm: node.standing.term };
}

/** Puts the member's part into a header that has the revision only. */
export function withHeader<T extends object>(context: MemberContext, result: T): T & { header: ResponseHeader } {
  // in place: a result was made for this answer alone
  const answer = result as T & { header: ResponseHeader };
  answer.header = headerOf(context, (answer.header as ResponseHeader | undefined)?.revision);
  return answer;
}

/** Clients that cannot do without a leader say so. */
export const needsLeader = (call: { metadata(name: string): string | undefined }): boolean =>
  call.metadata('hasleader') === 'true';

/** What a learner answers, as etcd: by its method, and for a range by its request. */
const learnersAnswer: Readonly<Record<string, (request: unknown) => boolean>> = {
  '/etcdserverpb.Maintenance/Status': () => true,
  '/etcdserverpb.KV/Range': (request) => (request as RangeRequest).serializable,
  '/grpc.health.v1.Health/Check': () => true,
  '/grpc.health.v1.Health/List': () => true,
};

export const isLearner = ({ node, machine }: Pick<MemberContext, 'node' | 'machine'>): boolean =>
  machine.state.members.get(node.id)?.learner === true;

function rethrown(error: unknown): never {
  throw toGrpcError(error);
}

export function unary<Req, Res>(context: MemberContext, path: string, handle: UnaryHandler<Req, Res>): Method {
  const found = etcd.methods.get(path);
  if (found === undefined) throw new Error(`no method ${path}`);
  return {
    path,
    kind: 'unary',
    request: found.request,
    response: found.response,
    handle: (request: Req, call) => {
      try {
        if (needsLeader(call) && context.node.standing.leader === '') throw etcdError('no-leader');
        if (isLearner(context) && learnersAnswer[path]?.(request) !== true) throw etcdError('not-for-learners');
        const answer = handle(request, call);
        return answer instanceof Promise ? answer.catch(rethrown) : answer;
      } catch (error) {
        throw toGrpcError(error);
      }
    },
  };
}

/** `context` absent: also learners answer */
export function streaming<Req, Res>(
  path: string,
  handle: StreamHandler<Req, Res>,
  context?: Pick<MemberContext, 'node' | 'machine'>,
): Method {
  const found = etcd.methods.get(path);
  if (found === undefined || found.kind === 'unary') throw new Error(`no stream ${path}`);
  return {
    path,
    kind: found.kind,
    request: found.request,
    response: found.response,
    handle: async (stream) => {
      try {
        if (context !== undefined && isLearner(context)) throw etcdError('not-for-learners');
        await handle(stream);
      } catch (error) {
        throw toGrpcError(error);
      }
    },
  };
}

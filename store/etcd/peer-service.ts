/** What members ask of each other beside Raft, at the peer port. Messages are JSON. */
import type { GrpcCode, Method } from '../../grpc/server.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
import { promoteHere } from './cluster-service.ts';
import { answerHash, hashPath, hashScheme } from './corruption/peer-hash.ts';
import type { HashAnswer, HashRequest } from './corruption/peer-hash.ts';
import type { MemberHash } from './corruption/verdict.ts';
import { etcdError, toGrpcError } from './errors.ts';
import { idToHex } from './identity.ts';
import type { MemberContext } from './service.ts';
import type { MemberRecord } from './store-state.ts';

export const membersPath = '/kuorum.store.v1.Peer/Members';
export const promotePath = '/kuorum.store.v1.Peer/Promote';

/** The answer of `Members`: what one who is about to join must know. */
export interface ClusterInfo {
  readonly clusterId: string;
  readonly members: readonly (MemberRecord & { readonly id: string })[];
  readonly removed: readonly string[];
}
interface PromoteRequest {
  readonly clusterId: string;
  readonly id: string;
}

const jsonCodec = {
  encode: (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value)),
  decode: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString() || '{}'),
};

function clusterInfo({ clusterId, machine }: MemberContext): ClusterInfo {
  const { members, removed } = machine.state;
  return {
    clusterId: idToHex(clusterId),
    members: [...members].map(([id, record]) => ({ id, ...record })),
    removed: [...removed],
  };
}

/** `context` is called when a request comes: undefined while the member is starting. */
export function peerMethods(context: () => MemberContext | undefined): Method[] {
  const ready = (): MemberContext => {
    const found = context();
    if (found === undefined) throw new GrpcError(grpcCode.unavailable, 'this member is starting');
    return found;
  };
  const codecs = { request: jsonCodec, response: jsonCodec };
  return [
    { kind: 'unary', path: membersPath, ...codecs, handle: () => clusterInfo(ready()) },
    {
      kind: 'unary',
      path: hashPath,
      ...codecs,
      async handle(request: HashRequest) {
        try {
          return await answerHash(ready(), request);
        } catch (error) {
          throw toGrpcError(error);
        }
      },
    },
    {
      kind: 'unary',
      path: promotePath,
      ...codecs,
      async handle({ clusterId, id }: PromoteRequest) {
        const found = ready();
        if (clusterId !== idToHex(found.clusterId)) throw etcdError('cluster-id-mismatch');
        try {
          await promoteHere(found, id);
          return {};
        } catch (error) {
          throw toGrpcError(error);
        }
      },
    },
  ];
}

/** Sends one request to a peer port and gives its answer; rejects with a GrpcError, or where nobody answers in time. */
export type CallPeer = (url: string, path: string, request: object, timeoutMs: number) => Promise<object>;

/** How a member asks its peers. */
export interface AskPeer {
  /** True: promoted. False: that peer does not lead, or cannot be reached. Throws why the leader refuses. */
  promote(leader: string, id: string): Promise<boolean>;
  /** of a peer's data; undefined: it does not answer, or nothing that could be compared */
  hash(id: string, request: HashRequest): Promise<MemberHash | undefined>;
  /** false: peers cannot be asked at all */
  readonly canAsk: boolean;
}

const passing: ReadonlySet<GrpcCode> = new Set([grpcCode.unavailable, grpcCode.deadlineExceeded, grpcCode.cancelled]);

export function askPeerThrough(call: CallPeer | undefined, context: () => MemberContext, timeoutMs: number): AskPeer {
  return {
    canAsk: call !== undefined,
    async hash(id, request) {
      for (const url of context().machine.state.members.get(id)?.peerUrls ?? []) {
        try {
          const answer = (await call?.(url, hashPath, request, timeoutMs)) as HashAnswer | undefined;
          return answer?.scheme === hashScheme ? answer : undefined;
        } catch {
          // asked at its next URL, and in the next pass
        }
      }
      return undefined;
    },
    async promote(leader, id) {
      const { machine, clusterId } = context();
      const url = machine.state.members.get(leader)?.peerUrls[0];
      if (url === undefined || call === undefined) return false;
      try {
        await call(url, promotePath, { clusterId: idToHex(clusterId), id } satisfies PromoteRequest, timeoutMs);
        return true;
      } catch (error) {
        const final = error instanceof GrpcError && !passing.has(error.code);
        if (final && error.message !== etcdError('not-leader').message) throw error;
        return false;
      }
    },
  };
}

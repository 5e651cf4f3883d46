import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { CallContext, Method, ServerStream } from '../../grpc/server.ts';
import type { KeyValue, ResponseHeader } from '../../proto/etcd-types.ts';
import type {
  CampaignRequest,
  CampaignResponse,
  LeaderKey,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ResignRequest,
} from '../../proto/etcd-services-types.ts';
import type { Loose } from '../../proto/load.ts';
import { keyRange } from '../mvcc/key-name.ts';
import type { LocalCalls } from './local-calls.ts';
import { headerOf, streaming, unary } from './service.ts';
import type { MemberContext } from './service.ts';
import { enter, leaseOf, nextEvent, oldestUnder, prefixOf, waitForTurn, whileHeld } from './waiting-line.ts';
import type { WatchHub } from './watch-hub.ts';

/** in the words of etcd's client library, whose errors have no code of their own */
const electionError = (text: string): GrpcError => new GrpcError(grpcCode.unknown, text);
const notLeader = 'election: not leader';
const noLeader = 'election: no leader';
const expired = 'election: session is expired';
const missingLeader = '"leader" field must be provided';

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

type Held = Pick<LeaderKey, 'key' | 'rev' | 'lease'>;

async function proclaim(
  calls: LocalCalls,
  held: Held,
  value: Uint8Array,
  call: CallContext,
): Promise<ResponseHeader | undefined> {
  const lease = await leaseOf(calls, held.lease, call);
  const { header, succeeded } = await whileHeld(
    calls,
    { key: held.key, revision: held.rev },
    { put: { value, lease } },
    call,
  );
  if (!succeeded) throw electionError(notLeader);
  return header;
}

async function resign(calls: LocalCalls, held: Held, call: CallContext): Promise<ResponseHeader | undefined> {
  return (await whileHeld(calls, { key: held.key, revision: held.rev }, {}, call)).header;
}

async function campaign(
  context: MemberContext,
  calls: LocalCalls,
  request: CampaignRequest,
  call: CallContext,
): Promise<Loose<CampaignResponse>> {
  const { place, header, found } = await enter(calls, request, call);
  const { key, revision: rev, lease } = place;
  try {
    if (found !== undefined && !sameBytes(found, request.value)) {
      await proclaim(calls, { key, rev, lease }, request.value, call);
    }
    await waitForTurn({ calls, hub: context.hub }, place, expired, call);
  } catch (error) {
    await resign(calls, { key, rev, lease }, call).catch(() => {});
    throw error;
  }
  return { header, leader: { name: request.name, key, rev, lease } };
}

async function leader(calls: LocalCalls, { name }: LeaderRequest, call: CallContext): Promise<Loose<LeaderResponse>> {
  const { header, kvs } = await calls.range(oldestUnder(prefixOf(name)), call);
  if (kvs[0] === undefined) throw electionError(noLeader);
  return { header, kv: kvs[0] };
}

type Observers = ServerStream<LeaderRequest, Loose<LeaderResponse>>;
interface Proclamation {
  readonly revision: number;
  readonly kv: KeyValue;
}

/** Tells who leads, and then each of its proclamations until its key goes; then who leads next. */
async function observe(
  context: MemberContext,
  calls: LocalCalls,
  stream: Observers,
  { name }: LeaderRequest,
): Promise<void> {
  const prefix = prefixOf(name);
  const { hub } = context;
  const tell = ({ revision, kv }: Proclamation): boolean => stream.send({ header: headerOf(context, revision), kv });
  while (!stream.signal.aborted) {
    const first = await firstProclamation(hub, calls, prefix, stream);
    if (first === undefined) continue;
    tell(first);
    await follow(hub, first, tell, stream);
  }
}

/** What the leader says now, or the first one who comes; undefined: look anew. */
async function firstProclamation(
  hub: WatchHub,
  calls: LocalCalls,
  prefix: Uint8Array,
  call: CallContext,
): Promise<Proclamation | undefined> {
  const oldest = oldestUnder(prefix);
  const { header, kvs } = await calls.range(oldest, call);
  const revision = header?.revision ?? 0;
  if (kvs[0] !== undefined) return { revision, kv: kvs[0] };
  const range = keyRange(prefix, oldest.rangeEnd);
  const event = await nextEvent(hub, [{ range, startRevision: revision + 1, noDelete: true }], call.signal);
  return event && { revision: event.kv.modRevision, kv: event.kv };
}

/** Passes on what comes after `from` under its key, until the key is deleted. */
function follow(
  hub: WatchHub,
  from: Proclamation,
  tell: (proclamation: Proclamation) => boolean,
  stream: Observers,
): Promise<void> {
  const { signal } = stream;
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      hub.close(outlet);
      resolve();
    };
    const outlet = hub.open({
      deliver: (_watcher, events, revision) => {
        let writable = true;
        for (const { type, kv } of events) {
          if (type === 1) {
            done();
            return true;
          }
          writable = tell({ revision, kv });
        }
        return writable;
      },
      compacted: done,
      progress: () => {},
      drained: () => stream.drained(),
    });
    signal.addEventListener('abort', done, { once: true });
    hub.watch(outlet, {
      range: keyRange(from.kv.key, undefined),
      startRevision: from.revision + 1,
      prevKv: false,
      noPut: false,
      noDelete: false,
    });
    if (signal.aborted) done();
  });
}

function present(key: LeaderKey | undefined): LeaderKey {
  if (key === undefined) throw electionError(missingLeader);
  return key;
}

/** v3electionpb.Election: what etcd's client library does for an election, done by the member. */
export const electionMethods = (context: MemberContext, calls: LocalCalls): Method[] => [
  unary(context, '/v3electionpb.Election/Campaign', (request: CampaignRequest, call) =>
    campaign(context, calls, request, call),
  ),
  unary(context, '/v3electionpb.Election/Proclaim', async (request: ProclaimRequest, call) => ({
    header: await proclaim(calls, present(request.leader), request.value, call),
  })),
  unary(context, '/v3electionpb.Election/Leader', (request: LeaderRequest, call) => leader(calls, request, call)),
  unary(context, '/v3electionpb.Election/Resign', async (request: ResignRequest, call) => ({
    header: await resign(calls, present(request.leader), call),
  })),
  streaming<LeaderRequest, Loose<LeaderResponse>>(
    '/v3electionpb.Election/Observe',
    async (stream) => {
      for await (const request of stream.requests) return observe(context, calls, stream, request);
    },
    context,
  ),
];

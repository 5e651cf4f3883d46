import type { Method } from '../../grpc/server.ts';
import type {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RangeStreamResponse,
  RequestOp,
  TxnRequest,
} from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { isReadOnly } from '../mvcc/write-txn.ts';
import type { Caller } from './auth/authorizer.ts';
import { propose } from './auth/propose.ts';
import { rangeStream } from './range-stream.ts';
import { ensureSpace, putBytes } from './quota.ts';
import { checkDelete, checkPut, checkRange, checkTxn } from './request-check.ts';
import { streaming, unary, withHeader } from './service.ts';
import type { MemberContext } from './service.ts';

const serializable = (ops: readonly RequestOp[]): boolean => ops.every((op) => op.requestRange?.serializable);

async function range(context: MemberContext, request: RangeRequest, call: Caller): Promise<object> {
  checkRange(request);
  if (!request.serializable) await context.barrier.wait();
  const act = (): object => context.machine.state.mvcc.range(request);
  return context.auth.enabled ? context.auth.read(call, (access) => access.range(request), act) : act();
}

async function txn(context: MemberContext, t: TxnRequest, call: Caller): Promise<object> {
  checkTxn(t, context.limits.maxTxnOps);
  if (!isReadOnly(t)) {
    await ensureSpace(context, putBytes(t));
    return propose(context, call, { txn: t });
  }
  if (!serializable(t.success) || !serializable(t.failure)) await context.barrier.wait();
  const act = (): object => context.machine.state.mvcc.readTxn(t);
  return context.auth.enabled ? context.auth.read(call, (access) => access.txn(t), act) : act();
}

/** How often a physical compaction looks whether the clean-up is done. */
const compactPollMs = 5;

async function compact(context: MemberContext, request: CompactionRequest, call: Caller): Promise<object> {
  const result = await propose(context, call, { compact: request });
  // asked anew each time: a snapshot may replace the store meanwhile, and a stopped one cleans up no more
  while (request.physical && !context.machine.stopped && context.machine.state.mvcc.compactPending) {
    await new Promise<void>((resolve) => context.clock.after(compactPollMs, resolve));
  }
  return result;
}

export const kvMethods = (context: MemberContext): Method[] => [
  unary(context, '/etcdserverpb.KV/Range', async (request: RangeRequest, call) =>
    withHeader(context, await range(context, request, call)),
  ),
  streaming<RangeRequest, Loose<RangeStreamResponse>>(
    '/etcdserverpb.KV/RangeStream',
    async (stream) => {
      for await (const request of stream.requests) return rangeStream(context, stream, request);
    },
    context,
  ),
  unary(context, '/etcdserverpb.KV/Put', (request: PutRequest, call) => {
    checkPut(request);
    const act = (): Promise<object> => propose(context, call, { put: request });
    const refused = ensureSpace(context, request.key.length + request.value.length);
    return (refused === undefined ? act() : refused.then(act)).then((result) => withHeader(context, result));
  }),
  unary(context, '/etcdserverpb.KV/DeleteRange', async (request: DeleteRangeRequest, call) => {
    checkDelete(request);
    return withHeader(context, await propose(context, call, { deleteRange: request }));
  }),
  unary(context, '/etcdserverpb.KV/Txn', async (request: TxnRequest, call) =>
    withHeader(context, await txn(context, request, call)),
  ),
  unary(context, '/etcdserverpb.KV/Compact', async (request: CompactionRequest, call) =>
    withHeader(context, await compact(context, request, call)),
  ),
];

import type { Method } from '../../grpc/server.ts';
import type {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../proto/etcd-types.ts';
import { isReadOnly } from '../mvcc/write-txn.ts';
import { ensureSpace, putBytes } from './quota.ts';
import { checkDelete, checkPut, checkRange, checkTxn } from './request-check.ts';
import { unary, withHeader } from './service.ts';
import type { MemberContext } from './service.ts';

const serializable = (ops: readonly RequestOp[]): boolean => ops.every((op) => op.requestRange?.serializable);

async function txn(context: MemberContext, t: TxnRequest): Promise<object> {
  checkTxn(t, context.limits.maxTxnOps);
  if (!isReadOnly(t)) {
    await ensureSpace(context, putBytes(t));
    return context.proposer.submit({ txn: t });
  }
  if (!serializable(t.success) || !serializable(t.failure)) await context.barrier.wait();
  return context.machine.state.mvcc.readTxn(t);
}

/** How often a physical compaction looks whether the clean-up is done. */
const compactPollMs = 5;

async function compact(context: MemberContext, request: CompactionRequest): Promise<object> {
  const result = await context.proposer.submit({ compact: request });
  // asked anew each time: a snapshot may replace the store meanwhile, and a stopped one cleans up no more
  while (request.physical && !context.machine.stopped && context.machine.state.mvcc.compactPending) {
    await new Promise<void>((resolve) => context.clock.after(compactPollMs, resolve));
  }
  return result;
}

export const kvMethods = (context: MemberContext): Method[] => [
  unary(context, '/etcdserverpb.KV/Range', async (request: RangeRequest) => {
    checkRange(request);
    if (!request.serializable) await context.barrier.wait();
    return withHeader(context, context.machine.state.mvcc.range(request));
  }),
  unary(context, '/etcdserverpb.KV/Put', async (request: PutRequest) => {
    checkPut(request);
    await ensureSpace(context, request.key.length + request.value.length);
    return withHeader(context, await context.proposer.submit({ put: request }));
  }),
  unary(context, '/etcdserverpb.KV/DeleteRange', async (request: DeleteRangeRequest) => {
    checkDelete(request);
    return withHeader(context, await context.proposer.submit({ deleteRange: request }));
  }),
  unary(context, '/etcdserverpb.KV/Txn', async (request: TxnRequest) =>
    withHeader(context, await txn(context, request)),
  ),
  unary(context, '/etcdserverpb.KV/Compact', async (request: CompactionRequest) =>
    withHeader(context, await compact(context, request)),
  ),
];

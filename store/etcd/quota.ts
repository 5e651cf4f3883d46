import type { TxnRequest } from '../../proto/etcd-types.ts';
import { etcdError } from './errors.ts';
import type { MemberContext } from './service.ts';

const noSpace = 1;
const activate = 1;
const overheadBytes = 256;

export function putBytes(t: TxnRequest): number {
  const branch = (ops: TxnRequest['success']): number =>
    ops.reduce((sum, { requestPut, requestTxn }) => {
      if (requestPut) return sum + requestPut.key.length + requestPut.value.length;
      return sum + (requestTxn ? putBytes(requestTxn) : 0);
    }, 0);
  return Math.max(branch(t.success), branch(t.failure));
}

/**
 * Refuses a write that would go over the quota, and raises the alarm that makes all members refuse. What counts is what
 * the store keeps: space freed by compaction is free at once, without defragmentation.
 */
export function ensureSpace(context: MemberContext, bytes: number): Promise<void> | undefined {
  const { quotaBackendBytes } = context.limits;
  if (bytes === 0 || quotaBackendBytes < 0) return undefined;
  if (context.machine.state.mvcc.sizeBytes + bytes + overheadBytes <= quotaBackendBytes) return undefined;
  return refuse(context);
}

async function refuse(context: MemberContext): Promise<never> {
  const { quotaBackendBytes } = context.limits;
  context.log.warn(
    { quotaBackendBytes, sizeBytes: context.machine.state.mvcc.sizeBytes },
    'the store is over its quota',
  );
  context.space.raisedHere = true;
  await context.proposer.submit({ alarm: { action: activate, memberID: context.memberId, alarm: noSpace } });
  throw etcdError('no-space');
}

import type {
  Compare as WireCompare,
  DeleteRangeResponse,
  Event as WireEvent,
  KeyValue,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  PutResponse,
  RangeResponse,
  ResponseOp,
  TxnResponse,
} from '../../proto/etcd-types.ts';
import { noLease } from '../../sim/check/history.ts';
import type {
  Compare,
  DeleteResult,
  Event,
  Kv,
  PutResult,
  RangeResult,
  Request,
  Response,
  TxnResult,
  TxnStep,
  TxnStepResult,
} from '../../sim/check/history.ts';

/** Between what the checkers read and what goes over the wire. Keys and values are ASCII. */

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const textOf = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('latin1');
const leaseIdOf = (lease: string | undefined): bigint => BigInt(lease ?? noLease);

const compareResults = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const;

function wireCompare({ key, rangeEnd, target, result, operand }: Compare): Partial<WireCompare> {
  const base = { key: bytesOf(key), rangeEnd: bytesOf(rangeEnd ?? ''), result: compareResults[result] };
  switch (target) {
    case 'version':
      return { ...base, target: 0, version: Number(operand) };
    case 'create':
      return { ...base, target: 1, createRevision: Number(operand) };
    case 'mod':
      return { ...base, target: 2, modRevision: Number(operand) };
    case 'value':
      return { ...base, target: 3, value: bytesOf(String(operand)) };
    default:
      return { ...base, target: 4, lease: BigInt(operand) };
  }
}

const stepNames = {
  put: 'requestPut',
  range: 'requestRange',
  delete: 'requestDeleteRange',
  txn: 'requestTxn',
} as const;
const wireStep = (step: TxnStep): object => ({ [stepNames[step.kind]]: wireRequest(step) });

/** The message of the request; methods by kind are in `methodOf`. */
export function wireRequest(request: Request): object {
  switch (request.kind) {
    case 'put': {
      const { key, value, lease, prevKv, ignoreValue, ignoreLease } = request;
      return { key: bytesOf(key), value: bytesOf(value), lease: leaseIdOf(lease), prevKv, ignoreValue, ignoreLease };
    }
    case 'range': {
      const { key, rangeEnd, limit, revision, serializable, countOnly, keysOnly } = request;
      const range = { key: bytesOf(key), rangeEnd: bytesOf(rangeEnd ?? '') };
      return { ...range, limit, revision, serializable, countOnly, keysOnly };
    }
    case 'delete':
      return { key: bytesOf(request.key), rangeEnd: bytesOf(request.rangeEnd ?? ''), prevKv: request.prevKv };
    case 'txn':
      return {
        compare: request.compare.map(wireCompare),
        success: request.success.map(wireStep),
        failure: request.failure.map(wireStep),
      };
    case 'lease-grant':
      return { ID: leaseIdOf(request.lease), TTL: request.ttlSeconds };
    case 'lease-revoke':
    case 'lease-keep-alive':
      return { ID: leaseIdOf(request.lease) };
    default:
      return { revision: request.revision };
  }
}

export const methodOf: Readonly<Record<Request['kind'], string>> = {
  put: 'KV/Put',
  range: 'KV/Range',
  delete: 'KV/DeleteRange',
  txn: 'KV/Txn',
  compact: 'KV/Compact',
  'lease-grant': 'Lease/LeaseGrant',
  'lease-revoke': 'Lease/LeaseRevoke',
  'lease-keep-alive': 'Lease/LeaseKeepAlive',
};

export const kvOf = (kv: KeyValue): Kv => ({
  key: textOf(kv.key),
  value: textOf(kv.value),
  createRevision: kv.createRevision,
  modRevision: kv.modRevision,
  version: kv.version,
  lease: String(kv.lease),
});

export const eventOf = ({ type, kv, prevKv }: WireEvent): Event => ({
  type: type === 0 ? 'put' : 'delete',
  kv: kvOf(kv!),
  ...(prevKv && { prevKv: kvOf(prevKv) }),
});

const putResult = (r: PutResponse): PutResult => ({ kind: 'put', ...(r.prevKv && { prevKv: kvOf(r.prevKv) }) });
const rangeResult = (r: RangeResponse): RangeResult => ({
  kind: 'range',
  kvs: r.kvs.map(kvOf),
  count: r.count,
  more: r.more,
});
const deleteResult = (r: DeleteRangeResponse, prevKv: boolean): DeleteResult => ({
  kind: 'delete',
  deleted: r.deleted,
  ...(prevKv && { prevKvs: r.prevKvs.map(kvOf) }),
});
function txnResult(r: TxnResponse, steps: { success: readonly TxnStep[]; failure: readonly TxnStep[] }): TxnResult {
  const taken = r.succeeded ? steps.success : steps.failure;
  return { kind: 'txn', succeeded: r.succeeded, responses: r.responses.map((one, i) => stepResult(one, taken[i])) };
}

function stepResult(op: ResponseOp, step: TxnStep | undefined): TxnStepResult {
  if (op.responsePut) return putResult(op.responsePut);
  if (op.responseDeleteRange) {
    return deleteResult(op.responseDeleteRange, step?.kind === 'delete' && step.prevKv === true);
  }
  if (op.responseTxn && step?.kind === 'txn') return txnResult(op.responseTxn, step);
  if (op.responseRange) return rangeResult(op.responseRange);
  throw new RangeError('a transaction answered with a step of no kind');
}

interface Headed {
  header?: { revision: number };
}

export function responseOf(request: Request, message: object): Response {
  const revision = (message as Headed).header?.revision ?? 0;
  switch (request.kind) {
    case 'put':
      return { revision, ...putResult(message as PutResponse) };
    case 'range':
      return { revision, ...rangeResult(message as RangeResponse) };
    case 'delete':
      return { revision, ...deleteResult(message as DeleteRangeResponse, request.prevKv === true) };
    case 'txn':
      return { revision, ...txnResult(message as TxnResponse, request) };
    case 'lease-grant': {
      const { ID, TTL } = message as LeaseGrantResponse;
      return { revision, kind: 'lease-grant', lease: String(ID), ttlSeconds: TTL };
    }
    case 'lease-keep-alive':
      return { revision, kind: 'lease-keep-alive', ttlSeconds: (message as LeaseKeepAliveResponse).TTL };
    case 'lease-revoke':
      return { revision, kind: 'lease-revoke' };
    default:
      return { revision, kind: 'compact' };
  }
}

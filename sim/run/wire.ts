import type {
  Compare,
  CompareTarget,
  Event,
  Kv,
  Request,
  Response,
  Result,
  StateError,
  TxnRequest,
  TxnStep,
  TxnStepResult,
  WatchRequest,
} from '../check/history.ts';

/** Requests of a history as etcd's messages, and its answers as results of a history. */

export const bytesOf = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};
export const textOf = (bytes: Uint8Array | undefined): string => {
  let text = '';
  if (bytes !== undefined) for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
};

/** How a range is to be sorted: the history knows no order, as it says nothing of the state. */
export interface Sorting {
  readonly sortOrder: number;
  readonly sortTarget: number;
}

export interface WireKv {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}
export interface WireEvent {
  readonly type: number;
  readonly kv: WireKv;
  readonly prevKv?: WireKv | undefined;
}
interface WireStep {
  readonly responsePut?: WireAnswer;
  readonly responseRange?: WireAnswer;
  readonly responseDeleteRange?: WireAnswer;
  readonly responseTxn?: WireAnswer;
}
/** all fields that any answer has */
export interface WireAnswer {
  readonly header?: { readonly revision: number };
  readonly prevKv?: WireKv;
  readonly kvs?: readonly WireKv[];
  readonly count?: number;
  readonly more?: boolean;
  readonly deleted?: number;
  readonly prevKvs?: readonly WireKv[];
  readonly succeeded?: boolean;
  readonly responses?: readonly WireStep[];
  readonly ID?: bigint;
  readonly TTL?: number;
}

const compareResults = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const;
const compareTargets = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;
const operandFields: Readonly<Record<CompareTarget, (operand: string | number) => object>> = {
  version: (operand) => ({ version: operand }),
  create: (operand) => ({ createRevision: operand }),
  mod: (operand) => ({ modRevision: operand }),
  value: (operand) => ({ value: bytesOf(String(operand)) }),
  lease: (operand) => ({ lease: BigInt(operand) }),
};

const keyFields = ({ key, rangeEnd }: { key: string; rangeEnd?: string | undefined }): object => ({
  key: bytesOf(key),
  ...(rangeEnd !== undefined && { rangeEnd: bytesOf(rangeEnd) }),
});

const compareMessage = (compare: Compare): object => ({
  ...keyFields(compare),
  result: compareResults[compare.result],
  target: compareTargets[compare.target],
  ...operandFields[compare.target](compare.operand),
});

const stepFields = {
  put: 'requestPut',
  range: 'requestRange',
  delete: 'requestDeleteRange',
  txn: 'requestTxn',
} as const;
const stepMessage = (step: TxnStep): object => ({ [stepFields[step.kind]]: message(step) });

const txnMessage = ({ compare, success, failure }: TxnRequest): object => ({
  compare: compare.map(compareMessage),
  success: success.map(stepMessage),
  failure: failure.map(stepMessage),
});

/** The body of a request. */
export function message(request: Request, sorting?: Sorting): object {
  switch (request.kind) {
    case 'put': {
      const { value, lease = '0', prevKv, ignoreValue, ignoreLease } = request;
      return { ...keyFields(request), value: bytesOf(value), lease: BigInt(lease), prevKv, ignoreValue, ignoreLease };
    }
    case 'range': {
      const { limit, revision, serializable, countOnly, keysOnly } = request;
      return { ...keyFields(request), limit, revision, serializable, countOnly, keysOnly, ...sorting };
    }
    case 'delete':
      return { ...keyFields(request), prevKv: request.prevKv };
    case 'txn':
      return txnMessage(request);
    case 'lease-grant':
      return { ID: BigInt(request.lease), TTL: request.ttlSeconds };
    case 'lease-revoke':
    case 'lease-keep-alive':
      return { ID: BigInt(request.lease) };
  }
  return { revision: request.revision };
}

export const methods: Readonly<Record<Request['kind'], string>> = {
  put: 'KV/Put',
  range: 'KV/Range',
  delete: 'KV/DeleteRange',
  txn: 'KV/Txn',
  compact: 'KV/Compact',
  'lease-grant': 'Lease/LeaseGrant',
  'lease-revoke': 'Lease/LeaseRevoke',
  'lease-keep-alive': 'Lease/LeaseKeepAlive',
};

export const kvOf = (kv: WireKv): Kv => ({
  key: textOf(kv.key),
  value: textOf(kv.value),
  createRevision: kv.createRevision,
  modRevision: kv.modRevision,
  version: kv.version,
  lease: String(kv.lease),
});

export function eventOf({ type, kv, prevKv }: WireEvent): Event {
  return { type: type === 0 ? 'put' : 'delete', kv: kvOf(kv), ...(prevKv && { prevKv: kvOf(prevKv) }) };
}

function stepResult(step: WireStep): TxnStepResult {
  if (step.responsePut) return resultOf('put', step.responsePut) as TxnStepResult;
  if (step.responseRange) return resultOf('range', step.responseRange) as TxnStepResult;
  if (step.responseDeleteRange) return resultOf('delete', step.responseDeleteRange) as TxnStepResult;
  return resultOf('txn', step.responseTxn ?? {}) as TxnStepResult;
}

function resultOf(kind: Request['kind'], answer: WireAnswer): Result {
  switch (kind) {
    case 'put':
      return { kind, ...(answer.prevKv && { prevKv: kvOf(answer.prevKv) }) };
    case 'range':
      return { kind, kvs: (answer.kvs ?? []).map(kvOf), count: answer.count ?? 0, more: answer.more ?? false };
    case 'delete':
      return { kind, deleted: answer.deleted ?? 0, prevKvs: (answer.prevKvs ?? []).map(kvOf) };
    case 'txn':
      return {
        kind,
        succeeded: answer.succeeded ?? false,
        responses: (answer.responses ?? []).map(stepResult),
      };
    case 'lease-grant':
      return { kind, lease: String(answer.ID ?? 0n), ttlSeconds: answer.TTL ?? 0 };
    case 'lease-keep-alive':
      return { kind, ttlSeconds: answer.TTL ?? 0 };
  }
  return { kind };
}

export const responseOf = (kind: Request['kind'], answer: WireAnswer): Response => ({
  ...resultOf(kind, answer),
  revision: answer.header?.revision ?? 0,
});

const filters = { noput: 0, nodelete: 1 } as const;
export const watchMessage = (request: WatchRequest, watchId: number): object => ({
  ...keyFields(request),
  startRevision: request.startRevision ?? 0,
  filters: (request.filters ?? []).map((filter) => filters[filter]),
  prevKv: request.prevKv ?? false,
  progressNotify: request.progressNotify ?? false,
  fragment: request.fragment ?? false,
  watchId,
});

const stateErrors: readonly (readonly [string, StateError])[] = [
  ['required revision has been compacted', 'compacted'],
  ['required revision is a future revision', 'future-revision'],
  ['requested lease not found', 'lease-not-found'],
  ['lease already exists', 'lease-exists'],
  ['etcdserver: key not found', 'key-not-found'],
];
export const stateErrorOf = (text: string): StateError | undefined =>
  stateErrors.find(([part]) => text.includes(part))?.[1];

/** Refused before anything was proposed, or when it was applied: certainly without effect. */
const refusals = [
  'too many requests',
  'request is too large',
  'database space exceeded',
  'etcdserver: no leader',
  'rpc not supported for learner',
];
export const isRefusal = (text: string): boolean => refusals.some((part) => text.includes(part));

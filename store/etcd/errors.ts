import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { GrpcCode } from '../../grpc/server.ts';
import { RaftUnavailableError } from '../../raft/runtime/types.ts';
import { MvccError } from '../mvcc/types.ts';
import type { MvccErrorKind } from '../mvcc/types.ts';

/** etcd's errors, by a name of ours. Clients tell them apart by the exact text. */
const registry = {
  'empty-key': [grpcCode.invalidArgument, 'etcdserver: key is not provided'],
  'key-not-found': [grpcCode.invalidArgument, 'etcdserver: key not found'],
  'value-provided': [grpcCode.invalidArgument, 'etcdserver: value is provided'],
  'lease-provided': [grpcCode.invalidArgument, 'etcdserver: lease is provided'],
  'too-many-ops': [grpcCode.invalidArgument, 'etcdserver: too many operations in txn request'],
  'duplicate-key': [grpcCode.invalidArgument, 'etcdserver: duplicate key given in txn request'],
  'invalid-sort-option': [grpcCode.invalidArgument, 'etcdserver: invalid sort option'],
  'request-too-large': [grpcCode.invalidArgument, 'etcdserver: request is too large'],
  compacted: [grpcCode.outOfRange, 'etcdserver: mvcc: required revision has been compacted'],
  'future-revision': [grpcCode.outOfRange, 'etcdserver: mvcc: required revision is a future revision'],
  'no-space': [grpcCode.resourceExhausted, 'etcdserver: mvcc: database space exceeded'],
  'too-many-requests': [grpcCode.resourceExhausted, 'etcdserver: too many requests'],
  'lease-not-found': [grpcCode.notFound, 'etcdserver: requested lease not found'],
  'lease-exists': [grpcCode.failedPrecondition, 'etcdserver: lease already exists'],
  'lease-ttl-too-large': [grpcCode.outOfRange, 'etcdserver: too large lease TTL'],
  'no-leader': [grpcCode.unavailable, 'etcdserver: no leader'],
  'not-leader': [grpcCode.failedPrecondition, 'etcdserver: not leader'],
  'leader-changed': [grpcCode.unavailable, 'etcdserver: leader changed'],
  'member-exists': [grpcCode.failedPrecondition, 'etcdserver: member ID already exist'],
  'member-not-found': [grpcCode.notFound, 'etcdserver: member not found'],
  'member-bad-urls': [grpcCode.invalidArgument, 'etcdserver: given member URLs are invalid'],
  'member-not-learner': [grpcCode.failedPrecondition, 'etcdserver: can only promote a learner member'],
  'learner-not-ready': [
    grpcCode.failedPrecondition,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  'too-many-learners': [grpcCode.failedPrecondition, 'etcdserver: too many learner members in cluster'],
  'peer-urls-exist': [grpcCode.failedPrecondition, 'etcdserver: Peer URLs already exists'],
  'not-enough-started': [
    grpcCode.failedPrecondition,
    'etcdserver: re-configuration failed due to not enough started members',
  ],
  'cluster-id-mismatch': [grpcCode.failedPrecondition, 'etcdserver: cluster ID mismatch'],
  'unhealthy-cluster': [grpcCode.unavailable, 'etcdserver: unhealthy cluster'],
  'not-for-learners': [grpcCode.failedPrecondition, 'etcdserver: rpc not supported for learner'],
  'bad-transferee': [grpcCode.failedPrecondition, 'etcdserver: bad leader transferee'],
  stopped: [grpcCode.unavailable, 'etcdserver: server stopped'],
  timeout: [grpcCode.unavailable, 'etcdserver: request timed out'],
  'timeout-leader-failure': [
    grpcCode.unavailable,
    'etcdserver: request timed out, possibly due to previous leader failure',
  ],
  'timeout-connection-lost': [grpcCode.unavailable, 'etcdserver: request timed out, possibly due to connection lost'],
} as const satisfies Record<string, readonly [GrpcCode, string]>;

export type EtcdErrorName = keyof typeof registry;

export function etcdError(name: EtcdErrorName): GrpcError {
  const [code, text] = registry[name];
  return new GrpcError(code, text);
}

/** What this member does not do yet, said plainly. */
export const notSupported = (what: string): GrpcError =>
  new GrpcError(grpcCode.unimplemented, `etcdserver: ${what} is not supported by Kuorum yet`);

const mvccNames: Readonly<Record<MvccErrorKind, EtcdErrorName>> = {
  compacted: 'compacted',
  'future-revision': 'future-revision',
  'lease-not-found': 'lease-not-found',
  'lease-exists': 'lease-exists',
  'lease-ttl-too-large': 'lease-ttl-too-large',
  'key-not-found': 'key-not-found',
};

const raftNames: Readonly<Record<RaftUnavailableError['kind'], EtcdErrorName>> = {
  'no-leader': 'no-leader',
  'leader-changed': 'leader-changed',
  timeout: 'timeout',
  stopped: 'stopped',
  'too-many': 'too-many-requests',
};

/** What a client is told of any error. */
export function toGrpcError(error: unknown): unknown {
  if (error instanceof MvccError) return etcdError(mvccNames[error.kind]);
  if (error instanceof RaftUnavailableError) return etcdError(raftNames[error.kind]);
  return error;
}

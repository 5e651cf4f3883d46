import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { GrpcCode } from '../../grpc/server.ts';
import { RaftUnavailableError } from '../../raft/runtime/types.ts';
import { AuthError } from '../auth/types.ts';
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
  corrupt: [grpcCode.dataLoss, 'etcdserver: corrupt cluster'],
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
  'root-user-not-exist': [grpcCode.failedPrecondition, 'etcdserver: root user does not exist'],
  'root-role-not-exist': [grpcCode.failedPrecondition, 'etcdserver: root user does not have root role'],
  'user-exists': [grpcCode.failedPrecondition, 'etcdserver: user name already exists'],
  'user-empty': [grpcCode.invalidArgument, 'etcdserver: user name is empty'],
  'user-not-found': [grpcCode.failedPrecondition, 'etcdserver: user name not found'],
  'role-exists': [grpcCode.failedPrecondition, 'etcdserver: role name already exists'],
  'role-not-found': [grpcCode.failedPrecondition, 'etcdserver: role name not found'],
  'role-empty': [grpcCode.invalidArgument, 'etcdserver: role name is empty'],
  'role-not-granted': [grpcCode.failedPrecondition, 'etcdserver: role is not granted to the user'],
  'permission-not-given': [grpcCode.invalidArgument, 'etcdserver: permission not given'],
  'permission-not-granted': [grpcCode.failedPrecondition, 'etcdserver: permission is not granted to the role'],
  'permission-denied': [grpcCode.permissionDenied, 'etcdserver: permission denied'],
  'auth-failed': [grpcCode.invalidArgument, 'etcdserver: authentication failed, invalid user ID or password'],
  'auth-not-enabled': [grpcCode.failedPrecondition, 'etcdserver: authentication is not enabled'],
  'auth-old-revision': [grpcCode.invalidArgument, 'etcdserver: revision of auth store is old'],
  'invalid-auth-token': [grpcCode.unauthenticated, 'etcdserver: invalid auth token'],
  'invalid-auth-management': [grpcCode.invalidArgument, 'etcdserver: invalid auth management'],
  // etcd has no code for these: its clients see them as they are written inside
  'no-password-user': [grpcCode.unknown, 'auth: authentication failed, password was given for no password user'],
  'password-too-long': [grpcCode.unknown, 'bcrypt: password length exceeds 72 bytes'],
  'verify-only': [grpcCode.unknown, 'auth: token signing attempted with verify-only key'],
  'timeout-connection-lost': [grpcCode.unavailable, 'etcdserver: request timed out, possibly due to connection lost'],
  'downgrade-version-format': [grpcCode.invalidArgument, 'etcdserver: wrong downgrade target version format'],
  'downgrade-version': [grpcCode.invalidArgument, 'etcdserver: invalid downgrade target version'],
} as const satisfies Record<string, readonly [GrpcCode, string]>;

export type EtcdErrorName = keyof typeof registry;

export function etcdError(name: EtcdErrorName): GrpcError {
  const [code, text] = registry[name];
  return new GrpcError(code, text);
}

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
  if (error instanceof AuthError) return etcdError(error.kind);
  if (error instanceof MvccError) return etcdError(mvccNames[error.kind]);
  if (error instanceof RaftUnavailableError) return etcdError(raftNames[error.kind]);
  return error;
}

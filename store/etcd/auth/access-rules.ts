import type { AlarmRequest } from '../../../proto/etcd-types.ts';

/**
 * Who may call a method while authentication is enabled:
 *   open    anybody
 *   user    whoever says who he is
 *   admin   who has the role root
 *   inside  the handler, or the command when it is applied, knows which keys it is about
 */
export type AccessRule = 'open' | 'user' | 'admin' | 'inside';

const alarmGet = 0;
const rules: Readonly<Record<string, AccessRule | ((request: unknown) => AccessRule)>> = {
  '/etcdserverpb.KV/Range': 'inside',
  '/etcdserverpb.KV/RangeStream': 'inside',
  '/etcdserverpb.KV/Put': 'inside',
  '/etcdserverpb.KV/DeleteRange': 'inside',
  '/etcdserverpb.KV/Txn': 'inside',
  '/etcdserverpb.KV/Compact': 'admin',
  '/etcdserverpb.Watch/Watch': 'inside',
  '/etcdserverpb.Lease/LeaseGrant': 'user',
  '/etcdserverpb.Lease/LeaseRevoke': 'user',
  '/etcdserverpb.Lease/LeaseKeepAlive': 'inside',
  '/etcdserverpb.Lease/LeaseTimeToLive': 'user',
  '/etcdserverpb.Lease/LeaseLeases': 'user',
  '/etcdserverpb.Cluster/MemberList': 'user',
  '/etcdserverpb.Cluster/MemberAdd': 'admin',
  '/etcdserverpb.Cluster/MemberRemove': 'admin',
  '/etcdserverpb.Cluster/MemberUpdate': 'admin',
  '/etcdserverpb.Cluster/MemberPromote': 'admin',
  '/etcdserverpb.Maintenance/Alarm': (request) => ((request as AlarmRequest).action === alarmGet ? 'user' : 'admin'),
  '/etcdserverpb.Maintenance/Status': 'user',
  '/etcdserverpb.Maintenance/Defragment': 'admin',
  '/etcdserverpb.Maintenance/Hash': 'admin',
  '/etcdserverpb.Maintenance/HashKV': 'admin',
  '/etcdserverpb.Maintenance/Snapshot': 'admin',
  '/etcdserverpb.Maintenance/MoveLeader': 'admin',
  '/etcdserverpb.Maintenance/Downgrade': 'admin',
  '/etcdserverpb.Auth/Authenticate': 'open',
  '/etcdserverpb.Auth/AuthStatus': 'inside',
  '/etcdserverpb.Auth/AuthEnable': 'inside',
  '/etcdserverpb.Auth/AuthDisable': 'inside',
  '/etcdserverpb.Auth/UserAdd': 'inside',
  '/etcdserverpb.Auth/UserGet': 'inside',
  '/etcdserverpb.Auth/UserList': 'inside',
  '/etcdserverpb.Auth/UserDelete': 'inside',
  '/etcdserverpb.Auth/UserChangePassword': 'inside',
  '/etcdserverpb.Auth/UserGrantRole': 'inside',
  '/etcdserverpb.Auth/UserRevokeRole': 'inside',
  '/etcdserverpb.Auth/RoleAdd': 'inside',
  '/etcdserverpb.Auth/RoleGet': 'inside',
  '/etcdserverpb.Auth/RoleList': 'inside',
  '/etcdserverpb.Auth/RoleDelete': 'inside',
  '/etcdserverpb.Auth/RoleGrantPermission': 'inside',
  '/etcdserverpb.Auth/RoleRevokePermission': 'inside',
  // made of calls to KV and Lease, each with its own rule
  '/v3lockpb.Lock/Lock': 'inside',
  '/v3lockpb.Lock/Unlock': 'inside',
  '/v3electionpb.Election/Campaign': 'inside',
  '/v3electionpb.Election/Proclaim': 'inside',
  '/v3electionpb.Election/Leader': 'inside',
  '/v3electionpb.Election/Observe': 'inside',
  '/v3electionpb.Election/Resign': 'inside',
  '/kuorum.Member/Describe': 'user',
  '/grpc.health.v1.Health/Check': 'open',
  '/grpc.health.v1.Health/List': 'open',
  '/grpc.health.v1.Health/Watch': 'open',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'open',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'open',
};

/** The rule of a method, by its request; undefined where the handler looks by itself. Throws for a method without a rule. */
export function accessRule(path: string): ((request: unknown) => AccessRule) | undefined {
  const rule = Object.hasOwn(rules, path) ? rules[path] : undefined;
  if (rule === undefined) throw new Error(`${path} has no rule of who may call it: see access-rules.ts`);
  if (rule === 'inside' || rule === 'open') return undefined;
  return typeof rule === 'function' ? rule : () => rule;
}

export const methodsWithRules: readonly string[] = Object.keys(rules);

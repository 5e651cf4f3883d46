/**
 * The paths of etcd's JSON gateway, all of them POST, and the method behind each: the `google.api.http` options of etcd's
 * protos. https://etcd.io/docs/latest/dev-guide/api_grpc_gateway/
 */
const kv = {
  range: 'Range',
  put: 'Put',
  deleterange: 'DeleteRange',
  txn: 'Txn',
  compaction: 'Compact',
};
const lease = {
  grant: 'LeaseGrant',
  revoke: 'LeaseRevoke',
  keepalive: 'LeaseKeepAlive',
  timetolive: 'LeaseTimeToLive',
  leases: 'LeaseLeases',
};
/** older paths, still there */
const leaseUnderKv = { revoke: 'LeaseRevoke', timetolive: 'LeaseTimeToLive', leases: 'LeaseLeases' };
const member = {
  add: 'MemberAdd',
  remove: 'MemberRemove',
  update: 'MemberUpdate',
  list: 'MemberList',
  promote: 'MemberPromote',
};
const maintenance = {
  alarm: 'Alarm',
  status: 'Status',
  defragment: 'Defragment',
  hash: 'Hash',
  hashkv: 'HashKV',
  snapshot: 'Snapshot',
  'transfer-leadership': 'MoveLeader',
  downgrade: 'Downgrade',
};
const auth = {
  enable: 'AuthEnable',
  disable: 'AuthDisable',
  status: 'AuthStatus',
  authenticate: 'Authenticate',
  'user/add': 'UserAdd',
  'user/get': 'UserGet',
  'user/list': 'UserList',
  'user/delete': 'UserDelete',
  'user/changepw': 'UserChangePassword',
  'user/grant': 'UserGrantRole',
  'user/revoke': 'UserRevokeRole',
  'role/add': 'RoleAdd',
  'role/get': 'RoleGet',
  'role/list': 'RoleList',
  'role/delete': 'RoleDelete',
  'role/grant': 'RoleGrantPermission',
  'role/revoke': 'RoleRevokePermission',
};
const election = {
  campaign: 'Campaign',
  proclaim: 'Proclaim',
  leader: 'Leader',
  observe: 'Observe',
  resign: 'Resign',
};

const sections: readonly (readonly [prefix: string, service: string, names: Readonly<Record<string, string>>])[] = [
  ['/v3/kv/', 'etcdserverpb.KV', kv],
  ['/v3/', 'etcdserverpb.Watch', { watch: 'Watch' }],
  ['/v3/lease/', 'etcdserverpb.Lease', lease],
  ['/v3/kv/lease/', 'etcdserverpb.Lease', leaseUnderKv],
  ['/v3/cluster/member/', 'etcdserverpb.Cluster', member],
  ['/v3/maintenance/', 'etcdserverpb.Maintenance', maintenance],
  ['/v3/auth/', 'etcdserverpb.Auth', auth],
  ['/v3/lock/', 'v3lockpb.Lock', { lock: 'Lock', unlock: 'Unlock' }],
  ['/v3/election/', 'v3electionpb.Election', election],
];

/** `/v3/kv/range` → `/etcdserverpb.KV/Range` */
export const gatewayRoutes: ReadonlyMap<string, string> = new Map(
  sections.flatMap(([prefix, service, names]) =>
    Object.entries(names).map(([name, method]) => [prefix + name, `/${service}/${method}`] as const),
  ),
);

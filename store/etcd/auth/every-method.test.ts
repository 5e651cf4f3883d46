import t from 'tap';
import { etcd } from '../command.ts';
import { bytes, TestClient } from '../test-client.ts';
import { TestCluster } from '../test-cluster.ts';
import { addUser, answerOf, enableAuth, tokenOf } from './test-auth.ts';

const empty = 'INVALID_ARGUMENT: etcdserver: user name is empty';
const denied = 'PERMISSION_DENIED: etcdserver: permission denied';
const badToken = 'UNAUTHENTICATED: etcdserver: invalid auth token';
const fails = /^[A-Z_]+: (?!.*(?:permission denied|user name is empty))/;
const key = bytes('secret');
const id = 4711n;

/** What one without a name, and one without rights, is told; `any`: what it is does not matter as long as it is not of rights. */
type Row = readonly [method: string, request: object, anonymous: string | RegExp, withoutRights: string | RegExp];
const any = /^OK$|^[A-Z_]+: (?!.*(?:permission denied|user name is empty))/;
const reason = (text: string): string => `rpc error: code = ${text}`;
const rows: readonly Row[] = [
  ['KV/Range', { key }, empty, denied],
  ['KV/Range', { key, serializable: true }, empty, denied],
  ['KV/Put', { key }, empty, denied],
  ['KV/DeleteRange', { key }, empty, denied],
  ['KV/Txn', { compare: [{ key }] }, empty, denied],
  ['KV/Txn', { success: [{ requestRange: { key } }] }, empty, denied],
  ['KV/Txn', { failure: [{ requestPut: { key } }] }, empty, denied],
  ['KV/Txn', { success: [{ requestTxn: { success: [{ requestDeleteRange: { key } }] } }] }, empty, denied],
  ['KV/Compact', { revision: 1 }, empty, denied],
  [
    'Watch/Watch',
    { createRequest: { key } },
    reason('InvalidArgument desc = etcdserver: user name is empty'),
    reason('PermissionDenied desc = etcdserver: permission denied'),
  ],
  ['Lease/LeaseGrant', { TTL: 100, ID: 1n }, empty, 'OK'],
  ['Lease/LeaseRevoke', { ID: id }, empty, denied],
  ['Lease/LeaseKeepAlive', { ID: id }, empty, denied],
  ['Lease/LeaseTimeToLive', { ID: id }, empty, 'OK'],
  ['Lease/LeaseTimeToLive', { ID: id, keys: true }, empty, denied],
  ['Lease/LeaseLeases', {}, empty, denied],
  ['Cluster/MemberList', {}, empty, 'OK'],
  ['Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:1'] }, empty, denied],
  ['Cluster/MemberRemove', { ID: 1n }, empty, denied],
  ['Cluster/MemberUpdate', { ID: 1n, peerURLs: ['http://127.0.0.1:1'] }, empty, denied],
  ['Cluster/MemberPromote', { ID: 1n }, empty, denied],
  ['Maintenance/Alarm', { action: 0 }, empty, 'OK'],
  ['Maintenance/Alarm', { action: 1, alarm: 1 }, empty, denied],
  ['Maintenance/Alarm', { action: 2, alarm: 1 }, empty, denied],
  ['Maintenance/Status', {}, empty, 'OK'],
  ['Maintenance/Defragment', {}, empty, denied],
  ['Maintenance/Hash', {}, empty, denied],
  ['Maintenance/HashKV', {}, empty, denied],
  ['Maintenance/Snapshot', {}, empty, denied],
  ['Maintenance/MoveLeader', { targetID: 1n }, empty, denied],
  ['Maintenance/Downgrade', { action: 0, version: '3.5.0' }, empty, denied],
  ['Auth/AuthEnable', {}, empty, denied],
  ['Auth/AuthDisable', {}, empty, denied],
  ['Auth/AuthStatus', {}, 'OK', 'OK'],
  ['Auth/Authenticate', { name: 'root', password: 'guess' }, fails, fails],
  ['Auth/UserAdd', { name: 'x', password: 'x' }, empty, denied],
  ['Auth/UserAdd', { name: 'x', options: { noPassword: true } }, empty, denied],
  ['Auth/UserGet', { name: 'root' }, empty, denied],
  ['Auth/UserGet', { name: 'u' }, empty, 'OK'],
  ['Auth/UserList', {}, empty, denied],
  ['Auth/UserDelete', { name: 'root' }, empty, denied],
  ['Auth/UserChangePassword', { name: 'root', password: 'x' }, empty, denied],
  ['Auth/UserChangePassword', { name: 'u', password: '' }, empty, denied],
  ['Auth/UserGrantRole', { user: 'u', role: 'root' }, empty, denied],
  ['Auth/UserRevokeRole', { name: 'root', role: 'root' }, empty, denied],
  ['Auth/RoleAdd', { name: 'x' }, empty, denied],
  ['Auth/RoleGet', { role: 'root' }, empty, denied],
  ['Auth/RoleGet', { role: 'u' }, empty, 'OK'],
  ['Auth/RoleList', {}, empty, denied],
  ['Auth/RoleDelete', { role: 'root' }, empty, denied],
  ['Auth/RoleGrantPermission', { name: 'u', perm: { key, permType: 2 } }, empty, denied],
  ['Auth/RoleRevokePermission', { role: 'u', key }, empty, denied],
];
/** also served where the member has them */
const elsewhere: readonly Row[] = [['KV/RangeStream', { key }, empty, denied]];

void t.test('who may call what, while authentication is enabled (CVE-2023-32082, CVE-2026-33343)', async (t) => {
  const cluster = await TestCluster.start(1, { auth: { bcryptCost: 4 } });
  const client = new TestClient(cluster.clientUrl(0));
  t.teardown(async () => {
    client.close();
    await cluster.stop();
  });
  const root = await enableAuth(client);
  await addUser(client, 'u', 'mine/', 2, root);
  await client.call('Lease/LeaseGrant', { ID: id, TTL: 1000 }, root);
  await client.call('KV/Put', { key, value: bytes('v'), lease: id }, root);
  const u = await tokenOf(client, 'u', 'pw');
  const { revision } = cluster.running[0]!.describe();

  const served = elsewhere.filter(([method]) => etcd.methods.has(`/etcdserverpb.${method}`));
  const all = [...rows, ...served];
  const told = async (
    want: string | RegExp,
    row: Row,
    metadata: Record<string, string>,
    who: string,
  ): Promise<void> => {
    const [method, request] = row;
    const said = await answerOf(cluster.clientUrl(0), `/etcdserverpb.${method}`, request, metadata);
    const shown = JSON.stringify(request, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    t.match(said, typeof want === 'string' ? new RegExp(`^${want}$`) : want, `${who}: ${method} ${shown}`);
  };
  for (const row of all) await told(row[2], row, {}, 'without a name');
  for (const row of all) await told(row[3], row, u, 'without rights');
  for (const row of all) {
    const [method] = row;
    if (method === 'Auth/Authenticate') continue; // takes no token
    const want = method === 'Watch/Watch' ? reason('Unauthenticated desc = etcdserver: invalid auth token') : badToken;
    await told(want, row, { token: 'abcdefghijklmnop.1' }, 'with a token of nobody');
  }
  t.equal(cluster.running[0]!.describe().revision, revision, 'nothing was changed');

  const known = [...etcd.methods.keys()].filter((path) => path.startsWith('/etcdserverpb.'));
  const tested = new Set(all.map(([method]) => `/etcdserverpb.${method}`));
  t.same(
    known.filter((path) => !tested.has(path)),
    [],
    'no method was left out',
  );
  await told(any, ['Maintenance/HashKV', {}, any, any], root, 'root');
  await client.call('Auth/AuthDisable', {}, root);
  await told('OK', ['KV/Range', { key }, any, any], {}, 'without a name, when authentication is off');
  await told('OK', ['KV/Range', { key }, any, any], { token: 'garbage' }, 'a token means nothing then');
});

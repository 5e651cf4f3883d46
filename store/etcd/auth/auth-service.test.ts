import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { AuthRoleGetResponse, AuthStatusResponse, AuthUserListResponse } from '../../../proto/etcd-auth-types.ts';
import type { RangeResponse } from '../../../proto/etcd-types.ts';
import { silentLog } from '../../../base/log.ts';
import type { Log } from '../../../base/log.ts';
import { forceNewCluster } from '../member.ts';
import { bytes, text } from '../test-client.ts';
import { eventually, refusal, start } from '../test-membership.ts';
import { addUser, enableAuth, prefixOf, tokenOf } from './test-auth.ts';

t.setTimeout(120_000); // busy machines are slow
const auth = { bcryptCost: 4 };
const failed = '3 etcdserver: authentication failed, invalid user ID or password';
const denied = '7 etcdserver: permission denied';
const badToken = '16 etcdserver: invalid auth token';
const put = (key: string, more = {}) => ({ key: bytes(key), value: bytes('v'), ...more });

void t.test('three members: a token is good on all of them, and what one may is the same everywhere', async (t) => {
  const { cluster, client } = await start(t, 3, { auth });
  const root = await enableAuth(client(0));
  await cluster.settled(); // a member that has not heard of it yet takes the token for nothing, as etcd's do
  await addUser(client(1), 'u', 'mine/', 2, root);
  const u = await tokenOf(client(2), 'u', 'pw');
  for (const i of [0, 1, 2]) {
    await client(i).call('KV/Put', put('mine/a'), u);
    t.equal(await refusal(client(i).call('KV/Put', put('other'), u)), denied);
    const { kvs } = await client(i).call<RangeResponse>('KV/Range', prefixOf('mine/'), u);
    t.equal(kvs.length, 1);
    const all = { key: new Uint8Array(1), rangeEnd: new Uint8Array(1) };
    t.equal(await refusal(client(i).call('KV/Range', all, u)), denied);
    t.equal((await client(i).call<RangeResponse>('KV/Range', all, root)).kvs.length, 1);
    const bearer = { authorization: `Bearer ${u['token']}` };
    t.equal(await refusal(client(i).call('KV/Range', { key: bytes('mine/a') }, bearer)), 'accepted');
  }
  await client(0).call('Auth/UserRevokeRole', { name: 'u', role: 'u' }, root);
  for (const i of [0, 1, 2]) {
    t.equal(await refusal(client(i).call('KV/Range', { key: bytes('mine/a') }, u)), denied, 'a read sees it at once');
  }
  const described = await cluster.settled();
  t.equal(new Set(described.map((d) => `${d.hash} ${JSON.stringify(d.auth)}`)).size, 1);
  t.match(described[0], { auth: { enabled: true, revision: 8 } });
  await client(1).call('Auth/UserDelete', { name: 'u' }, root);
  for (const i of [0, 1, 2]) {
    await cluster.settled();
    t.equal(await refusal(client(i).call('KV/Range', { key: bytes('mine/a') }, u)), badToken, 'its token went with it');
  }
});

void t.test('passwords: only the right one, none for who has none, and the old one no longer', async (t) => {
  const { client } = await start(t, 1, { auth });
  const as = (name: string, password: string): Promise<string> =>
    refusal(client(0).call('Auth/Authenticate', { name, password }));
  t.equal(await as('root', 'rootpw'), '9 etcdserver: authentication is not enabled');
  t.equal(await refusal(client(0).call('Auth/AuthEnable', {})), '9 etcdserver: root user does not exist');
  await client(0).call('Auth/UserAdd', { name: 'root', password: 'rootpw' });
  t.equal(await refusal(client(0).call('Auth/AuthEnable', {})), '9 etcdserver: root user does not have root role');
  await client(0).call('Auth/UserDelete', { name: 'root' });
  const root = await enableAuth(client(0));
  await client(0).call('Auth/UserAdd', { name: 'cert', options: { noPassword: true } }, root);
  await client(0).call('Auth/UserAdd', { name: 'empty', password: '' }, root);
  t.equal(await as('root', 'rootpw'), 'accepted');
  t.equal(await as('root', 'guess'), failed);
  t.equal(await as('nobody', 'guess'), failed);
  t.equal(await as('', ''), failed);
  t.equal(await as('empty', ''), 'accepted', 'an empty password is one');
  const none = '2 auth: authentication failed, password was given for no password user';
  t.equal(await as('cert', ''), none);
  await client(0).call('Auth/UserChangePassword', { name: 'cert', password: 'x' }, root);
  t.equal(await as('cert', 'x'), none, 'it stays without one');
  const old = await tokenOf(client(0), 'empty', '');
  await client(0).call('Auth/UserChangePassword', { name: 'empty', password: 'new' }, root);
  t.equal(await as('empty', ''), failed);
  t.equal(await as('empty', 'new'), 'accepted');
  t.equal(await refusal(client(0).call('KV/Range', { key: bytes('k') }, old)), badToken);
  await client(0).call('Auth/UserChangePassword', { name: 'empty', password: '' }, root);
  t.equal(await as('empty', ''), failed, 'as in etcd: setting none leaves none that fits');
  const long = { name: 'long', password: 'x'.repeat(73) };
  t.equal(await refusal(client(0).call('Auth/UserAdd', long, root)), '2 bcrypt: password length exceeds 72 bytes');
  const { users } = await client(0).call<AuthUserListResponse>('Auth/UserList', {}, root);
  t.same(users, ['cert', 'empty', 'root']);
  t.match(await client(0).call<AuthStatusResponse>('Auth/AuthStatus', {}), { enabled: true, authRevision: 10 });
});

void t.test('CVE-2021-28235: no password is written anywhere', async (t) => {
  const { cluster, client } = await start(t, 1, { auth });
  const words = ['correct horse', 'battery staple', 'wrong guess'];
  await client(0).call('Auth/UserAdd', { name: 'root', password: words[0] });
  await client(0).call('Auth/UserGrantRole', { user: 'root', role: 'root' });
  await client(0).call('Auth/AuthEnable', {});
  const root = await tokenOf(client(0), 'root', words[0]!);
  await refusal(client(0).call('Auth/Authenticate', { name: 'root', password: words[2] }));
  await client(0).call('Auth/UserChangePassword', { name: 'root', password: words[1] }, root);
  await cluster.stopMember(0);
  const { dataDir } = cluster.optionsOf(0);
  const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  const contents = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
  t.ok(
    contents.some((content) => content.includes('root')),
    'the user is there',
  );
  for (const word of words)
    t.notOk(
      contents.some((content) => content.includes(word)),
      word,
    );
});

void t.test('many log in at once, while users are changed', async (t) => {
  const { client } = await start(t, 3, { auth });
  const root = await enableAuth(client(0));
  await addUser(client(0), 'u', 'mine/', 2, root);
  const logins = Array.from({ length: 20 }, (_, i) => tokenOf(client(i % 3), 'u', 'pw'));
  for (let i = 0; i < 5; i++) await client(0).call('Auth/RoleAdd', { name: `r${i}` }, root);
  const tokens = await Promise.all(logins);
  t.equal(new Set(tokens.map(({ token }) => token)).size, 20);
  for (const [i, token] of tokens.entries()) {
    t.equal(await refusal(client((i + 1) % 3).call('KV/Range', { key: bytes('mine/a') }, token)), 'accepted');
  }
});

void t.test('a watch asks for the right to read when it begins, and goes on when that is taken away', async (t) => {
  const { client, cluster } = await start(t, 1, { auth });
  const root = await enableAuth(client(0));
  await addUser(client(0), 'u', 'mine/', 0, root);
  const u = await tokenOf(client(0), 'u', 'pw');
  const watch = client(0).watch(u);
  t.teardown(() => watch.cancel());
  watch.send({ createRequest: prefixOf('min') });
  const cancelReason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
  t.match(await watch.next(), { watchId: -1, created: true, canceled: true, cancelReason });
  watch.send({ createRequest: { ...prefixOf('mine/'), startRevision: -1 } });
  t.match(await watch.next(), { canceled: true, cancelReason: 'mvcc: required revision has been compacted' });
  watch.send({ createRequest: prefixOf('mine/') });
  t.match(await watch.next(), { watchId: 0, created: true, canceled: false });
  await client(0).call('Auth/UserRevokeRole', { name: 'u', role: 'u' }, root);
  await client(0).call('KV/Put', put('mine/a'), root);
  const { events } = await watch.next();
  t.equal(text(events[0]?.kv?.key), 'mine/a');
  watch.send({ createRequest: prefixOf('mine/') });
  t.match(await watch.next(), { canceled: true, cancelReason }, 'another one asks anew');
  t.equal(cluster.running[0]!.describe().watchers, 1);
});

void t.test('users and roles reach a member by a snapshot, and outlast a restart of all', async (t) => {
  const told: string[] = [];
  const log: Log = { ...silentLog, info: (_fields, message) => void told.push(message), child: () => log };
  const { cluster, client } = await start(t, 3, { auth, snapshotCount: 50, catchUpEntries: 10, log });
  const away = ((await cluster.leader()) + 1) % 3;
  const other = (away + 1) % 3;
  await client(other).call('Auth/UserAdd', { name: 'early', password: 'pw' });
  await cluster.settled();
  await cluster.stopMember(away);
  const root = await enableAuth(client(other));
  await addUser(client(other), 'u', 'mine/', 2, root);
  await client(other).call('Auth/UserDelete', { name: 'early' }, root);
  for (let i = 0; i < 150; i++) await client(other).call('KV/Put', put(`mine/${i % 10}`), root);
  await eventually(
    'both logs are cut',
    () => cluster.running.every((member) => member.status().snapshotIndex > 100),
    30_000,
  );
  await cluster.startMember(away);
  await eventually('the snapshot is taken', () => told.includes('restored the store from a snapshot'), 30_000);
  const described = await cluster.settled();
  t.equal(new Set(described.map((d) => d.auth.hash)).size, 1);
  const u = await tokenOf(client(away), 'u', 'pw');
  t.equal(await refusal(client(away).call('KV/Put', put('mine/x'), u)), 'accepted');
  t.equal(await refusal(client(away).call('KV/Put', put('x'), u)), denied);
  t.equal(await refusal(client(away).call('Auth/Authenticate', { name: 'early', password: 'pw' })), failed);

  const before = (await cluster.settled())[0]!.auth;
  await Promise.all([0, 1, 2].map((i) => cluster.stopMember(i)));
  await Promise.all([0, 1, 2].map((i) => cluster.startMember(i)));
  await cluster.leader();
  for (const { auth: after } of await cluster.settled()) t.same(after, before);
  t.equal(await refusal(client(0).call('KV/Range', { key: bytes('mine/x') })), '3 etcdserver: user name is empty');
  const again = await tokenOf(client(0), 'u', 'pw');
  t.equal(await refusal(client(1).call('KV/Range', { key: bytes('mine/x') }, again)), 'accepted');
});

void t.test('a survivor that goes on alone keeps its users', async (t) => {
  const { cluster, client } = await start(t, 3, { auth });
  const root = await enableAuth(client(0));
  await addUser(client(0), 'u', 'mine/', 2, root);
  await client(0).call('Auth/RoleAdd', { name: 'root' }, root);
  const before = (await cluster.settled())[0]!.auth;
  await Promise.all([0, 1, 2].map((i) => cluster.stopMember(i)));
  await forceNewCluster(cluster.optionsOf(1).dataDir, silentLog);
  await cluster.startMember(1);
  await cluster.leader();
  t.same(cluster.running[0]!.describe().auth, before);
  const u = await tokenOf(client(1), 'u', 'pw');
  t.equal(await refusal(client(1).call('KV/Put', put('mine/a'), u)), 'accepted');
  t.equal(await refusal(client(1).call('KV/Put', put('a'), u)), denied);
  const { perm } = await client(1).call<AuthRoleGetResponse>('Auth/RoleGet', { role: 'u' }, u);
  t.match(perm, [{ permType: 2, ...prefixOf('mine/') }]);
});

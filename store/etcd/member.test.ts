import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Etcd3 } from 'etcd3';
import t from 'tap';
import { sleep } from '../../base/clock.ts';
import type { HashKVResponse, LeaseGrantResponse, RangeResponse, TxnResponse } from '../../proto/etcd-types.ts';
import { startEtcdMember } from './member.ts';
import { bytes, TestClient, text } from './test-client.ts';
import { TestCluster } from './test-cluster.ts';

const run = promisify(execFile);
const zero = new Uint8Array(1);

async function single(
  t: { teardown(action: () => unknown): void },
  more = {},
): Promise<{ cluster: TestCluster; client: TestClient }> {
  const cluster = await TestCluster.start(1, more);
  const client = new TestClient(cluster.clientUrl(0));
  t.teardown(async () => {
    client.close();
    await cluster.stop();
  });
  return { cluster, client };
}

async function refused(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return 'ok';
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return `${code} ${details}`;
  }
}

void t.test('KV: errors have etcd’s codes and texts', async (t) => {
  const { client } = await single(t, { maxRequestBytes: 2000, maxTxnOps: 2 });
  const key = bytes('k');
  await client.call('KV/Put', { key, value: bytes('1') });
  await client.call('KV/Put', { key, value: bytes('2') });
  await client.call('KV/Compact', { revision: 3, physical: true });
  const put = { requestPut: { key } };
  const table: Record<string, [string, object, string]> = {
    'no key': ['KV/Put', {}, '3 etcdserver: key is not provided'],
    compacted: ['KV/Range', { key, revision: 2 }, '11 etcdserver: mvcc: required revision has been compacted'],
    future: ['KV/Range', { key, revision: 9 }, '11 etcdserver: mvcc: required revision is a future revision'],
    'compacted already': ['KV/Compact', { revision: 3 }, '11 etcdserver: mvcc: required revision has been compacted'],
    'no lease': ['KV/Put', { key, lease: 5n }, '5 etcdserver: requested lease not found'],
    'no value to keep': ['KV/Put', { key: bytes('x'), ignoreValue: true }, '3 etcdserver: key not found'],
    duplicate: ['KV/Txn', { success: [put, put] }, '3 etcdserver: duplicate key given in txn request'],
    'too many': ['KV/Txn', { success: [put, put, put] }, '3 etcdserver: too many operations in txn request'],
    'too large': ['KV/Put', { key, value: new Uint8Array(3000) }, '3 etcdserver: request is too large'],
    'no lease to revoke': ['Lease/LeaseRevoke', { ID: 9n }, '5 etcdserver: requested lease not found'],
    ttl: ['Lease/LeaseGrant', { TTL: 9e9 + 1 }, '11 etcdserver: too large lease TTL'],
    transferee: ['Maintenance/MoveLeader', { targetID: 1n }, '9 etcdserver: bad leader transferee'],
  };
  for (const [name, [method, request, expected]] of Object.entries(table)) {
    t.equal(await refused(client.call(method, request)), expected, name);
  }
  t.equal(
    await refused(client.call('Maintenance/Downgrade', {})),
    '3 etcdserver: wrong downgrade target version format',
  );
});

void t.test('all acknowledged writes are there after a restart, with the same hash', async (t) => {
  const { cluster, client } = await single(t);
  await Promise.all(
    Array.from({ length: 200 }, (_, i) => client.call('KV/Put', { key: bytes(`k${i}`), value: bytes(String(i)) })),
  );
  await client.call('KV/DeleteRange', { key: bytes('k10'), rangeEnd: bytes('k11') });
  await client.call('KV/Compact', { revision: 100 });
  const before = await client.call<HashKVResponse>('Maintenance/HashKV', {});
  await cluster.stopMember(0);
  await t.rejects(
    startEtcdMember({ ...cluster.optionsOf(0), initialClusterToken: 'another' }),
    /holds data of cluster .* and the flags describe cluster/,
  );
  await cluster.startMember(0);
  await cluster.leader();
  await t.rejects(startEtcdMember(cluster.optionsOf(0)), /in use by another process/);
  const after = await client.call<HashKVResponse>('Maintenance/HashKV', {});
  t.same([after.hash, after.header?.revision], [before.hash, before.header?.revision]);
  const { count } = await client.call<RangeResponse>('KV/Range', { key: zero, rangeEnd: zero });
  t.equal(count, 200 - 11);
});

void t.test('watch: created, events with previous values, progress, cancel, compaction, refusals', async (t) => {
  const { client } = await single(t);
  const watch = client.watch();
  t.teardown(() => watch.cancel());
  const put = (key: string, value: string) => client.call('KV/Put', { key: bytes(key), value: bytes(value) });
  await put('a', '1');
  watch.send({ createRequest: { key: bytes('a'), rangeEnd: bytes('b'), prevKv: true, startRevision: 2 } });
  t.match(await watch.next(), { watchId: 0, created: true, canceled: false, header: { revision: 2 } });
  t.match(await watch.next(), { watchId: 0, events: [{ type: 0, kv: { modRevision: 2 }, prevKv: undefined }] });
  await put('a', '2');
  const second = await watch.next();
  t.equal(text(second.events[0]?.prevKv?.value), '1');
  await client.call('KV/DeleteRange', { key: bytes('a') });
  t.match((await watch.next()).events, [{ type: 1, kv: { modRevision: 4, version: 0 }, prevKv: { modRevision: 3 } }]);
  watch.send({ progressRequest: {} });
  t.match(await watch.next(), { watchId: -1, header: { revision: 4 }, events: [] });

  watch.send({ createRequest: { key: bytes('x'), watchId: 7, filters: [0] } });
  t.match(await watch.next(), { watchId: 7, created: true });
  watch.send({ createRequest: { key: bytes('x'), watchId: 7 } });
  t.match(await watch.next(), { watchId: -1, created: true, canceled: true, cancelReason: /duplicate watch ID/ });
  watch.send({ createRequest: { key: bytes('x'), rangeEnd: bytes('a') } });
  t.match(await watch.next(), { watchId: -1, canceled: true, cancelReason: 'mvcc: watcher range is empty' });
  await put('x', '1');
  await client.call('KV/DeleteRange', { key: bytes('x') });
  t.match(await watch.next(), { watchId: 7, events: [{ type: 1 }] }, 'no puts');
  watch.send({ cancelRequest: { watchId: 7 } });
  t.match(await watch.next(), { watchId: 7, canceled: true });

  await client.call('KV/Compact', { revision: 5 });
  watch.send({ createRequest: { key: bytes('a'), startRevision: 3 } });
  t.match(await watch.next(), { created: true });
  t.match(await watch.next(), { canceled: true, compactRevision: 5 });
});

void t.test('watch: fragments keep a large revision under the limit of a message', async (t) => {
  const { client } = await single(t, { maxRequestBytes: 10_000 });
  const watch = client.watch();
  t.teardown(() => watch.cancel());
  watch.send({ createRequest: { key: bytes('f'), rangeEnd: bytes('g'), fragment: true, prevKv: true } });
  await watch.next();
  const ops = (size: number) =>
    Array.from({ length: 9 }, (_, i) => ({ requestPut: { key: bytes(`f${i}`), value: new Uint8Array(size) } }));
  await client.call('KV/Txn', { success: ops(900) });
  t.match(await watch.next(), { fragment: false, events: { length: 9 } });
  await client.call('KV/Txn', { success: ops(900) });
  const parts = [await watch.next(), await watch.next()];
  t.same(
    parts.map((part) => part.fragment),
    [true, false],
  );
  t.equal(
    parts.reduce((sum, part) => sum + part.events.length, 0),
    9,
  );
});

void t.test('a lease that is not renewed takes its keys with it', async (t) => {
  const { client, cluster } = await single(t, { electionMs: 300, heartbeatMs: 30 });
  const { ID, TTL } = await client.call<LeaseGrantResponse>('Lease/LeaseGrant', { TTL: 0 });
  t.equal(TTL, 1, 'no shorter than an election');
  await client.call('KV/Put', { key: bytes('k'), lease: ID });
  t.match(await client.call('Lease/LeaseTimeToLive', { ID, keys: true }), { grantedTTL: 1, keys: { length: 1 } });
  let count = 1;
  for (let i = 0; i < 60 && count > 0; i++) {
    await sleep(50);
    count = (await client.call<RangeResponse>('KV/Range', { key: bytes('k') })).count;
  }
  t.equal(count, 0);
  t.match(await client.call('Lease/LeaseTimeToLive', { ID }), { TTL: -1 });
  t.equal(cluster.members[0]?.describe().leases, 0);
});

void t.test('over the quota: writes are refused until space is freed and the alarm disarmed', async (t) => {
  const { client, cluster } = await single(t, { quotaBackendBytes: 5000 });
  const put = (value: number) => client.call('KV/Put', { key: bytes('k'), value: new Uint8Array(value) });
  await put(3000);
  const noSpace = '8 etcdserver: mvcc: database space exceeded';
  t.equal(await refused(put(3000)), noSpace);
  t.equal(await refused(put(1)), noSpace, 'the alarm holds');
  t.match(await client.call('Maintenance/Status', {}), { errors: [/NOSPACE/] });
  await client.call('KV/DeleteRange', { key: bytes('k') });
  await client.call('KV/Compact', { revision: 3, physical: true });
  await client.call('Maintenance/Alarm', {
    action: 2,
    memberID: cluster.members[0] ? BigInt(`0x${cluster.members[0].id}`) : 0n,
    alarm: 1,
  });
  t.equal(await refused(put(3000)), 'ok', 'without defragmentation');
});

void t.test('Describe is JSON, and the metrics are Prometheus text', async (t) => {
  const { client, cluster } = await single(t);
  const described = JSON.parse((await client.raw('/kuorum.Member/Describe')).toString()) as object;
  t.match(described, { role: 'leader', revision: 1, compactRevision: -1, members: [{ name: 'm0' }], errors: [] });
  t.match(cluster.members[0]?.metrics(), /^etcd_server_is_leader 1$/m);
});

void t.test('etcd3 from npm: put, get, txn, lease, watch, lock', async (t) => {
  const { cluster } = await single(t);
  const etcd = new Etcd3({ hosts: cluster.clientUrl(0) });
  t.teardown(() => etcd.close());
  await etcd.put('foo').value('bar');
  t.equal(await etcd.get('foo').string(), 'bar');
  t.same(await etcd.getAll().prefix('f').strings(), { foo: 'bar' });
  const result = await etcd.if('foo', 'Value', '==', 'bar').then(etcd.put('foo').value('baz')).commit();
  t.ok(result.succeeded);
  const watcher = await etcd.watch().prefix('w').create();
  const seen = new Promise((resolve) => watcher.once('put', (kv) => resolve(kv.value.toString())));
  const lease = etcd.lease(10);
  await lease.put('w1').value('leased');
  t.equal(await seen, 'leased');
  await lease.revoke();
  t.equal(await etcd.get('w1'), null);
  t.equal(await etcd.lock('l').do(() => 'held'), 'held');
  await watcher.cancel();
});

const ctl = await run('etcdctl', ['version']).then(
  () => true,
  () => false,
);
void t.test('etcdctl: what a user does with it', { skip: ctl ? false : 'etcdctl is not installed' }, async (t) => {
  const { cluster } = await single(t);
  const etcdctl = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: new URL(cluster.clientUrl(0)).host };
    return (await run('etcdctl', args, { env })).stdout.trim();
  };
  t.equal(await etcdctl('put', 'a', '1'), 'OK');
  await etcdctl('put', 'ab', '2');
  t.equal(await etcdctl('get', '--prefix', 'a'), 'a\n1\nab\n2');
  t.equal(await etcdctl('get', '--prefix', 'a', '--rev', '2'), 'a\n1');
  t.equal(
    await etcdctl('get', '--prefix', '', '--keys-only', '--limit', '1', '--sort-by', 'MODIFY', '--order', 'DESCEND'),
    'ab',
  );
  t.equal(await etcdctl('del', 'ab', '--prev-kv'), '1\nab\n2');
  const id = (await etcdctl('lease', 'grant', '100')).split(' ')[1]!;
  await etcdctl('put', '--lease', id, 'leased', 'x');
  t.match(
    await etcdctl('lease', 'timetolive', id, '--keys'),
    /granted with TTL\(100s\), remaining\(9\ds\), attached keys\(\[leased\]\)/,
  );
  t.match(await etcdctl('lease', 'keep-alive', '--once', id), /keepalived with TTL\(100\)/);
  await etcdctl('lease', 'revoke', id);
  t.equal(await etcdctl('get', 'leased'), '');
  t.equal(await etcdctl('compaction', '4'), 'compacted revision 4');
  await t.rejects(etcdctl('get', 'a', '--rev', '2'), /required revision has been compacted/);
  t.match(await etcdctl('endpoint', 'health'), /^$|healthy/);
  t.match(await etcdctl('endpoint', 'status', '-w', 'json'), /"version":"3.6.5"/);
  t.match(await etcdctl('member', 'list'), /started, m0, http/);
  t.match(await etcdctl('endpoint', 'hashkv'), /, \d+/);
});

void t.test('a txn of reads only makes no revision; one with a compare does what it says', async (t) => {
  const { client } = await single(t);
  const key = bytes('k');
  const create = {
    compare: [{ key, target: 2, result: 0, modRevision: 0 }],
    success: [{ requestPut: { key } }],
    failure: [{ requestRange: { key } }],
  };
  t.match(await client.call<TxnResponse>('KV/Txn', create), { succeeded: true, header: { revision: 2 } });
  const again = await client.call<TxnResponse>('KV/Txn', create);
  t.match(again, { succeeded: false, responses: [{ responseRange: { count: 1 } }], header: { revision: 2 } });
  t.match(await client.call('KV/Txn', { success: [{ requestRange: { key } }] }), { header: { revision: 2 } });
});

import { spawn } from 'node:child_process';
import t from 'tap';
import type { HealthCheckResponse, HealthListResponse } from '../../proto/etcd-services-types.ts';
import type { RangeStreamResponse } from '../../proto/etcd-types.ts';
import { etcd } from './command.ts';
import { bytes, TestClient, text } from './test-client.ts';
import { TestCluster } from './test-cluster.ts';

const cluster = await TestCluster.start(1);
const client = new TestClient(cluster.clientUrl(0));
t.teardown(async () => {
  client.close();
  await cluster.stop();
});

void t.test('every unary method of the protos is served', async (t) => {
  for (const [path, { kind }] of etcd.methods) {
    // tried one by one below and elsewhere; a campaign without a name waits for the lock without one
    if (kind !== 'unary' || path.endsWith('/Campaign')) continue;
    const outcome = await client.raw(path).then(
      () => '',
      (error: Error) => error.message,
    );
    t.notMatch(outcome, /unknown method/, path);
  }
});

void t.test('Health: serving as a whole, NotFound for others; Watch tells a stop before it comes', async (t) => {
  const check = (service: string): Promise<HealthCheckResponse> =>
    client.call('/grpc.health.v1.Health/Check', { service });
  t.same(await check(''), { status: 1 });
  await t.rejects(check('etcdserverpb.KV'), { code: 5, details: 'unknown service' });
  t.same(await client.call<HealthListResponse>('/grpc.health.v1.Health/List', {}), { statuses: { '': { status: 1 } } });
  const unknown = client.serverStream<HealthCheckResponse>('/grpc.health.v1.Health/Watch', { service: 'x' });
  t.same(await unknown.next(), { status: 3 });
  unknown.cancel();

  const other = await TestCluster.start(1);
  const watcher = new TestClient(other.clientUrl(0));
  t.teardown(() => watcher.close());
  const seen = watcher.serverStream<HealthCheckResponse>('/grpc.health.v1.Health/Watch', { service: '' });
  t.same(await seen.next(), { status: 1 });
  const stopped = other.stop();
  t.same(await seen.next(), { status: 2 });
  await stopped;
});

void t.test('RangeStream: chunks of one revision; header, more and count come last', async (t) => {
  const keys = 100;
  for (let i = 0; i < keys; i++) {
    await client.call('KV/Put', { key: bytes(`s/${String(i).padStart(3, '0')}`), value: new Uint8Array(40_000) });
  }
  const all = { key: bytes('s/'), rangeEnd: bytes('s0') };
  const read = async (request: object): Promise<RangeStreamResponse['rangeResponse'][]> => {
    const stream = client.serverStream<RangeStreamResponse>('/etcdserverpb.KV/RangeStream', request);
    const found: RangeStreamResponse['rangeResponse'][] = [];
    do found.push((await stream.next()).rangeResponse);
    while (found.at(-1)?.header === undefined);
    return found;
  };
  const names = (found: RangeStreamResponse['rangeResponse'][]): string[] =>
    found.flatMap((chunk) => chunk?.kvs.map(({ key }) => text(key)) ?? []);

  const whole = await read(all);
  t.ok(whole.length > 2, `${whole.length} chunks`);
  t.equal(names(whole).length, keys);
  t.same(names(whole), [...new Set(names(whole))].sort());
  t.match(whole.at(-1), { more: false, count: keys });

  const limited = await read({ ...all, limit: 25, keysOnly: true });
  t.equal(names(limited).length, 25);
  t.match(limited.at(-1), { more: true, count: keys });
  t.match(await read({ ...all, countOnly: true }), [{ kvs: [], count: keys, more: false }]);
  t.match(await read({ key: bytes('s/001') }), [{ count: 1, more: false }]);

  const before = whole.at(-1)?.header?.revision ?? 0;
  await client.call('KV/DeleteRange', all);
  t.match((await read(all)).at(-1), { count: 0 });
  const past = await read({ ...all, revision: before });
  t.equal(names(past).length, keys);
  t.equal(past.at(-1)?.header?.revision, before + 1, 'the header has the newest revision');

  const refused = (request: object): Promise<unknown> =>
    new Promise((resolve) => {
      client.serverStream('/etcdserverpb.KV/RangeStream', request).next().catch(resolve);
    });
  t.match(await refused({}), { code: 3, details: 'etcdserver: key is not provided' });
  t.match(await refused({ ...all, sortTarget: 3, sortOrder: 1 }), {
    code: 12,
    details: 'RangeStream does not support custom sort orders',
  });
  t.match(await refused({ ...all, minModRevision: 3 }), {
    code: 12,
    details: 'RangeStream does not support revision filters',
  });
  t.match(await refused({ ...all, revision: 1e9 }), { code: 11 });
});

void t.test('Downgrade: refused with the reason, mistakes in the words of etcd', async (t) => {
  const downgrade = (action: number, version: string): Promise<object> =>
    client.call('Maintenance/Downgrade', { action, version });
  for (const action of [0, 1]) {
    await t.rejects(downgrade(action, 'x'), { code: 3, details: 'etcdserver: wrong downgrade target version format' });
    await t.rejects(downgrade(action, '3.1.0'), { code: 3, details: 'etcdserver: invalid downgrade target version' });
    await t.rejects(downgrade(action, '3.5'), { code: 12, details: /cannot be downgraded/ });
  }
  t.match(await downgrade(2, ''), { header: {}, version: '3.6' });
});

function run(program: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { PATH: `${process.env['PATH']}:/opt/kuorum-peers/bin` } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', () => resolve({ code: null, output: '' }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

const grpcurl = (await run('grpcurl', '-version')).code === 0;
void t.test(
  'reflection: grpcurl lists, describes and calls',
  { skip: grpcurl ? false : 'no grpcurl here' },
  async (t) => {
    const target = new URL(cluster.clientUrl(0)).host;
    const list = await run('grpcurl', '-plaintext', target, 'list');
    for (const service of [
      'etcdserverpb.KV',
      'etcdserverpb.Watch',
      'v3lockpb.Lock',
      'v3electionpb.Election',
      'grpc.health.v1.Health',
    ]) {
      t.match(list.output, new RegExp(`^${service.replaceAll('.', '\\.')}$`, 'm'));
    }
    for (const path of etcd.methods.keys()) {
      const [, service = '', method = ''] = path.split('/');
      const described = await run('grpcurl', '-plaintext', target, 'describe', `${service}.${method}`);
      t.match(described, { code: 0, output: new RegExp(`rpc ${method} \\(`) }, path);
    }
    const template = await run(
      'grpcurl',
      '-plaintext',
      '-msg-template',
      target,
      'describe',
      'etcdserverpb.WatchRequest',
    );
    t.match(template, { code: 0, output: /oneof request_union/ });
    const put = await run(
      'grpcurl',
      '-plaintext',
      '-d',
      '{"key":"Zm9v","value":"YmFy"}',
      target,
      'etcdserverpb.KV/Put',
    );
    t.match(put, { code: 0, output: /"revision"/ });
    const got = await run('grpcurl', '-plaintext', '-d', '{"key":"Zm9v"}', target, 'etcdserverpb.KV/Range');
    t.match(got, { code: 0, output: /"value": "YmFy"/ });
    t.match(await run('grpcurl', '-plaintext', target, 'describe', 'no.Such'), {
      code: 1,
      output: /not found|not known/i,
    });
  },
);

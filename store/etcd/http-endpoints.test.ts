import http2 from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { grpcServerFrom } from './grpc-server-choice.ts';
import { bytes, TestClient } from './test-client.ts';
import { TestCluster } from './test-cluster.ts';

interface Answer {
  status: number;
  text: string;
}

async function get(url: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(url, { method });
  return { status: response.status, text: await response.text() };
}

/** the HTTP/2 of grpc-js answers nothing but gRPC */
const plainHttp2 = grpcServerFrom(process.env) === 'lean';

/** as curl --http2-prior-knowledge */
function getHttp2(url: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = http2.connect(url);
    const stream = client.request({ ':path': path });
    const answer: Answer = { status: 0, text: '' };
    stream.on('response', (headers) => (answer.status = Number(headers[':status'])));
    stream.on('data', (chunk: Buffer) => (answer.text += chunk.toString()));
    stream.on('error', reject);
    stream.on('close', () => {
      client.close();
      resolve(answer);
    });
    stream.end();
  });
}

void t.test('HTTP on the client port, beside gRPC: health, probes, version and metrics', async (t) => {
  const cluster = await TestCluster.start(3);
  t.teardown(() => cluster.stop());
  const leader = await cluster.leader();
  const url = cluster.clientUrl(leader);
  const healthy = { status: 200, text: '{"health":"true","reason":""}' };
  const cases: [path: string, expected: { status: number; text: string | RegExp }][] = [
    ['/health', healthy],
    ['/health?serializable=true', healthy],
    ['/health?exclude=NOSPACE', healthy],
    ['/livez', { status: 200, text: 'ok\n' }],
    ['/livez?verbose', { status: 200, text: '[+]serializable_read ok\nok\n' }],
    ['/livez/linearizable_read', { status: 404, text: /not found/ }],
    ['/readyz', { status: 200, text: 'ok\n' }],
    ['/readyz/linearizable_read', { status: 200, text: 'ok\n' }],
    ['/readyz?verbose&exclude=data_corruption', { status: 200, text: /^\[\+\]serializable_read ok\n\[\+\]linearizable_read ok\n\[\+\]non_learner ok\nok\n$/ }],
    ['/version', { status: 200, text: '{"etcdserver":"3.6.5","etcdcluster":"3.6.0","storage":"3.6.0"}' }],
    ['/metrics', { status: 200, text: /^etcd_server_is_leader 1$/m }],
    ['/metrics', { status: 200, text: /^kuorum_raft_leader_changes_total\{reason="[a-z -]+"\} 1$/m }],
    ['/nothing', { status: 404, text: /not found/ }],
    ['/__proto__', { status: 404, text: /not found/ }],
  ]; // prettier-ignore
  for (const [path, expected] of cases) {
    t.match(await get(`${url}${path}`), expected, `${path} over HTTP/1.1`);
    if (plainHttp2) t.match(await getHttp2(url, path), expected, `${path} over HTTP/2`);
  }
  t.match(await get(`${url}/health`, 'POST'), { status: 405 });

  for (const other of [0, 1, 2].filter((place) => place !== leader)) await cluster.stopMember(other);
  t.match(await get(`${url}/health?serializable=true`), healthy, 'alone it still answers for itself');
  const alone = await get(`${url}/health`);
  t.equal(alone.status, 503);
  t.match(alone.text, /^\{"health":"false","reason":"(RAFT NO LEADER|RANGE ERROR:etcdserver: .*)"\}\n$/);
  t.match(await get(`${url}/readyz`), { status: 503, text: /\[-\]linearizable_read failed: etcdserver: / });
});

void t.test('/metrics: what dashboards of etcd look for, and each name once', async (t) => {
  const cluster = await TestCluster.start(1);
  const client = new TestClient(cluster.clientUrl(0));
  t.teardown(async () => {
    client.close();
    await cluster.stop();
  });
  for (let i = 0; i < 3; i++) await client.call('KV/Put', { key: bytes('a') });
  await t.rejects(client.call('KV/Put', {}));
  const watch = client.watch();
  watch.send({ createRequest: { key: bytes('a') } });
  await watch.next();
  await get(`${cluster.clientUrl(0)}/readyz`);
  const { text } = await get(`${cluster.clientUrl(0)}/metrics`);
  const put = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
  const found = (name: string): number => {
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
  };
  const exact: Record<string, number> = {
    [`grpc_server_started_total{${put}}`]: 4,
    [`grpc_server_handled_total{grpc_code="OK",${put}}`]: 3,
    [`grpc_server_handled_total{grpc_code="InvalidArgument",${put}}`]: 1,
    'grpc_server_started_total{grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"}': 1,
    'grpc_server_handled_total{grpc_code="OK",grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"}': 0,
    'etcd_server_has_leader': 1,
    'etcd_server_is_learner': 0,
    'etcd_server_proposals_failed_total': 0,
    'etcd_server_healthcheck{type="readyz",name="linearizable_read"}': 1,
    'etcd_cluster_version{cluster_version="3.6"}': 1,
    'etcd_debugging_mvcc_keys_total': 1,
  }; // prettier-ignore
  for (const [name, value] of Object.entries(exact)) t.equal(found(name), value, name);
  const atLeast: Record<string, number> = {
    etcd_server_leader_changes_seen_total: 1,
    etcd_server_proposals_committed_total: 3,
    etcd_server_proposals_applied_total: 3,
    etcd_mvcc_db_total_size_in_bytes: 1,
    etcd_mvcc_db_total_size_in_use_in_bytes: 1,
    etcd_disk_wal_fsync_duration_seconds_count: 3,
    'etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"}': 3,
    'etcd_disk_backend_commit_duration_seconds_bucket{le="8.192"}': 0,
    etcd_network_client_grpc_received_bytes_total: 300,
    etcd_network_client_grpc_sent_bytes_total: 300,
    process_resident_memory_bytes: 1e6,
    process_cpu_seconds_total: 0.01,
    process_start_time_seconds: 1e9,
  };
  for (const [name, value] of Object.entries(atLeast)) t.ok(found(name) >= value, `${name} ${found(name)}`);
  const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  t.same(types, [...new Set(types)]);
  t.notMatch(text, /NaN|undefined/);
  watch.cancel();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

void t.test('listenMetricsUrls: health and metrics alone, beside the client port', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const cluster = await TestCluster.start(1, { listenMetricsUrls: [url], grpcServer: 'grpc-js' });
  t.teardown(() => cluster.stop());
  t.match(await get(`${url}/metrics`), { status: 200, text: /^etcd_server_has_leader 1$/m });
  t.match(await get(`${url}/health`), { status: 200 });
  t.match(await get(`${url}/readyz?verbose`), { status: 200, text: /linearizable_read ok/ });
  for (const path of ['/version', '/v3/kv/range', '/']) t.match(await get(`${url}${path}`), { status: 404 }, path);
});

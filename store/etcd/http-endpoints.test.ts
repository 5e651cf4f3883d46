import http2 from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { TestCluster } from './test-cluster.ts';

interface Answer {
  status: number;
  text: string;
}

async function get(url: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(url, { method });
  return { status: response.status, text: await response.text() };
}

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
    ['/metrics', { status: 200, text: /^kuorum_raft_leader_changes_total\{reason="start of the group"\} 1$/m }],
    ['/nothing', { status: 404, text: /not found/ }],
    ['/__proto__', { status: 404, text: /not found/ }],
  ]; // prettier-ignore
  for (const [path, expected] of cases) {
    t.match(await get(`${url}${path}`), expected, `${path} over HTTP/1.1`);
    t.match(await getHttp2(url, path), expected, `${path} over HTTP/2`);
  }
  t.match(await get(`${url}/health`, 'POST'), { status: 405 });

  for (const other of [0, 1, 2].filter((place) => place !== leader)) await cluster.stopMember(other);
  t.match(await get(`${url}/health?serializable=true`), healthy, 'alone it still answers for itself');
  const alone = await get(`${url}/health`);
  t.equal(alone.status, 503);
  t.match(alone.text, /^\{"health":"false","reason":"(RAFT NO LEADER|RANGE ERROR:etcdserver: .*)"\}\n$/);
  t.match(await get(`${url}/readyz`), { status: 503, text: /\[-\]linearizable_read failed: etcdserver: / });
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
  const cluster = await TestCluster.start(1, { listenMetricsUrls: [url] });
  t.teardown(() => cluster.stop());
  t.match(await get(`${url}/metrics`), { status: 200, text: /^etcd_server_has_leader 1$/m });
  t.match(await get(`${url}/health`), { status: 200 });
  t.match(await get(`${url}/readyz?verbose`), { status: 200, text: /linearizable_read ok/ });
  for (const path of ['/version', '/v3/kv/range', '/']) t.match(await get(`${url}${path}`), { status: 404 }, path);
  t.match(await get(`${cluster.clientUrl(0)}/metrics`), { status: 200 });
});

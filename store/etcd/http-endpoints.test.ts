import http2 from 'node:http2';
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
    ['/readyz?verbose&exclude=data_corruption', { status: 200, text: /^\[\+\]serializable_read ok\n\[\+\]linearizable_read ok\nok\n$/ }],
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
  t.match(alone.text, /^\{"health":"false","reason":"RAFT NO LEADER|RANGE ERROR"\}$/);
  t.match(await get(`${url}/readyz`), { status: 503, text: /\[-\]linearizable_read failed: linearizable read error/ });
});

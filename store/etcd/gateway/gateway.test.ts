import { credentials } from '@grpc/grpc-js';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import http2 from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import t from 'tap';
import { seededRandom } from '../../../base/random.ts';
import { eventually } from '../../../client/testing/eventually.ts';
import { createTestAuthority } from '../../../grpc/testing/certificates.ts';
import type { RangeResponse } from '../../../proto/etcd-types.ts';
import { enableAuth } from '../auth/test-auth.ts';
import { grpcServerFrom } from '../grpc-server-choice.ts';
import { bytes, TestClient } from '../test-client.ts';
import { TestCluster } from '../test-cluster.ts';
import { gatewayRoutes } from './routes.ts';

const maxRequestBytes = 100_000;
const cluster = await TestCluster.start(1, { maxRequestBytes });
const url = cluster.clientUrl(0);
const client = new TestClient(url);
t.teardown(async () => {
  client.close();
  await cluster.stop();
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inLine = async (name: string): Promise<number> =>
  (
    await client.call<RangeResponse>('KV/Range', {
      key: bytes(`${name}/`),
      rangeEnd: bytes(`${name}0`),
      countOnly: true,
    })
  ).count;

async function post(path: string, body: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${url}/v3/${path}`, { method: 'POST', body: text });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

interface Line {
  readonly result?: { readonly events?: readonly { readonly kv: { readonly version: string } }[] };
}

interface Exchange {
  readonly request: Writable;
  readonly response: Promise<Readable>;
  destroy(): void;
}

function overHttp2(path: string): Exchange {
  const session = http2.connect(url);
  session.on('error', () => {});
  const stream = session.request({ ':path': path, ':method': 'POST' });
  stream.on('error', () => {});
  return { request: stream, response: Promise.resolve(stream), destroy: () => session.destroy() };
}

/** grpc-js takes no plain HTTP/2 */
function overHttp1(path: string): Exchange {
  const request = httpRequest(`${url}${path}`, { method: 'POST', agent: false });
  request.on('error', () => {});
  const response = new Promise<Readable>((resolve) => request.once('response', resolve));
  return { request, response, destroy: () => request.destroy() };
}

/** Reads lines as they come, while the body goes on. */
class Conversation {
  readonly #exchange: Exchange;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.#exchange = (grpcServerFrom(process.env) === 'lean' ? overHttp2 : overHttp1)(`/v3/${path}`);
    this.#lines = this.#read();
  }

  async *#read(): AsyncGenerator<string> {
    let rest = '';
    for await (const chunk of await this.#exchange.response) {
      const parts = (rest + String(chunk)).split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  }

  send(message: object): void {
    this.#exchange.request.write(JSON.stringify(message));
  }

  async next(): Promise<Line> {
    return JSON.parse(String((await this.#lines.next()).value)) as Line;
  }

  close(): void {
    this.#exchange.destroy();
  }
}

void t.test('watch goes both ways: requests are answered while events come', async (t) => {
  const conversation = new Conversation('watch');
  conversation.send({ create_request: { key: base64('w') } });
  t.match(await conversation.next(), { result: { created: true } });
  await post('kv/put', { key: base64('w'), value: base64('1') });
  t.match(await conversation.next(), { result: { events: [{ kv: { value: base64('1') } }] } });
  conversation.send({ create_request: { key: base64('w2'), watch_id: '7' } });
  t.match(await conversation.next(), { result: { created: true, watch_id: '7' } });
  await client.call('KV/DeleteRange', { key: bytes('w') });
  t.match(await conversation.next(), { result: { events: [{ type: 'DELETE' }] } });
  conversation.send({ cancel_request: {} });
  t.match(await conversation.next(), { result: { canceled: true } });
  t.equal(cluster.running[0]!.describe().watchers, 1);
  conversation.close();
  await eventually('the watch goes with its client', () => cluster.running[0]!.describe().watchers === 0);
});

void t.test('a stream whose request goes wrong is told so, as an answer or in a line of its own', async (t) => {
  t.match(await post('watch', '{"create_request":5}'), {
    status: 400,
    answer: { code: 3, message: /unexpected token 5/ },
  });
  t.match(await post('watch', '{"create_request"'), { status: 400, answer: { code: 3, message: 'unexpected EOF' } });
  const conversation = new Conversation('watch');
  conversation.send({ create_request: { key: base64('w') } });
  await conversation.next();
  conversation.send({ cancel_request: [] });
  t.match(await conversation.next(), { error: { code: 3, message: /unexpected token \[/ } });
  conversation.close();
});

void t.test('a client that goes gives up what it waited for; grpc-timeout ends a call', async (t) => {
  await post('lock/lock', { name: base64('g') });
  const request = httpRequest(`${url}/v3/lock/lock`, { method: 'POST', agent: false });
  request.on('error', () => {});
  request.end(JSON.stringify({ name: base64('g') }));
  await eventually('it waits', async () => (await inLine('g')) === 2);
  request.destroy();
  await eventually('it has left the line', async () => (await inLine('g')) === 1);

  const late = await fetch(`${url}/v3/lock/lock`, {
    method: 'POST',
    headers: { 'grpc-timeout': '200m' },
    body: JSON.stringify({ name: base64('g') }),
  });
  t.equal(late.status, 504);
  t.same(await late.json(), { code: 4, message: 'context deadline exceeded' });
  await eventually('so has this', async () => (await inLine('g')) === 1);
});

void t.test('a watcher that does not read holds little, and misses nothing', async (t) => {
  const value = base64('x'.repeat(50_000));
  const conversation = new Conversation('watch');
  conversation.send({ create_request: { key: base64('slow') } });
  await conversation.next();
  const before = process.memoryUsage().external;
  for (let i = 0; i < 200; i++) await post('kv/put', { key: base64('slow'), value });
  const held = process.memoryUsage().external - before;
  t.ok(held < 60_000_000, `${held} bytes more, for 10 MB of values and as much again in JSON`);
  const versions: string[] = [];
  while (versions.length < 200) {
    const { result } = await conversation.next();
    for (const { kv } of result?.events ?? []) versions.push(kv.version);
  }
  t.same(
    versions,
    Array.from({ length: 200 }, (_, i) => String(i + 1)),
  );
  conversation.close();
});

void t.test(
  'requests beyond the bound of gRPC are refused as there, and much larger ones without being kept',
  async (t) => {
    const put = (size: number) => post('kv/put', { key: base64('big'), value: base64('x'.repeat(size)) });
    t.match(await put(90_000), { status: 200 });
    t.match(await put(110_000), { status: 400, answer: { message: 'etcdserver: request is too large' } });
    t.match(await put(700_000), { status: 429, answer: { code: 8, message: /received message larger than max/ } });
    t.match(await put(5_000_000), { status: 429, answer: { code: 8, message: /received message larger than max/ } });
  },
);

void t.test('no body, however wrong, does harm (every path, 600 bodies by seed)', async (t) => {
  const random = seededRandom(23);
  // what changes who is a member, or waits
  const left = /cluster|enable|watch|lock\/lock|campaign|observe|defragment|snapshot|keepalive/;
  const paths = [...gatewayRoutes.keys()].filter((path) => !left.test(path)).map((path) => path.slice('/v3/'.length));
  const bits = [
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    'null',
    '1e999',
    '-',
    '"key"',
    '"Zm9v"',
    '"ID":',
    '\\',
    '\u0000',
    'é',
    '{"a":{',
    '"success":[',
  ];
  for (let i = 0; i < 600; i++) {
    const body = Array.from({ length: random.below(12) }, () => bits[random.below(bits.length)]).join('');
    const path = paths[i % paths.length]!;
    const { status, answer } = await post(path, body).catch((error: unknown) => ({ status: 0, answer: { error } }));
    if (![200, 400, 401, 404, 412, 429, 500, 501, 503].includes(status)) t.fail(`${path} ${body}: ${status}`);
    else if (status !== 200 && !('message' in answer)) t.fail(`${path} ${body}: ${JSON.stringify(answer)}`);
  }
  t.match(await post('kv/range', { key: base64('w') }), { status: 200 });
});

void t.test('without --enable-grpc-gateway there is none', async (t) => {
  const other = await TestCluster.start(1, { enableGrpcGateway: false });
  t.teardown(() => other.stop());
  const response = await fetch(`${other.clientUrl(0)}/v3/kv/range`, { method: 'POST', body: '{}' });
  t.equal(response.status, 404);
});

void t.test('a certificate says nothing of who asks: refused while authentication is enabled, as etcd', async (t) => {
  const authority = await createTestAuthority('a');
  const other = await TestCluster.start(1, {
    clientTls: await authority.issue('server'),
    listenClientUrls: ['https://127.0.0.1:0'],
    auth: { bcryptCost: 4 },
  });
  t.teardown(() => other.stop());
  const { cert, key, ca } = await authority.issue('root');
  const secureUrl = other.running[0]!.clientUrls[0]!;
  const grpc = new TestClient(secureUrl, credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert)));
  t.teardown(() => grpc.close());
  const range = (): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const request = httpsRequest(
        `${secureUrl}/v3/kv/range`,
        { method: 'POST', cert, key, ca, agent: false },
        (answer) => {
          let text = '';
          answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        },
      );
      request.on('error', reject);
      request.end(JSON.stringify({ key: base64('x') }));
    });
  t.match(await range(), { status: 200 });
  await enableAuth(grpc);
  t.match(await range(), {
    status: 400,
    text: /^CommonName of client sending a request against gateway will be ignored/,
  });
});

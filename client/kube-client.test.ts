import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import { sleep } from '../base/clock.ts';
import { parseJsonLines } from './json-lines.ts';
import { createKubeClient } from './kube-client.ts';
import { parseKubeconfig } from './kubeconfig.ts';
import { configMaps } from './resources.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';
import { ApiError } from './types.ts';
import type { ClientConfig, WatchEvent } from './types.ts';

async function fake(test: Test, config: (url: string) => Partial<ClientConfig> = () => ({})) {
  const server = new FakeApiServer([configMaps]);
  const url = await server.listen();
  const client = createKubeClient({ servers: [url], ...config(url) });
  test.teardown(async () => {
    await client.close();
    await server.close();
  });
  return { server, client };
}

const deadServer = 'http://127.0.0.1:1';

void t.test('client creates, reads, changes and deletes', async (test) => {
  const { client } = await fake(test);
  const resource = client.resource(configMaps);
  const created = await resource.create({ metadata: { name: 'a', namespace: 'n' }, data: { x: '1' } });
  test.match(await resource.get('a', 'n'), { kind: 'ConfigMap', data: { x: '1' } });
  test.match(await resource.update({ ...created, data: { x: '2' } }), { data: { x: '2' } });
  await test.rejects(resource.update(created), { code: 409, reason: 'Conflict' });
  test.match(await resource.patch('a', 'merge', { data: { y: '3' } }, 'n'), { data: { x: '2', y: '3' } });
  await resource.delete('a', 'n');
  await test.rejects(resource.get('a', 'n'), { name: 'ApiError', code: 404, reason: 'NotFound' });
});

void t.test('client goes to another server where one cannot be reached, and stays there', async (test) => {
  const { server, client } = await fake(test, (url) => ({ servers: [deadServer, url] }));
  await client.resource(configMaps).create({ metadata: { name: 'a', namespace: 'n' } });
  await client.resource(configMaps).get('a', 'n');
  test.equal(server.requests.length, 2);
});

void t.test('client says which servers it tried when none can be reached', async (test) => {
  const client = createKubeClient({ servers: [deadServer] });
  await test.rejects(client.request('GET', '/version'), {
    code: 0,
    message: /GET \/version \(servers: http:\/\/127.0.0.1:1\): .*ECONNREFUSED/,
  });
  await client.close();
});

void t.test('client does not repeat a write that broke midway', async (test) => {
  let connections = 0;
  const breaking = createTcpServer((socket) => {
    connections++;
    socket.on('data', () => socket.destroy());
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(breaking.address() as AddressInfo).port}`;
  const { server, client } = await fake(test, (good) => ({ servers: [url, good] }));
  await test.rejects(client.resource(configMaps).create({ metadata: { name: 'a', namespace: 'n' } }), { code: 0 });
  test.equal(connections, 1);
  test.equal(server.requests.length, 0);
  breaking.close();
});

void t.test('client retries 429 as Retry-After says, and gives up in the end', async (test) => {
  let requests = 0;
  const busy = createServer((request, response) => {
    requests++;
    if (request.url === '/once' && requests > 1) response.end('fine');
    else response.writeHead(429, { 'retry-after': '0' }).end('too many requests');
  });
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  const client = createKubeClient({ servers: [`http://127.0.0.1:${(busy.address() as AddressInfo).port}`] });
  test.equal(await client.request('GET', '/once'), 'fine');
  requests = 0;
  await test.rejects(client.request('GET', '/always'), { code: 429 });
  test.equal(requests, 5);
  await client.close();
  busy.close();
});

void t.test('client gives up a server that accepts and then says nothing', async (test) => {
  const silent = createTcpServer((socket) => void socket.on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const client = createKubeClient({ servers: [url], requestTimeoutMs: 100 });
  await test.rejects(client.request('GET', '/version'), { code: 0, message: /no answer within 100 ms/ });
  await client.close();
  silent.close();
});

void t.test('watch delivers events and ends at once on its signal', async (test) => {
  const { server, client } = await fake(test);
  const abort = new AbortController();
  const seen: string[] = [];
  server.store.create(configMaps, 'n', { metadata: { name: 'a' } });
  for await (const event of client.resource(configMaps).watch({ resourceVersion: '1', signal: abort.signal })) {
    seen.push(event.type);
    abort.abort();
  }
  test.same(seen, ['ADDED']);
});

void t.test('watch throws ApiError where it cannot begin', async (test) => {
  const { server, client } = await fake(test);
  server.store.compact();
  const events = client.resource(configMaps).watch({ resourceVersion: '1' });
  await test.rejects(
    (async () => {
      for await (const _ of events) void _;
    })(),
    { code: 410, reason: 'Expired' },
  );
});

void t.test('parseJsonLines', async (test) => {
  async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield Buffer.from(text);
  }
  const read = async (bytesMax: number, ...texts: string[]): Promise<unknown[]> => {
    const out: unknown[] = [];
    for await (const value of parseJsonLines<WatchEvent<object>>(chunks(...texts), bytesMax)) out.push(value);
    return out;
  };
  test.same(
    await read(100, '{"a":1}\n{"b":', '2}', '\n\n{"c":3}\n{"cut'),
    [{ a: 1 }, { b: 2 }, { c: 3 }],
    'lines over chunks',
  );
  test.same(await read(100, '{"a":"ä'.slice(0, 7), '"}\n'), [{ a: 'ä' }], 'letters of several bytes');
  await test.rejects(read(4, '{"a":1}\n'), { name: 'LineTooLongError' }, 'a whole line over the bound');
  await test.rejects(read(4, '{"a"', ':1'), { name: 'LineTooLongError' }, 'an unfinished line over the bound');
});

void t.test('parseKubeconfig', (test) => {
  const base = [
    'current-context: c',
    'clusters: [{name: k, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: Q0E=}}]',
    'contexts: [{name: c, context: {cluster: k, user: u}}]',
  ].join('\n');
  const users = 'users: [{name: u, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}]';
  const expected = { servers: ['https://127.0.0.1:6443'], ca: 'CA', cert: 'CERT', key: 'KEY' };
  test.match(parseKubeconfig(`${base}\n${users}`, 'f'), expected, 'embedded certificates');
  const cases: [string, string, RegExp][] = [
    ['no context', 'clusters: []', /kubeconfig f: no current-context/],
    ['unknown context', 'current-context: x', /no context "x"/],
    ['not YAML', 'a: [', /not YAML/],
    ['exec login', `${base}\nusers: [{name: u, user: {exec: {command: x}}}]`, /not supported/],
    ['missing file', `${base}\nusers: [{name: u, user: {client-key: /nowhere}}]`, /\/nowhere cannot be read/],
  ];
  for (const [name, text, message] of cases) test.throws(() => parseKubeconfig(text, 'f'), { message }, name);
  test.ok(new ApiError(404, 'NotFound', 'x') instanceof Error);
  test.end();
});

void t.test('client notices a server that was paused, and ends what it owed', async (test) => {
  // Answers requests until it is frozen; then its sockets stay open and silent.
  let frozen = false;
  const server = createServer((request, response) => {
    if (frozen) return;
    if (request.url?.includes('watch=true')) response.writeHead(200).flushHeaders();
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const other = await fake(test);
  const client = createKubeClient({ servers: [url, other.server.url], probeAfterSilenceMs: 100 });
  const watching = (async () => {
    for await (const _ of client.resource(configMaps).watch({})) void _;
  })();
  await sleep(250);
  frozen = true;
  await test.rejects(watching, { code: 0, message: /does not answer any more/ });
  test.match(await client.request('GET', '/livez'), { ok: true }, 'the other server is asked next');
  await client.close();
  server.closeAllConnections();
  server.close();
});

void t.test('a scoped client ends all that is under way with its signal', async (test) => {
  const silent = createTcpServer((socket) => void socket.on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const client = createKubeClient({ servers: [`http://127.0.0.1:${(silent.address() as AddressInfo).port}`] });
  const abort = new AbortController();
  const scoped = client.scoped?.(abort.signal) ?? client;
  const refused = test.rejects(
    scoped.resource(configMaps).create({ metadata: { name: 'a', namespace: 'n' } }),
    /term over/,
  );
  abort.abort(new Error('term over'));
  await refused;
  await test.rejects(scoped.request('GET', '/version'), /term over/);
  await client.close();
  silent.close();
});

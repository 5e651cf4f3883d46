import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Stream } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import { sleep } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { TestCa, type KeyPair } from '../testing/certificates.ts';
import { HttpServer } from './http-server.ts';

const bodyTimeoutMs = 300;

/** Notes the lengths of the bodies that were handed on. */
async function startServer(ca: TestCa, bodies: number[]): Promise<HttpServer> {
  const server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    tls: await ca.issue('CN=kube-apiserver'),
    authorities: [ca.cert],
    log: silentLog,
    bodyTimeoutMs,
    handle: async (ctx) => {
      bodies.push(ctx.body.length);
      if (ctx.info.path === '/stream') {
        ctx.reply.stream(200, 'text/plain').write(new TextEncoder().encode('begun'));
        return;
      }
      const body = ctx.info.path === '/large' ? 'x'.repeat(8 * 1024 * 1024) : '';
      ctx.reply.send(ctx.clientCertificate === undefined ? 401 : 200, 'text/plain', body);
    },
    refuse: (ctx) => ctx.reply.send(400, 'text/plain', 'refused'),
  });
  await server.listen();
  return server;
}

void t.test('HttpServer', async (t) => {
  const ca = await TestCa.make();
  const bodies: number[] = [];
  const server = await startServer(ca, bodies);
  const identity = await ca.issue('CN=jane');
  t.teardown(() => server.close(0));
  const tls = (pair?: KeyPair): object => ({ ca: ca.cert, ...pair });

  const http1 = (pair: KeyPair | undefined, bodyLength: number, sent: number): Promise<string> =>
    new Promise((resolve) => {
      const headers = { 'content-length': String(bodyLength) };
      const options = { port: server.port, method: 'POST', path: '/x', headers, agent: false, ...tls(pair) };
      const request = httpsRequest(options, (response) => {
        resolve(String(response.statusCode));
        request.destroy();
      });
      request.once('error', () => resolve('closed'));
      request.write('x'.repeat(sent));
    });
  const http2 = async (pair: KeyPair | undefined, sent: number, end: boolean): Promise<string> => {
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, tls(pair));
    const stream: ClientHttp2Stream = session.request({
      ':method': 'POST',
      ':path': '/x',
      'content-type': 'application/yaml',
    });
    const answer = Promise.race([
      once(stream, 'response').then(([headers]) => String((headers as Record<string, unknown>)[':status'])),
      once(stream, 'close').then(() => 'closed'),
    ]);
    stream.write('x'.repeat(sent));
    if (end) stream.end();
    stream.on('error', () => {});
    const seen = await answer;
    session.destroy();
    return seen;
  };

  await t.test('answers who shows no credentials without waiting for the body', async (t) => {
    t.equal(await http1(undefined, 1_000, 10), '401');
    t.equal(await http2(undefined, 10, false), '401');
  });
  await t.test('reads whole bodies', async (t) => {
    t.equal(await http1(identity, 10, 10), '200');
    t.equal(await http2(identity, 10, true), '200');
  });
  await t.test('answers others of a connection while large answers wait for their reader', async (t) => {
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, tls(identity));
    const waiting = Array.from({ length: 4 }, () => session.request({ ':path': '/large' }));
    for (const stream of waiting) stream.pause().on('error', () => {});
    await Promise.all(waiting.map((stream) => once(stream, 'response')));
    const small = session.request({ ':path': '/small' });
    const [headers] = (await once(small, 'response')) as [Record<string, unknown>];
    t.equal(headers[':status'], 200);
    session.destroy();
  });
  await t.test('gives up on a body that does not come', async (t) => {
    const started = performance.now();
    t.equal(await http1(identity, 1_000, 10), 'closed');
    t.equal(await http2(identity, 10, false), 'closed');
    t.ok(performance.now() - started >= 2 * bodyTimeoutMs - 50);
  });
  await t.test('lets a stream that is asked for without a body go on', async (t) => {
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, tls(identity));
    const stream = session.request({ ':path': '/stream' }).on('error', () => {});
    await once(stream, 'data');
    await sleep(2 * bodyTimeoutMs);
    t.notOk(stream.closed);
    session.destroy();
  });
  await t.test('hands on nothing of a body whose connection breaks', async (t) => {
    bodies.length = 0;
    const socket = connectTls({ port: server.port, ALPNProtocols: ['h2'], ...tls(identity) });
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, { createConnection: () => socket });
    session.on('error', () => {});
    const headers = { ':method': 'POST', ':path': '/x', 'content-type': 'application/yaml' };
    const stream = session.request(headers);
    stream.on('error', () => {});
    stream.write('kind: ConfigMap');
    await sleep(50);
    socket.destroy();
    await sleep(50);
    t.equal(await http2(identity, 10, true), '200');
    t.same(bodies, [10]);
  });
  await t.test('survives clients that leave in the middle of everything', async (t) => {
    for (let i = 0; i < 20; i++) {
      const session = connectHttp2(`https://127.0.0.1:${server.port}`, tls(identity));
      session.on('error', () => {});
      const stream = session.request({ ':method': 'POST', ':path': '/x', 'content-type': 'application/yaml' });
      stream.on('error', () => {});
      stream.end('x'.repeat(i * 1_000));
      if (i % 2 === 0) await sleep(i);
      session.destroy();
    }
    t.equal(await http2(identity, 10, true), '200');
  });
});

void t.test('HttpServer aborts the signal of a request when it is over, as an abort', async (t) => {
  const ca = await TestCa.make();
  const signals: AbortSignal[] = [];
  const server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    tls: await ca.issue('CN=kube-apiserver'),
    authorities: [ca.cert],
    log: silentLog,
    handle: async (ctx) => {
      signals.push(ctx.signal);
      ctx.reply.send(200, 'text/plain', '');
    },
    refuse: (ctx) => ctx.reply.send(400, 'text/plain', 'refused'),
  });
  await server.listen();
  t.teardown(() => server.close(0));
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, { ca: ca.cert });
  t.teardown(() => session.destroy());
  const stream = session.request({ ':path': '/x', authorization: 'Bearer x' });
  stream.resume();
  await once(stream, 'close');
  for (let i = 0; i < 200 && signals[0]?.aborted !== true; i++) await sleep(10);
  t.equal(signals[0]?.aborted, true);
  t.match(signals[0]?.reason, { name: 'AbortError' });
});

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { sleep } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { TestCa } from '../testing/certificates.ts';
import { fakeContext } from '../testing/fake-context.ts';
import { startTestServer } from '../testing/test-server.ts';
import { HttpServer } from './http-server.ts';
import { requestDeadline } from './request-deadline.ts';

void t.test('requestDeadline', async (t) => {
  const stage = requestDeadline(30);
  const slow = (): Promise<void> => sleep(10_000);
  const late = {
    code: 504,
    reason: 'Timeout',
    message: 'Timeout: request did not complete within the allotted timeout',
  };
  await t.rejects(stage(fakeContext({ info: { resource: 'pods' } }), slow), late);
  await t.rejects(stage(fakeContext({ path: '/x?timeout=5ms' }), slow), late, 'what is asked for counts, too');
  await t.rejects(stage(fakeContext({ path: '/x?timeout=1h' }), slow), late, 'but is no longer than the limit');
  await t.rejects(stage(fakeContext({ path: '/x?timeout=soon' }), slow), {
    code: 400,
    message: /^invalid timeout specified in the request URL/,
  });
  await stage(fakeContext({ info: { resource: 'pods', verb: 'watch' } }), () => sleep(60));
  await stage(fakeContext({ path: '/x' }), () => Promise.resolve());
  t.pass('watches have no deadline');
});

void t.test('answers and connections', async (t) => {
  const ca = await TestCa.make();
  const large = JSON.stringify({ data: 'x'.repeat(200_000) });
  const server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    tls: await ca.issue('CN=localhost'),
    authorities: [ca.cert],
    log: silentLog,
    goawayChance: 1,
    handle: async (ctx) => ctx.reply.send(200, 'application/json', ctx.info.path === '/large' ? large : '{}'),
    refuse: (ctx) => ctx.reply.send(400, 'text/plain', 'refused'),
  });
  await server.listen();
  t.teardown(() => server.close(0));

  const get = (path: string, encoding: string): Promise<{ encoding: string | undefined; body: Buffer; vary: string }> =>
    new Promise((resolve, reject) => {
      const headers = { 'accept-encoding': encoding };
      const request = httpsRequest({ port: server.port, path, headers, ca: ca.cert, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            encoding: response.headers['content-encoding'],
            body: Buffer.concat(chunks),
            vary: String(response.headers.vary),
          }),
        );
      });
      request.once('error', reject);
      request.end();
    });

  await t.test('large answers are compressed for those who take that', async (t) => {
    const compressed = await get('/large', 'deflate, gzip;q=1.0, *;q=0.5');
    t.equal(compressed.encoding, 'gzip');
    t.match(compressed.vary, /Accept-Encoding/);
    t.equal(gunzipSync(compressed.body).toString(), large);
    for (const encoding of ['identity', 'gzip;q=0', 'xgzip']) {
      const plain = await get('/large', encoding);
      t.equal(plain.encoding, undefined, encoding);
      t.equal(plain.body.toString(), large);
    }
    t.equal((await get('/small', 'gzip')).encoding, undefined, 'small ones are not worth it');
  });

  await t.test('a client that is sent away gets its answer, and GOAWAY', async (t) => {
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, { ca: ca.cert });
    t.teardown(() => session.destroy());
    const goaway = once(session, 'goaway');
    const stream = session.request({ ':path': '/small' });
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    t.equal(headers[':status'], 200);
    stream.resume();
    const [code] = (await goaway) as [number];
    t.equal(code, 0);
  });
});

void t.test('a server that is told to stop serves on for a while, and says that it does not want more', async (t) => {
  const server = await startTestServer({ shutdownDelayMs: 400 });
  const { admin } = server;
  const stopping = server.server.stop(200);
  await eventually('it is not ready any more', async () => (await admin.request('GET', '/readyz')).status === 500);
  t.equal((await admin.request('GET', '/livez')).status, 200);
  t.equal((await admin.request('GET', '/api/v1/namespaces')).status, 200, 'requests are still answered');
  await stopping;
  await t.rejects(admin.request('GET', '/livez'));
  await server.stop();
});

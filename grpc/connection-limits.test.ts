import http2 from 'node:http2';
import { connect } from 'node:net';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { serveGrpcJs } from './grpc-js-server.ts';
import { frameType, preface } from './lean/frame.ts';
import { serveLean } from './lean/lean-server.ts';
import type { Method } from './server.ts';

t.setTimeout(60_000);
const raw = { decode: (bytes: Uint8Array) => bytes, encode: (bytes: Uint8Array) => bytes };
const echo: Method = { kind: 'unary', path: '/t.T/Echo', request: raw, response: raw, handle: (bytes) => bytes };
const emptySettings = Buffer.from([0, 0, 0, frameType.settings, 0, 0, 0, 0, 0]);

for (const [name, serve] of [
  ['lean', serveLean],
  ['grpc-js', serveGrpcJs],
] as const) {
  const start = async (t: { teardown(fn: () => unknown): unknown }, limits: object): Promise<number> => {
    const server = await serve({ urls: ['http://127.0.0.1:0'], methods: [echo], limits });
    t.teardown(() => server.close());
    return server.ports[0]!;
  };

  void t.test(`${name}: a client is told how many calls it may have at a time`, async (t) => {
    const session = http2.connect(`http://127.0.0.1:${await start(t, { maxConcurrentCalls: 3 })}`);
    t.teardown(() => session.destroy());
    const settings = await new Promise<http2.Settings>((resolve) => session.once('remoteSettings', resolve));
    t.equal(settings.maxConcurrentStreams, 3);
  });

  void t.test(`${name}: a client that is silent and does not answer is left; one that answers stays`, async (t) => {
    const port = await start(t, { keepAliveMs: 100, keepAliveAnswerMs: 1500 });
    const silent = connect(port, '127.0.0.1');
    let closed = false;
    silent.on('close', () => (closed = true)).on('error', () => {});
    silent.resume();
    silent.write(Buffer.concat([Buffer.from(preface), emptySettings]));
    const session = http2.connect(`http://127.0.0.1:${port}`);
    t.teardown(() => session.destroy());
    await new Promise((resolve) => session.once('connect', resolve));
    await eventually('the silent one is left', () => closed);
    t.equal(session.closed, false);
  });
}

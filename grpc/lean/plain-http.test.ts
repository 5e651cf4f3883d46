import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import type { Readable } from 'node:stream';
import t from 'tap';
import { eventually } from '../../client/testing/eventually.ts';
import type { HttpHandler } from '../server.ts';
import { wholeBody } from '../whole-body.ts';
import { serveLean } from './lean-server.ts';

type Test = Pick<typeof t, 'teardown'>;

interface Exchange {
  readonly status: Promise<number>;
  /** the answer's body; paused until it is read */
  readonly body: Promise<Readable>;
  write(part: string): void;
  end(): void;
  destroy(): void;
}
type Protocol = (url: string) => Exchange;

const overHttp1: Protocol = (url) => {
  const request = httpRequest(`${url}/x`, { method: 'POST', agent: false });
  request.on('error', () => {});
  request.flushHeaders();
  const answered = new Promise<IncomingMessage>((resolve) => request.on('response', resolve));
  return {
    status: answered.then(({ statusCode }) => statusCode ?? 0),
    body: answered,
    write: (part) => void request.write(part),
    end: () => void request.end(),
    destroy: () => void request.destroy(),
  };
};

const overHttp2: Protocol = (url) => {
  const client = http2.connect(url);
  client.on('error', () => {});
  const stream = client.request({ ':path': '/x', ':method': 'POST' });
  stream.on('error', () => {});
  stream.on('close', () => client.close());
  return {
    status: new Promise((resolve) => stream.on('response', (headers) => resolve(Number(headers[':status'])))),
    body: Promise.resolve(stream),
    write: (part) => void stream.write(part),
    end: () => void stream.end(),
    destroy: () => client.destroy(),
  };
};

async function serve(t: Test, http: HttpHandler): Promise<string> {
  const server = await serveLean({ urls: ['http://127.0.0.1:0'], methods: [], http });
  t.teardown(() => server.close());
  return `http://127.0.0.1:${server.ports[0]}`;
}

async function read(exchange: Exchange): Promise<string> {
  let text = '';
  for await (const part of await exchange.body) text += String(part);
  return text;
}

const part = (text: string): Uint8Array => Buffer.from(text);

for (const [name, open] of Object.entries({ 'HTTP/1.1': overHttp1, 'HTTP/2': overHttp2 })) {
  void t.test(`${name}: parts of an answer leave as they are made, while parts of the request come`, async (t) => {
    const url = await serve(t, ({ parts }) => ({
      status: 200,
      headers: {},
      body: (async function* () {
        for await (const got of parts) yield part(`<${Buffer.from(got).toString()}>`);
        yield part('end');
      })(),
    }));
    const exchange = open(url);
    const body = (await exchange.body)[Symbol.asyncIterator]();
    for (const word of ['one', 'two']) {
      exchange.write(word);
      t.equal(String((await body.next()).value), `<${word}>`);
    }
    exchange.end();
    t.equal(await exchange.status, 200);
    t.equal(String((await body.next()).value), 'end');
    t.equal((await body.next()).done, true);
  });

  void t.test(`${name}: who does not read is waited for; who goes is told of, and nothing more is made`, async (t) => {
    let made = 0;
    let ended = false;
    let signal: AbortSignal | undefined;
    const url = await serve(t, (request) => {
      ({ signal } = request);
      return {
        status: 200,
        headers: {},
        body: (async function* () {
          try {
            for (;;) {
              made++;
              yield Buffer.alloc(64 * 1024);
            }
          } finally {
            ended = true;
          }
        })(),
      };
    });
    const exchange = open(url);
    exchange.end();
    t.equal(await exchange.status, 200);
    let seen = -1;
    await eventually('it stops', async () => {
      const before = made;
      await new Promise((resolve) => setTimeout(resolve, 100));
      seen = made;
      return before === made && made > 0;
    });
    t.ok(seen < 1000, `${seen} parts of 64 KiB were made for somebody who reads nothing`);
    exchange.destroy();
    await eventually('it is told', () => ended && signal?.aborted === true);
  });

  void t.test(`${name}: an answer that fails in the middle does not look whole`, async (t) => {
    const url = await serve(t, () => ({
      status: 200,
      headers: {},
      body: (async function* () {
        yield part('half');
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('a bug');
      })(),
    }));
    const exchange = open(url);
    exchange.end();
    await t.rejects(read(exchange));
  });

  void t.test(`${name}: a body beyond the bound is refused, and errors of the handler are told`, async (t) => {
    const bounded: HttpHandler = async (request) => ({
      status: 200,
      headers: {},
      body: await wholeBody(request, 100_000),
    });
    const url = await serve(t, bounded);
    const small = open(url);
    small.write('x'.repeat(50_000));
    small.write('y'.repeat(50_000));
    small.end();
    t.equal((await read(small)).length, 100_000);
    const large = open(url);
    large.write('x'.repeat(100_001));
    t.equal(await large.status, 413);
    large.destroy();
    const failing = open(await serve(t, () => Promise.reject(new Error('a bug'))));
    failing.end();
    t.equal(await failing.status, 500);
    t.match(await read(failing), /a bug/);
  });
}

void t.test('a client that breaks off in the middle of its body is not taken for one that has finished', async (t) => {
  const outcomes: string[] = [];
  let started = 0;
  const url = await serve(t, async (request) => {
    started++;
    const outcome = await wholeBody(request, 1000).then(String, () => 'broken off');
    outcomes.push(outcome);
    return { status: 200, headers: {}, body: part('') };
  });
  for (const [i, open] of [overHttp1, overHttp2].entries()) {
    const exchange = open(url);
    exchange.write('half');
    await eventually('it is asked', () => started === i + 1);
    exchange.destroy();
  }
  await eventually('both are seen', () => outcomes.length === 2);
  t.same(outcomes, ['broken off', 'broken off']);
});

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { eventually } from '../../client/testing/eventually.ts';
import { GrpcError, grpcCode } from '../server.ts';
import type { StreamHandler } from '../server.ts';
import { serveLean } from './lean-server.ts';
import { LeanStream } from './lean-stream.ts';

type Test = Pick<typeof t, 'teardown'>;

const bytes = { decode: (b: Uint8Array) => b, encode: (b: Uint8Array) => b };
const path = '/test.Echo/Stream';

async function serve(test: Test, handle: StreamHandler<Uint8Array, Uint8Array>): Promise<string> {
  const method = { kind: 'bidi-stream' as const, path, request: bytes, response: bytes, handle };
  const server = await serveLean({ urls: ['http://127.0.0.1:0'], methods: [method] });
  test.teardown(() => server.close());
  return `http://127.0.0.1:${server.ports[0]}`;
}

function open(test: Test, url: string) {
  const seen = { messages: [] as Buffer[], drains: 0, ends: [] as string[] };
  const stream = new LeanStream(
    { url, path, metadata: { name: 'me' }, maxMessageBytes: 8 * 1024 * 1024 },
    {
      onMessage: (message) => void seen.messages.push(message),
      onDrain: () => void seen.drains++,
      onEnd: (code, text) => void seen.ends.push(`${code} ${text}`),
    },
  );
  test.teardown(() => stream.close());
  return { stream, seen };
}

void t.test('messages of all sizes pass both ways in order, within the windows; a full one says so', async (t) => {
  const url = await serve(t, async (stream) => {
    for await (const message of stream.requests) {
      stream.send(message);
      await stream.drained();
    }
  });
  const { stream, seen } = open(t, url);
  const sizes = [0, 1, 100, 16_379, 16_380, 70_000, 3_000_000, 5];
  const taken = sizes.map((size, i) => stream.send(Buffer.alloc(size, i + 1)));
  t.notOk(taken[6], 'three megabytes are more than the server has room for');
  await eventually('all back', () => seen.messages.length === sizes.length);
  t.same(
    seen.messages.map((message) => [message.length, message[0]]),
    sizes.map((size, i) => [size, size === 0 ? undefined : i + 1]),
  );
  await eventually('drained', () => seen.drains > 0);
  t.same(seen.ends, []);
});

void t.test("the server's status ends the call, with its text; also that of a method that is not there", async (t) => {
  const url = await serve(t, () => Promise.reject(new GrpcError(grpcCode.failedPrecondition, 'not ours: 100 % – ü')));
  const { seen } = open(t, url);
  await eventually('end', () => seen.ends.length > 0);
  t.same(seen.ends, ['9 not ours: 100 % – ü']);
});

void t.test('a refused connection, one that closes, and one that talks nonsense end the call once', async (t) => {
  const silent = createServer((socket) =>
    socket
      .resume()
      .on('error', () => {})
      .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const nonsense = open(t, `http://127.0.0.1:${port}`);
  await eventually('end', () => nonsense.seen.ends.length > 0);
  await new Promise((resolve) => silent.close(resolve));
  const refused = open(t, `http://127.0.0.1:${port}`);
  await eventually('end', () => refused.seen.ends.length > 0);
  t.match(refused.seen.ends, [/^14 .*ECONNREFUSED/]);
  const url = await serve(t, async (stream) => {
    for await (const _ of stream.requests) stream.send(Buffer.from('x'));
  });
  const closed = open(t, url);
  closed.stream.send(Buffer.from('y'));
  await eventually('answer', () => closed.seen.messages.length > 0);
  closed.stream.close();
  t.ok(closed.stream.send(Buffer.from('z')), 'what is sent after the end goes nowhere');
  t.same([nonsense.seen.ends.length, refused.seen.ends.length, closed.seen.ends.length], [1, 1, 0]);
});

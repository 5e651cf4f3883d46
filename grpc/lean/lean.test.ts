import { execFile } from 'node:child_process';
import http2 from 'node:http2';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import t from 'tap';
import { sleep } from '../../base/clock.ts';
import { seededRandom } from '../../base/random.ts';
import { findPeer, lacking } from '../../e2e/testing/peers.ts';
import { plainText } from '../plain-text.ts';
import type { GrpcServerOptions, HttpHandler, Method } from '../server.ts';
import { wholeBody } from '../whole-body.ts';
import { errorCode, frameType, preface } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { HpackDecoder, literalField } from './hpack.ts';
import { codeLengths, decodeHuffman } from './huffman.ts';
import { serveLean } from './lean-server.ts';

t.setTimeout(120_000);

type Teardown = { teardown(fn: () => unknown): unknown };

const raw = { decode: (bytes: Uint8Array) => bytes, encode: (bytes: Uint8Array) => bytes };
const echo: Method = {
  kind: 'unary',
  path: '/t.T/Echo',
  request: raw,
  response: raw,
  handle: (bytes: Uint8Array) => bytes,
};

async function serve(t: Teardown, change: Partial<GrpcServerOptions> = {}) {
  const server = await serveLean({ urls: ['http://127.0.0.1:0'], methods: [echo], ...change });
  t.teardown(() => server.close());
  return { port: server.ports[0]!, url: `http://127.0.0.1:${server.ports[0]}` };
}

const bytesOfHex = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

void t.test('HPACK: the requests of RFC 7541, C.3 and C.4, each on the table the ones before it made', (t) => {
  const first = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
  const second = [...first, 'cache-control', 'no-cache'];
  const index = [':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'];
  const third = [...index, 'custom-key', 'custom-value'];
  const cases = {
    'C.3 plain': ['828684410f7777772e6578616d706c652e636f6d', '828684be58086e6f2d6361636865', '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'],
    'C.4 Huffman': ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf', '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'],
  }; // prettier-ignore
  for (const [name, blocks] of Object.entries(cases)) {
    const decoder = new HpackDecoder(10_000);
    const lists = blocks.map((block) => decoder.decode(bytesOfHex(block)));
    t.same(lists, [first, second, third], name);
  }
  t.end();
});

void t.test('HPACK: what cannot be decoded ends the connection, with the reason', (t) => {
  const cases: Record<string, [block: string, message: RegExp]> = {
    'index 0': ['80', /no field 0/],
    'an index beyond the table': ['ff00', /no field 127/],
    'a cut-off string': ['400a6375', /cut off/],
    'a cut-off integer': ['7f', /cut off/],
    'an integer without end': ['7fffffffffffffff', /too large/],
    'a table larger than allowed': ['3fe13f', /8192 bytes: more than/],
    'a table size update behind a field': ['8220', /before the first field/],
    'a Huffman string with the end symbol': ['0085ffffffff0100', /not a valid Huffman code/],
  };
  for (const [name, [block, message]] of Object.entries(cases)) {
    t.throws(() => new HpackDecoder(10_000).decode(bytesOfHex(block)), { name: 'ConnectionError', message }, name);
  }
  const big = Buffer.concat(Array.from({ length: 50 }, () => literalField('name', 'v'.repeat(100))));
  t.throws(() => new HpackDecoder(5000).decode(big), { code: errorCode.enhanceYourCalm }, 'a list over the bound');
  t.end();
});

void t.test(
  'Huffman: the code is complete, and 400 strings that node:http2 encoded come back as they were',
  async (t) => {
    t.equal(codeLengths.length, 257);
    t.equal(
      codeLengths.reduce((sum, bits) => sum + 2 ** -bits, 0),
      1,
      'no code is left over (Kraft)',
    );
    t.equal(decodeHuffman(Buffer.of(0xff)), undefined, 'padding of a whole byte');
    const random = seededRandom(7);
    const letter = (): string => String.fromCharCode(33 + random.below(94) + (random.below(3) === 0 ? 128 : 0));
    const values = Array.from({ length: 400 }, () => Array.from({ length: 1 + random.below(40) }, letter).join(''));
    const seen: string[] = [];
    const peer = createServer((socket) => {
      const reader = new FrameReader();
      const decoder = new HpackDecoder(1e6);
      socket.on('error', () => {});
      socket.write(Buffer.from([0, 0, 0, frameType.settings, 0, 0, 0, 0, 0]));
      socket.on('data', (chunk: Buffer) => {
        reader.read(chunk, ({ type, payload }) => {
          if (type !== frameType.headers) return;
          const fields = decoder.decode(payload);
          seen.push(fields[fields.indexOf('x-test') + 1]!);
        });
      });
    });
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    const client = http2.connect(`http://127.0.0.1:${(peer.address() as AddressInfo).port}`);
    t.teardown(() => {
      client.destroy();
      peer.close();
    });
    client.on('error', () => {});
    await new Promise((resolve) => client.once('connect', resolve));
    for (const value of values) client.request({ ':path': '/', 'x-test': value }).on('error', () => {});
    while (seen.length < values.length) await new Promise((resolve) => setImmediate(resolve));
    t.same(seen, values);
  },
);

void t.test('plain HTTP/2 on the same port: answered by the handler, and 415 where there is none', async (t) => {
  const get = (url: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const client = http2.connect(url);
      const stream = client.request({ ':path': '/health?x=1' });
      let status = 0;
      let text = '';
      stream.on('response', (headers) => (status = Number(headers[':status'])));
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('error', reject);
      stream.on('close', () => {
        client.close();
        resolve({ status, text });
      });
      stream.end();
    });
  const body = 'x'.repeat(300_000); // more than any window
  const { url } = await serve(t, {
    http: ({ method, path }) => ({ status: 200, headers: {}, body: Buffer.from(`${method} ${path} ${body}`) }),
  });
  t.same(await get(url), { status: 200, text: `GET /health?x=1 ${body}` });
  t.match(await get((await serve(t)).url), { status: 415, text: /speaks gRPC/ });
  const failing = await serve(t, { http: () => Promise.reject(new Error('a bug')) });
  t.match(await get(failing.url), { status: 500, text: /a bug/ });
});

/** Sends bytes, gives the GOAWAY's error code (undefined: the connection stayed or went without one). */
function goAwayAfter(port: number, bytes: Buffer): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const reader = new FrameReader();
    let code: number | undefined;
    socket.on('data', (chunk: Buffer) => {
      reader.read(preface.length > 0 && !reader.started ? Buffer.concat([preface, chunk]) : chunk, (frame) => {
        if (frame.type === frameType.goaway) code = frame.payload.readUInt32BE(4);
      });
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(code));
    socket.write(bytes);
    const idle = setTimeout(() => socket.destroy(), 1500);
    socket.on('close', () => clearTimeout(idle));
  });
}

function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}
const hello = Buffer.concat([preface, frame(frameType.settings, 0, 0)]);
const openCall = (id: number): Buffer => {
  const fields = { ':method': 'POST', ':scheme': 'http', ':path': '/t.T/Echo', 'content-type': 'application/grpc' };
  return frame(frameType.headers, 0x4, id, Buffer.concat(Object.entries(fields).map(([k, v]) => literalField(k, v))));
};
const reset = (id: number): Buffer => frame(frameType.rstStream, 0, id, Buffer.from([0, 0, 0, 8]));

void t.test('floods end the connection with ENHANCE_YOUR_CALM; others are served meanwhile', async (t) => {
  const { port } = await serve(t);
  const many = (count: number, one: (i: number) => Buffer): Buffer =>
    Buffer.concat([hello, ...Array.from({ length: count }, (_, i) => one(i))]);
  const cases: Record<string, Buffer> = {
    'pings': many(3000, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))),
    'settings': many(1000, () => frame(frameType.settings, 0, 0)),
    'rapid resets': many(3000, (i) => Buffer.concat([openCall(2 * i + 1), reset(2 * i + 1)])),
    'empty data': Buffer.concat([many(0, () => preface), openCall(1), ...Array<Buffer>(50_000).fill(frame(frameType.data, 0, 1))]),
    'a header block without end': Buffer.concat([hello, frame(frameType.headers, 0, 1, Buffer.alloc(10)), ...Array<Buffer>(100).fill(frame(frameType.continuation, 0, 1, Buffer.alloc(10)))]),
  }; // prettier-ignore
  for (const [name, bytes] of Object.entries(cases)) {
    t.equal(await goAwayAfter(port, bytes), errorCode.enhanceYourCalm, name);
  }
  t.equal(
    await goAwayAfter(port, Buffer.from('HELLO\r\n\r\n')),
    errorCode.protocolError,
    'neither HTTP/2 nor HTTP/1.1',
  );
});

void t.test('random bytes and broken frames never harm the server (2,000 connections by seed)', async (t) => {
  const { port } = await serve(t);
  const random = seededRandom(11);
  const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.below(256)));
  const attack = (): Buffer => {
    const frames = Array.from({ length: 1 + random.below(8) }, () =>
      random.below(3) === 0 ? openCall(1 + 2 * random.below(5)) : frame(random.below(11), random.below(256), random.below(12), noise(random.below(60))),
    ); // prettier-ignore
    return Buffer.concat([random.below(10) === 0 ? noise(30) : hello, ...frames, noise(random.below(20))]);
  };
  const send = (bytes: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
    });
  for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 50 }, () => send(attack())));
  const client = http2.connect(`http://127.0.0.1:${port}`);
  t.teardown(() => client.close());
  const stream = client.request({ ':method': 'POST', ':path': '/t.T/Echo', 'content-type': 'application/grpc' });
  const answer = new Promise<Buffer>((resolve, reject) => {
    stream.on('data', resolve);
    stream.on('error', reject);
  });
  stream.end(Buffer.from([0, 0, 0, 0, 1, 42]));
  t.same(await answer, Buffer.from([0, 0, 0, 0, 1, 42]), 'and the next call is answered');
});

void t.test('h2spec passes', { skip: lacking('h2spec') }, async (t) => {
  // An answer that leaves before the request is whole cannot tell that its body is not as long as it says; some cases
  // never end theirs.
  const http: HttpHandler = async (request) => {
    await Promise.race([wholeBody(request, 1 << 20), sleep(300)]);
    return plainText(200, 'an answer of some bytes');
  };
  const { port } = await serve(t, { http });
  const args = ['-h', '127.0.0.1', '-p', String(port), '-o', '30'];
  const { stdout } = await promisify(execFile)(findPeer('h2spec')!, args, { maxBuffer: 1e7 }).catch(
    (error: unknown) => error as { stdout: string },
  );
  t.match(stdout, /145 tests, 145 passed, 0 skipped, 0 failed/);
});

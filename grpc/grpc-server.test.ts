import * as grpc from '@grpc/grpc-js';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { serveGrpcJs } from './grpc-js-server.ts';
import { serveLean } from './lean/lean-server.ts';
import { GrpcError, grpcCode } from './server.ts';
import type { GrpcServer, GrpcServerOptions, Method, MessageCodec, ServerStream } from './server.ts';
import { createTestAuthority } from './testing/certificates.ts';

type Test = typeof t;
type Teardown = { teardown(fn: () => unknown): unknown };

const text: MessageCodec<string> = {
  decode: (bytes) => Buffer.from(bytes).toString(),
  encode: (message) => Buffer.from(message),
};
const codecs = { request: text, response: text };
const encode = (value: string): Buffer => Buffer.from(value);
const decode = (bytes: Buffer): string => bytes.toString();

/** Both servers carry the same handlers; what is promised here holds for each. */
const servers = { 'grpc-js': serveGrpcJs, lean: serveLean } as const;
type Kind = keyof typeof servers;

async function serve(
  t: Teardown,
  kind: Kind,
  methods: Method[],
  change: Partial<GrpcServerOptions> = {},
): Promise<GrpcServer> {
  const server = await servers[kind]({ urls: ['http://127.0.0.1:0'], methods, ...change });
  t.teardown(() => server.close());
  return server;
}

function clientOf(t: Teardown, server: GrpcServer, credentials = grpc.credentials.createInsecure()): grpc.Client {
  const client = new grpc.Client(`127.0.0.1:${server.ports[0]}`, credentials, { 'grpc.use_local_subchannel_pool': 1 });
  t.teardown(() => client.close());
  return client;
}

function call(client: grpc.Client, path: string, request: string, metadata = new grpc.Metadata()): Promise<string> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, encode, decode, request, metadata, {}, (error, response) => {
      if (error) reject(error);
      else resolve(response ?? '');
    });
  });
}

const bidi = (client: grpc.Client, path: string): grpc.ClientDuplexStream<string, string> =>
  client.makeBidiStreamRequest(path, encode, decode, new grpc.Metadata(), {});

/** Everything a call receives until it ends. */
function outcome(stream: grpc.ClientDuplexStream<string, string> | grpc.ClientReadableStream<string>) {
  const messages: string[] = [];
  return new Promise<{ messages: string[]; code: number; details: string }>((resolve) => {
    stream.on('data', (message: string) => messages.push(message));
    stream.on('error', () => {});
    stream.on('status', ({ code, details }) => resolve({ messages, code, details }));
  });
}

const stream = (path: string, handle: (stream: ServerStream<string, string>) => Promise<void>): Method => ({
  kind: 'bidi-stream',
  path,
  ...codecs,
  handle,
});

function each(title: string, run: (t: Test, kind: Kind) => Promise<void>): void {
  for (const kind of Object.keys(servers) as Kind[])
    void t.test(`${kind}: ${title}`, (sub) => run(sub as unknown as Test, kind));
}

each('unary: answers, metadata and errors reach the client as the handler gave them', async (t, kind) => {
  const server = await serve(t, kind, [
    { kind: 'unary', path: '/t.T/Sync', ...codecs, handle: (request: string) => `${request} at once` },
    { kind: 'unary', path: '/t.T/Echo', ...codecs, handle: async (request, c) => `${request} ${c.metadata('token')}` },
    {
      kind: 'unary',
      path: '/t.T/Compacted',
      ...codecs,
      handle: () => {
        throw new GrpcError(grpcCode.outOfRange, 'etcdserver: mvcc: required revision has been compacted');
      },
    },
    { kind: 'unary', path: '/t.T/Bug', ...codecs, handle: () => Promise.reject(new Error('a bug')) },
  ]);
  const client = clientOf(t, server);
  const metadata = new grpc.Metadata();
  metadata.set('token', 'secret');
  t.equal(await call(client, '/t.T/Sync', 'hello'), 'hello at once');
  t.equal(await call(client, '/t.T/Echo', 'hello', metadata), 'hello secret');
  await t.rejects(call(client, '/t.T/Compacted', 'x'), {
    code: 11,
    details: 'etcdserver: mvcc: required revision has been compacted',
  });
  await t.rejects(call(client, '/t.T/Bug', 'x'), { code: 2, details: 'a bug' });
  await t.rejects(call(client, '/t.T/None', 'x'), { code: 12 });
});

each('bidi: a handler may answer, and fail, after the client has half-closed', async (t, kind) => {
  const collect = async (requests: AsyncIterable<string>): Promise<string> => {
    const all: string[] = [];
    for await (const request of requests) all.push(request);
    return all.join(',');
  };
  const server = await serve(t, kind, [
    stream('/t.T/Join', async (s) => void s.send(await collect(s.requests))),
    stream('/t.T/JoinAndFail', async (s) => {
      throw new GrpcError(grpcCode.failedPrecondition, await collect(s.requests));
    }),
    stream('/t.T/First', async (s) => {
      for await (const request of s.requests) {
        s.send(`first: ${request}`);
        break;
      }
      s.send('and more');
    }),
  ]);
  const client = clientOf(t, server);
  for (const [path, expected] of [
    ['/t.T/Join', { messages: ['a,b'], code: 0 }],
    ['/t.T/JoinAndFail', { messages: [], code: 9, details: 'a,b' }],
    ['/t.T/First', { messages: ['first: a', 'and more'], code: 0 }],
  ] as const) {
    const duplex = bidi(client, path);
    const result = outcome(duplex);
    duplex.write('a');
    duplex.write('b');
    duplex.end();
    t.match(await result, expected, path);
  }
});

each('server-stream and client-stream are seen as streams', async (t, kind) => {
  const server = await serve(t, kind, [
    {
      kind: 'server-stream',
      path: '/t.T/Count',
      ...codecs,
      handle: async (s) => {
        for await (const request of s.requests) for (let i = 0; i < Number(request); i++) s.send(`${i}`);
      },
    },
    {
      kind: 'client-stream',
      path: '/t.T/Sum',
      ...codecs,
      handle: async (s) => {
        let sum = 0;
        for await (const request of s.requests) sum += Number(request);
        s.send(`${sum}`);
      },
    },
  ]);
  const client = clientOf(t, server);
  const counted = client.makeServerStreamRequest('/t.T/Count', encode, decode, '3', new grpc.Metadata(), {});
  t.match(await outcome(counted), { messages: ['0', '1', '2'], code: 0 });
  const sum = await new Promise<string>((resolve, reject) => {
    const sent = client.makeClientStreamRequest(
      '/t.T/Sum',
      encode,
      decode,
      new grpc.Metadata(),
      {},
      (error, response) => (error ? reject(error) : resolve(response ?? '')),
    );
    sent.write('20');
    sent.write('22');
    sent.end();
  });
  t.equal(sum, '42');
});

each('send tells when the client does not read, and drained when it does again', async (t, kind) => {
  let sentBeforeFull = 0;
  const server = await serve(t, kind, [
    stream('/t.T/Flood', async (s) => {
      while (s.send('x'.repeat(100_000))) sentBeforeFull++;
      await s.drained();
      s.send('drained');
    }),
  ]);
  const duplex = bidi(clientOf(t, server), '/t.T/Flood');
  const result = outcome(duplex);
  const { messages } = await result;
  t.ok(sentBeforeFull < 1000, `${sentBeforeFull} messages were buffered`);
  t.equal(messages.at(-1), 'drained');
});

each(
  'a call that ends on the client side aborts the signal and ends the requests, however it ends',
  async (t, kind) => {
    let seen: (what: string) => void = () => {};
    const watching = stream('/t.T/Watch', async (s) => {
      s.signal.addEventListener('abort', () => seen('aborted'));
      s.send('ready');
      for await (const request of s.requests) s.send(request);
      seen('requests ended');
    });
    const server = await serve(t, kind, [watching]);
    const ways: Record<string, (client: grpc.Client, duplex: grpc.ClientDuplexStream<string, string>) => void> = {
      'the call is cancelled': (_, duplex) => duplex.cancel(),
      'the connection closes': (client) => client.close(),
    };
    for (const [name, end] of Object.entries(ways)) {
      const client = clientOf(t, server);
      const events: string[] = [];
      const both = new Promise<void>((resolve) => {
        seen = (what) => {
          if (events.push(what) === 2) resolve();
        };
      });
      const duplex = bidi(client, '/t.T/Watch');
      duplex.on('error', () => {});
      await new Promise((resolve) => duplex.once('data', resolve));
      end(client, duplex);
      if (name === 'the connection closes') duplex.cancel();
      await both;
      t.same(events.sort(), ['aborted', 'requests ended'], name);
    }
  },
);

each('a deadline of the client aborts a unary call', async (t, kind) => {
  let aborted: () => void = () => {};
  const wasAborted = new Promise<void>((resolve) => (aborted = resolve));
  const handle = async (_: string, c: { signal: AbortSignal }): Promise<string> => {
    await new Promise<void>((resolve) => c.signal.addEventListener('abort', () => resolve()));
    aborted();
    return '';
  };
  const server = await serve(t, kind, [{ kind: 'unary', path: '/t.T/Slow', ...codecs, handle }]);
  const client = clientOf(t, server);
  await t.rejects(
    new Promise((resolve, reject) => {
      const options = { deadline: new Date(performance.timeOrigin + performance.now() + 100) };
      client.makeUnaryRequest('/t.T/Slow', encode, decode, 'x', options, (error) =>
        error ? reject(error) : resolve(''),
      );
    }),
    { code: 4 },
  );
  await wasAborted;
});

each('a request above the bound is refused with ResourceExhausted; the next one passes', async (t, kind) => {
  const server = await serve(
    t,
    kind,
    [{ kind: 'unary', path: '/t.T/Length', ...codecs, handle: (request: string) => `${request.length}` }],
    { maxRequestBytes: 1000 },
  );
  const client = clientOf(t, server);
  await t.rejects(call(client, '/t.T/Length', 'x'.repeat(1001)), { code: 8 });
  t.equal(await call(client, '/t.T/Length', 'x'.repeat(1000)), '1000');
});

each(
  'mutual TLS: the certificate names the caller; without one there is no connection; ALPN chooses',
  async (t, kind) => {
    const authority = await createTestAuthority('test CA');
    const own = await authority.issue('server');
    const who: Method = {
      kind: 'unary',
      path: '/t.T/Who',
      ...codecs,
      handle: (_: string, c: { peerCommonName: string | undefined }) => `${c.peerCommonName}`,
    };
    const server = await serve(t, kind, [who], {
      urls: ['https://127.0.0.1:0'],
      tls: { ...own, requireClientCert: true },
    });
    const credentials = (pem: { cert: string; key: string; ca: string }): grpc.ChannelCredentials =>
      grpc.credentials.createSsl(Buffer.from(authority.ca), Buffer.from(pem.key), Buffer.from(pem.cert));
    const alice = clientOf(t, server, credentials(await authority.issue('alice')));
    t.equal(await call(alice, '/t.T/Who', 'x'), 'alice');
    const nobody = clientOf(t, server, grpc.credentials.createSsl(Buffer.from(authority.ca)));
    await t.rejects(call(nobody, '/t.T/Who', 'x'), { code: 14 });
    const stranger = await (await createTestAuthority('another CA')).issue('alice');
    await t.rejects(call(clientOf(t, server, credentials(stranger)), '/t.T/Who', 'x'), { code: 14 });
    const alice2 = await authority.issue('alice');
    const protocol = await new Promise((resolve, reject) => {
      const socket = connect({
        port: server.ports[0]!,
        host: '127.0.0.1',
        ...alice2,
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      socket.once('secureConnect', () => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      });
      socket.once('error', reject);
    });
    t.equal(protocol, kind === 'lean' ? 'h2' : 'http/1.1', 'who can speak both gets what has plain HTTP too');
  },
);

each('a port in use is refused by name; a unix socket is served', async (t, kind) => {
  const server = await serve(t, kind, []);
  const url = `http://127.0.0.1:${server.ports[0]}`;
  await t.rejects(servers[kind]({ urls: [url], methods: [] }), {
    message: new RegExp(`cannot listen on ${url}: .*EADDRINUSE`),
  });
  const echo: Method = { kind: 'unary', path: '/t.T/Echo', ...codecs, handle: (request: string) => request };
  const dir = await mkdtemp(join(tmpdir(), 'kuorum-grpc-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const socket = `unix://${join(dir, 'grpc.sock')}`;
  await serve(t, kind, [echo], { urls: [socket] });
  const client = new grpc.Client(socket, grpc.credentials.createInsecure());
  t.teardown(() => client.close());
  t.equal(await call(client, '/t.T/Echo', 'over the socket'), 'over the socket');
  await t.rejects(servers[kind]({ urls: [socket], methods: [] }), { message: /EADDRINUSE/ }, 'a socket in use');
});

each('a unix socket that a killed process left behind is replaced', async (t, kind) => {
  const dir = await mkdtemp(join(tmpdir(), 'kuorum-grpc-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'grpc.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', script]).once('exit', resolve));
  const server = await serve(t, kind, [], { urls: [`unix://${path}`] });
  t.same(server.ports, [0]);
});

each('close lets a call in flight finish within the grace', async (t, kind) => {
  let finish: () => void = () => {};
  let entered: () => void = () => {};
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const handle = async (): Promise<string> => {
    entered();
    await new Promise<void>((resolve) => (finish = resolve));
    return 'finished';
  };
  const server = await servers[kind]({
    urls: ['http://127.0.0.1:0'],
    methods: [{ kind: 'unary', path: '/t.T/Slow', ...codecs, handle }],
  });
  const answer = call(clientOf(t, server), '/t.T/Slow', 'x');
  await inside;
  const closed = server.close(5000);
  finish();
  t.equal(await answer, 'finished');
  await closed;
});

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import t from 'tap';
import { LinkProxy } from './link-proxy.ts';

type Teardown = { teardown(fn: () => unknown): unknown };

/** An echo server, a link to it, and a client through the link. */
async function setUp(t: Teardown): Promise<{ link: LinkProxy; dial: () => Promise<Client> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link = await LinkProxy.start((server.address() as AddressInfo).port);
  t.teardown(async () => {
    await link.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { link, dial: () => Client.dial(t, link.port) };
}

class Client {
  readonly socket: Socket;
  received = '';
  closed = false;
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => (this.received += bytes.toString()));
    socket.on('error', () => {});
    socket.on('close', () => (this.closed = true));
  }
  static async dial(t: Teardown, port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    const client = new Client(socket);
    await once(socket, 'connect').catch(() => {}); // a link may reset it at once
    return client;
  }
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await pause(4);
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

void t.test('a link that passes carries bytes both ways', async (t) => {
  const client = await (await setUp(t)).dial();
  client.socket.write('hello');
  await until(() => client.received === 'hello');
  t.equal(client.received, 'hello');
});

void t.test('a link that drops closes nothing; what was sent meanwhile arrives when it passes again', async (t) => {
  const { link, dial } = await setUp(t);
  const before = await dial();
  before.socket.write('a');
  await until(() => before.received === 'a');
  link.set('drop');
  const during = await dial();
  before.socket.write('b');
  during.socket.write('c');
  await pause(60);
  t.same([before.received, during.received, before.closed, during.closed], ['a', '', false, false]);
  link.set('pass');
  await until(() => before.received === 'ab' && during.received === 'c');
  t.same([before.received, during.received], ['ab', 'c']);
});

void t.test('a delayed link keeps the order, also when the delay ends', async (t) => {
  const { link, dial } = await setUp(t);
  const client = await dial();
  link.set('delay', 60);
  client.socket.write('1');
  await pause(20);
  t.equal(client.received, '');
  link.set('pass');
  client.socket.write('2');
  await until(() => client.received.length === 2);
  t.equal(client.received, '12');
});

void t.test('a link that resets closes what stands and what comes', async (t) => {
  const { link, dial } = await setUp(t);
  const before = await dial();
  before.socket.write('x');
  await until(() => before.received === 'x');
  link.set('reset');
  const during = await dial();
  await until(() => before.closed && during.closed);
  t.same([before.closed, during.closed], [true, true]);
  link.set('pass');
  const after = await dial();
  after.socket.write('y');
  await until(() => after.received === 'y');
  t.equal(after.received, 'y');
});

void t.test('the end of a connection reaches the other side', async (t) => {
  const client = await (await setUp(t)).dial();
  client.socket.end('z');
  await until(() => client.closed);
  t.same([client.received, client.closed], ['z', true]);
});

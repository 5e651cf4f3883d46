/**
 * What should never arrive at a port: garbage, half a word, too many callers, strangers' certificates. Each has an outcome,
 * and the member answers others meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import type { Test } from 'tap';
import { seededRandom } from '../base/random.ts';
import { eventually } from '../client/testing/eventually.ts';
import { grpcServerFrom } from '../store/etcd/grpc-server-choice.ts';
import { WireClient } from './parity/wire-client.ts';
import type { ClientTls } from './parity/wire-client.ts';
import { startEtcd } from './testing/etcd-process.ts';
import { CertificateFolder } from './testing/store-certificates.ts';

t.setTimeout(240_000);
t.jobs = 2; // much of it is waiting for those who say nothing to be hung up on
const host = '127.0.0.1';
const patienceMs = 60_000;
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A connection, what came over it, and that it ended. */
class Caller {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  ended = false;
  readonly #ended: Promise<void>;

  constructor(port: number) {
    this.socket = connect({ port, host });
    this.socket.on('error', () => {}); // 'close' follows
    this.socket.on(
      'data',
      (chunk: Buffer) => (this.received = Buffer.concat([this.received, chunk]).subarray(0, 65_536)),
    );
    this.#ended = new Promise((resolve) =>
      this.socket.once('close', () => {
        this.ended = true;
        resolve();
      }),
    );
  }

  connected(): Promise<boolean> {
    return new Promise((resolve) => {
      this.socket.once('connect', () => resolve(true));
      void this.#ended.then(() => resolve(false));
    });
  }

  hangUp(): Promise<void> {
    this.socket.destroy();
    return this.#ended;
  }
}

const portOf = (url: string | undefined): number => Number(new URL(url ?? '').port);

/** The member writes and reads. */
async function answers(t: Test, client: WireClient, what: string): Promise<void> {
  const key = Buffer.from('k');
  t.match(await client.call('KV/Put', { key, value: Buffer.from(what) }), { message: {} }, `a write ${what}`);
  t.match(await client.call('KV/Range', { key }), { message: { count: 1 } }, `a read ${what}`);
}

/** the code of the GOAWAY among the frames that a server sent */
function goAwayCode(bytes: Buffer): number | undefined {
  for (let at = 0; at + 17 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 7) return bytes.readUInt32BE(at + 13);
  }
  return undefined;
}

async function garbage(t: Test, ports: readonly number[], client: WireClient): Promise<void> {
  const random = seededRandom(7);
  const callers: Caller[] = [];
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.from(
      Array.from({ length: 1 + Math.floor(random.next() * 2000) }, () => Math.floor(random.next() * 256)),
    );
    const caller = new Caller(ports[i % ports.length] ?? 0);
    callers.push(caller);
    // some begin as if they spoke HTTP/2, some as if HTTP/1
    const starts = [
      Buffer.alloc(0),
      preface,
      Buffer.concat([preface, emptySettings]),
      Buffer.from('POST /v3/kv/put HTTP/1.1\r\n'),
    ];
    caller.socket.write(Buffer.concat([starts[i % starts.length] ?? preface, bytes]));
    if (i % 100 === 0) await answers(t, client, `beside garbage ${i}`);
  }
  await answers(t, client, 'after garbage');
  for (const caller of callers) await caller.hangUp();
}

void t.test('a plain member', async (t) => {
  const store = await startEtcd({ program: 'kuorum' });
  t.teardown(() => store.stop());
  const [member] = store.members;
  const client = new WireClient(member?.url ?? '');
  t.teardown(() => client.close());
  const ports = [portOf(member?.url), portOf(member?.peerUrl)];
  const [clientPort = 0, peerPort = 0] = ports;

  // they say nothing, or half a word: looked at last
  const silent = ports.map((port) => new Caller(port));
  const halfWords = ports.map((port) => new Caller(port));
  for (const { socket } of halfWords) socket.write(preface.subarray(0, 10));

  await t.test('random bytes on both ports', (t) => garbage(t, ports, client));

  await t.test('a frame larger than any may be: the connection ends', async (t) => {
    for (const port of ports) {
      const caller = new Caller(port);
      // DATA on stream 1 of 16 MiB less one
      caller.socket.write(Buffer.concat([preface, emptySettings, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]));
      // Node.js' HTTP/2 says so, and waits for the client to hang up
      const isTold = port === clientPort && grpcServerFrom(process.env) === 'grpc-js';
      await eventually(
        'it is ended',
        () => caller.ended || (isTold && goAwayCode(caller.received) !== undefined),
        patienceMs,
      );
      if (port === clientPort) t.equal(goAwayCode(caller.received), 6, 'FRAME_SIZE_ERROR');
    }
    await answers(t, client, 'after the frame');
  });

  await t.test('ten thousand connections', async (t) => {
    const limit = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()) || 100_000;
    const count = Math.max(100, Math.min(10_000, limit - 1000));
    const callers: Caller[] = [];
    while (callers.length < count) {
      const batch = Array.from({ length: Math.min(250, count - callers.length) }, () => new Caller(clientPort));
      callers.push(...batch);
      const made = await Promise.all(batch.map((caller) => caller.connected()));
      if (made.includes(false)) t.fail(`one of ${callers.length} was refused`);
      for (const { socket } of batch) socket.write(Buffer.concat([preface, emptySettings]));
    }
    t.comment(`${count} connections`);
    await answers(t, client, 'beside all of them');
    t.ok(
      callers.every(({ ended }) => !ended),
      'all stay',
    );
    await Promise.all(callers.map((caller) => caller.hangUp()));
    await answers(t, client, 'after they hung up');
  });

  await t.test('who says nothing, or half a word, is left', async (t) => {
    await eventually('the silent are hung up on', () => silent.every(({ ended }) => ended), patienceMs);
    await eventually('so are those who stop in the middle', () => halfWords.every(({ ended }) => ended), patienceMs);
    await answers(t, client, 'at the end');
    t.ok(peerPort > 0);
  });
});

/** How a TLS client with these texts gets on: '' when the server takes it and says something, or why not. */
function greet(port: number, tls: Partial<ClientTls>, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ port, host, ca, cert: tls.cert, key: tls.key, ALPNProtocols: ['h2'] });
    socket.once('secureConnect', () => socket.write(Buffer.concat([preface, emptySettings])));
    // with TLS 1.3 a refusal comes after the client believes that it is connected
    socket.once('data', () => {
      resolve('');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('closed'));
  });
}

void t.test('a member with mutual TLS', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-strangers-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const ours = await CertificateFolder.create(join(folder, 'ours'), 'ours');
  const others = await CertificateFolder.create(join(folder, 'others'), 'others');
  await ours.issue('member', { commonName: 'member', names: [host], usages: ['client', 'server'] });
  const good = await ours.issue('good', { commonName: 'good', usages: ['client'] });
  const expired = await ours.issue('expired', { commonName: 'expired', usages: ['client'] }, -1 / 24);
  const foreign = await others.issue('foreign', { commonName: 'foreign', usages: ['client'] });
  const store = await startEtcd({ program: 'kuorum', tls: ours.memberFlags('member') });
  t.teardown(() => store.stop());
  const [member] = store.members;
  const client = new WireClient(member?.url ?? '', { ca: ours.ca, ...good });
  t.teardown(() => client.close());
  const ports = [portOf(member?.url), portOf(member?.peerUrl)];

  const halfHandshakes = ports.map((port) => new Caller(port));
  // the head of a TLS record of 512 bytes that never comes
  for (const { socket } of halfHandshakes) socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));

  await t.test('certificates', async (t) => {
    const [clientPort = 0, peerPort = 0] = ports;
    t.equal(await greet(clientPort, good, ours.ca), '');
    for (const [name, port] of [
      ['client port', clientPort],
      ['peer port', peerPort],
    ] as const) {
      t.not(await greet(port, expired, ours.ca), '', `${name}: one that is over`);
      t.not(await greet(port, foreign, ours.ca), '', `${name}: one of another authority`);
      t.not(await greet(port, {}, ours.ca), '', `${name}: none`);
    }
    await answers(t, client, 'after strangers');
  });

  await t.test('random bytes, and plain HTTP, on both ports', async (t) => {
    await garbage(t, ports, client);
    for (const port of ports) {
      const caller = new Caller(port);
      caller.socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
      await eventually('it is hung up on', () => caller.ended, patienceMs);
    }
  });

  await t.test('half a handshake is left', async (t) => {
    await eventually('it is hung up on', () => halfHandshakes.every(({ ended }) => ended), patienceMs);
    await answers(t, client, 'at the end');
  });
});

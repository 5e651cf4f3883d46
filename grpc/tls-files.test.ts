import * as grpc from '@grpc/grpc-js';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import t from 'tap';
import { silentLog } from '../base/log.ts';
import type { Log } from '../base/log.ts';
import { eventually } from '../client/testing/eventually.ts';
import { serveGrpcJs } from './grpc-js-server.ts';
import { serveLean } from './lean/lean-server.ts';
import type { Method } from './server.ts';
import { createTestAuthority } from './testing/certificates.ts';
import type { TestAuthority } from './testing/certificates.ts';
import { tlsFromFiles } from './tls-files.ts';

type Teardown = { teardown(fn: () => unknown): unknown };
interface Pair {
  readonly cert: string;
  readonly key: string;
}

class Files {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kuorum-tls-'));
  constructor(t: Teardown) {
    t.teardown(() => rmSync(this.#folder, { recursive: true, force: true }));
  }
  path(name: string): string {
    return join(this.#folder, name);
  }
  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }
  pair({ cert, key }: Pair): { cert: string; key: string } {
    return { cert: this.write('tls.crt', cert), key: this.write('tls.key', key) };
  }
}

function recordingLog(): { log: Log; errors: string[] } {
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (fields, text) => errors.push(`${text} ${JSON.stringify(fields)}`) };
  return { log, errors };
}

const echo: Method = {
  kind: 'unary',
  path: '/test.Echo/Say',
  request: { decode: (bytes) => Buffer.from(bytes).toString(), encode: (text: string) => Buffer.from(text) },
  response: { decode: (bytes) => Buffer.from(bytes).toString(), encode: (text: string) => Buffer.from(text) },
  handle: (text: string) => text,
};

/** common name of the server's certificate, seen by a connection of its own */
function shown(port: number, more: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      ...more,
    });
    socket.once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** the answer, or the status */
function ask(port: number, authority: TestAuthority, pair?: Pair): Promise<string> {
  const credentials = grpc.credentials.createSsl(
    Buffer.from(authority.ca),
    pair ? Buffer.from(pair.key) : undefined,
    pair ? Buffer.from(pair.cert) : undefined,
  );
  const client = new grpc.Client(`127.0.0.1:${port}`, credentials, { 'grpc.use_local_subchannel_pool': 1 });
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      echo.path,
      (text: string) => Buffer.from(text),
      (bytes: Buffer) => bytes.toString(),
      'hello',
      { deadline: performance.timeOrigin + performance.now() + 20_000 },
      (error, answer) => {
        client.close();
        resolve(error ? `${grpc.status[error.code]}: ${error.details}` : String(answer));
      },
    );
  });
}

for (const [name, serve] of [
  ['lean', serveLean],
  ['grpc-js', serveGrpcJs],
] as const) {
  const setUp = async (t: Teardown, more: { crl?: string; commonNames?: string[] } = {}) => {
    const [authority, files] = [await createTestAuthority('ca'), new Files(t)];
    const { log, errors } = recordingLog();
    const paths = { ...files.pair(await authority.issue('first')), ca: files.write('ca.crt', authority.ca) };
    const tls = await tlsFromFiles(
      { ...paths, ...(more.crl !== undefined && { crl: files.write('list.crl', more.crl) }) },
      log,
      { commonNames: more.commonNames ?? [] },
    );
    const refused: string[] = [];
    const server = await serve({
      urls: ['https://127.0.0.1:0'],
      methods: [echo],
      tls,
      onRefused: (_, reason) => refused.push(reason),
    });
    t.teardown(() => server.close());
    return { authority, files, errors, refused, port: server.ports[0]! };
  };

  void t.test(
    `${name}: a certificate that is replaced is shown to new connections, those that are open stay`,
    async (t) => {
      const { authority, files, errors, port } = await setUp(t);
      const own = await authority.issue('client');
      t.equal(await shown(port, own), 'first');
      files.pair(await authority.issue('second'));
      await eventually('the new certificate is shown', async () => (await shown(port, own)) === 'second');
      t.equal(await ask(port, authority, own), 'hello');
      t.same(errors, []);
    },
  );

  void t.test(
    `${name}: a new certificate that is broken, or lacks its key, leaves the one before in use`,
    async (t) => {
      const { authority, files, errors, port } = await setUp(t);
      const own = await authority.issue('client');
      const third = await authority.issue('third');
      files.write('tls.crt', third.cert);
      await eventually('the log tells', async () => (await shown(port, own)) === 'first' && errors.length === 1);
      t.match(errors[0], /the ones before stay in use.*the key is not that of the certificate/);
      files.write('tls.crt', 'no certificate');
      await eventually('the log tells', async () => (await shown(port, own)) === 'first' && errors.length === 2);
      files.pair(third);
      await eventually('the whole pair is used', async () => (await shown(port, own)) === 'third');
    },
  );

  void t.test(`${name}: an authority that is replaced decides about new clients`, async (t) => {
    const { authority, files, port } = await setUp(t);
    const [other, own] = [await createTestAuthority('other'), await authority.issue('client')];
    const stranger = await other.issue('client');
    t.equal(await ask(port, authority, own), 'hello');
    t.match(await ask(port, authority, stranger), /UNAVAILABLE/);
    t.match(await ask(port, authority), /UNAVAILABLE/, 'no certificate at all');
    files.write('ca.crt', other.ca);
    await eventually('the other authority counts', async () => (await ask(port, authority, stranger)) === 'hello');
    t.match(await ask(port, authority, own), /UNAVAILABLE/);
  });

  void t.test(`${name}: expired and revoked certificates, and those of others, are refused`, async (t) => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const list = (serials: string[]): Promise<string> =>
      x509.X509CrlGenerator.create({
        issuer: 'CN=ca',
        thisUpdate: new Date('2020-01-01T00:00:00Z'),
        nextUpdate: new Date('2099-01-01T00:00:00Z'),
        entries: serials.map((serialNumber) => ({ serialNumber })),
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
        signingKey: keys.privateKey,
      }).then((crl) => crl.toString('pem'));
    const { authority, files, refused, port } = await setUp(t, {
      crl: await list([]),
      commonNames: ['client', 'late'],
    });
    const [own, someone] = [await authority.issue('client'), await authority.issue('someone')];
    const expired = await authority.issue('late', { notAfter: new Date('2021-01-01T00:00:00Z') });
    t.equal(await ask(port, authority, own), 'hello');
    t.match(await ask(port, authority, expired), /UNAVAILABLE/);
    t.match(await ask(port, authority, someone), /UNAVAILABLE|the common name someone is not allowed/);
    files.write('list.crl', await list([new x509.X509Certificate(own.cert).serialNumber]));
    t.match(await ask(port, authority, own), /UNAVAILABLE|is revoked/);
    if (name === 'lean') {
      t.match(
        refused.join('\n'),
        /CERT_HAS_EXPIRED[^]*common name someone is not allowed[^]*certificate \w+ is revoked/,
      );
    }
  });
}

void t.test('what openssl makes is read: an RSA certificate and a list in DER', async (t) => {
  const files = new Files(t);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  const [key, cert] = [files.path('o.key'), files.path('o.crt')];
  try {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      '/CN=o',
      '-days',
      '9',
    );
    files.write('index.txt', '');
    files.write(
      'ca.cnf',
      `[ca]\ndefault_ca=c\n[c]\ndatabase=${files.path('index.txt')}\ndefault_md=sha256\ndefault_crl_days=9\n`,
    );
    const at = ['-config', files.path('ca.cnf'), '-keyfile', key, '-cert', cert];
    openssl('ca', ...at, '-revoke', cert);
    openssl('ca', ...at, '-gencrl', '-out', files.path('list.pem'));
    openssl('crl', '-in', files.path('list.pem'), '-outform', 'DER', '-out', files.path('list.der'));
  } catch {
    t.pass('openssl is not here');
    return;
  }
  const serialNumber = new x509.X509Certificate(execFileSync('cat', [cert]).toString()).serialNumber;
  for (const list of ['list.pem', 'list.der']) {
    const tls = await tlsFromFiles({ cert, key, crl: files.path(list) }, silentLog);
    t.match(tls.refuses({ serialNumber: serialNumber.toUpperCase(), subject: { CN: 'o' } } as never), /is revoked/);
    t.equal(tls.refuses({ serialNumber: '1234', subject: { CN: 'o' } } as never), undefined);
  }
});

void t.test('files that cannot be used at the start are refused by name', async (t) => {
  const files = new Files(t);
  const [one, two] = [
    await (await createTestAuthority('a')).issue('a'),
    await (await createTestAuthority('b')).issue('b'),
  ];
  const { cert, key } = files.pair({ cert: one.cert, key: two.key });
  await t.rejects(tlsFromFiles({ cert, key }, silentLog), {
    message: /tls\.crt with the key .*tls\.key: the key is not/,
  });
  await t.rejects(tlsFromFiles({ cert, key: files.path('none') }, silentLog), { message: /ENOENT.*none/ });
});

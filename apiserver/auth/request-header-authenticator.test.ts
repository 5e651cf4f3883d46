import { once } from 'node:events';
import { createServer, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { systemClock } from '../../base/clock.ts';
import { TestCa, type KeyPair } from '../testing/certificates.ts';
import { fakeContext } from '../testing/fake-context.ts';
import { authoritiesOf } from './certificate-chain.ts';
import { RequestHeaderAuthenticator } from './request-header-authenticator.ts';
import { X509Authenticator } from './x509-authenticator.ts';

/** What a server that knows both authorities sees of a client. */
async function presented(
  server: KeyPair,
  authorities: readonly string[],
  client: KeyPair,
): Promise<DetailedPeerCertificate> {
  const listening = createServer({ ...server, ca: [...authorities], requestCert: true, rejectUnauthorized: false });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const socket = connect({ port: (listening.address() as AddressInfo).port, ca: [...authorities], ...client });
  const [accepted] = (await once(listening, 'secureConnection')) as [TLSSocket];
  const certificate = accepted.getPeerCertificate(true);
  socket.destroy();
  accepted.destroy();
  listening.close();
  return certificate;
}

const nowMs = (): number => systemClock.nowMs();

void t.test('RequestHeaderAuthenticator', async (t) => {
  const [front, clients] = [await TestCa.make('CN=front'), await TestCa.make('CN=clients')];
  const server = await front.issue('CN=server');
  const authorities = [front.cert, clients.cert];
  const proxy = await presented(server, authorities, await front.issue('CN=front-proxy'));
  const other = await presented(server, authorities, await front.issue('CN=somebody'));
  const user = await presented(server, authorities, await clients.issue('CN=front-proxy'));
  const settings = {
    clientCa: front.cert,
    allowedNames: ['front-proxy'],
    usernameHeaders: ['X-Remote-User'],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraHeaderPrefixes: ['X-Remote-Extra-'],
  };
  const authenticator = new RequestHeaderAuthenticator(settings, nowMs);
  const lines = ['X-Remote-User', 'jane', 'X-Remote-Group', 'a,b', 'X-Remote-Group', 'c'];
  const headers = { 'x-remote-user': 'jane', 'x-remote-group': 'a,b, c', 'x-remote-extra-acme.com%2fproject': 'p' };
  const rawHeaders = [...lines, 'X-Remote-Extra-Acme.com%2Fproject', 'p'];
  const asked = (clientCertificate: DetailedPeerCertificate | undefined) => ({
    ...fakeContext({ headers, clientCertificate }),
    rawHeaders,
  });

  t.same(
    authenticator.authenticate(asked(proxy)),
    { name: 'jane', groups: ['a,b', 'c'], extra: { 'acme.com/project': ['p'] } },
    'the proxy says who asks; a comma in a group stays one',
  );
  t.equal(authenticator.authenticate(asked(undefined)), undefined, 'without a certificate headers say nothing');
  t.equal(authenticator.authenticate(asked(other)), undefined, 'a name that is not allowed');
  t.equal(authenticator.authenticate(asked(user)), undefined, 'the name of the proxy on a certificate of users');
  t.equal(authenticator.authenticate(fakeContext({ clientCertificate: proxy })), undefined, 'no user named');

  const x509 = new X509Authenticator(nowMs, authoritiesOf(clients.cert));
  t.equal(x509.authenticate(asked(user))?.name, 'front-proxy');
  t.throws(() => x509.authenticate(asked(proxy)), { code: 401 }, 'the proxy is no user by its certificate');
  t.throws(() => x509.authenticate(asked(proxy)), { code: 401 }, 'and stays none');
});

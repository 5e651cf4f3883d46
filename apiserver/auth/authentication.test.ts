import type { DetailedPeerCertificate } from 'node:tls';
import t from 'tap';
import type { Authenticator, User } from '../pipeline.ts';
import { type FakeRequest, fakeContext } from '../testing/fake-context.ts';
import { authenticationStage } from './authentication-stage.ts';
import { BearerAuthenticator } from './bearer-authenticator.ts';
import { TokenFile } from './token-file.ts';
import { X509Authenticator } from './x509-authenticator.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const certificate = (subject: object, more: object = {}): DetailedPeerCertificate =>
  ({
    subject,
    fingerprint256: 'AA:BB',
    valid_from: 'Dec 31 00:00:00 2025 GMT',
    valid_to: 'Jan  2 00:00:00 2026 GMT',
    ...more,
  }) as unknown as DetailedPeerCertificate;

const tokens = new TokenFile('# comment\nsecret,alice,1,"dev,ops"\nother,bob,2\n');
const authenticators: Authenticator[] = [new X509Authenticator(() => nowMs), new BearerAuthenticator([tokens])];
const extra = { 'authentication.kubernetes.io/credential-id': ['X509SHA256=aabb'] };

const good: { name: string; request: FakeRequest; user: User }[] = [
  {
    name: 'common name and several organisations',
    request: { clientCertificate: certificate({ CN: 'admin', O: ['system:masters', 'x'] }) },
    user: { name: 'admin', groups: ['system:masters', 'x', 'system:authenticated'], extra },
  },
  {
    name: 'one organisation',
    request: { clientCertificate: certificate({ CN: 'n', O: 'g' }) },
    user: { name: 'n', groups: ['g', 'system:authenticated'], extra },
  },
  {
    name: 'a token with groups',
    request: { headers: { authorization: 'Bearer secret' } },
    user: { name: 'alice', uid: '1', groups: ['dev', 'ops', 'system:authenticated'] },
  },
  {
    name: 'a token without groups, scheme in lower case',
    request: { headers: { authorization: 'bearer other' } },
    user: { name: 'bob', uid: '2', groups: ['system:authenticated'] },
  },
  {
    name: 'a bad token beside a good certificate',
    request: {
      headers: { authorization: 'Bearer no' },
      clientCertificate: certificate({ CN: 'n' }),
    },
    user: { name: 'n', groups: ['system:authenticated'], extra },
  },
  {
    name: 'nobody, asking for health',
    request: { path: '/readyz' },
    user: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
  },
];

const bad: { name: string; request: FakeRequest }[] = [
  { name: 'no credentials', request: { path: '/api' } },
  { name: 'no credentials, a path that only begins like health', request: { path: '/livezz' } },
  { name: 'an unknown token, even for health', request: { path: '/readyz', headers: { authorization: 'Bearer no' } } },
  { name: 'a certificate without a name', request: { clientCertificate: certificate({ O: 'g' }) } },
  {
    name: 'an expired certificate',
    request: { clientCertificate: certificate({ CN: 'n' }, { valid_to: 'Dec 31 23:00:00 2025 GMT' }) },
  },
  {
    name: 'a certificate for servers only',
    request: { clientCertificate: certificate({ CN: 'n' }, { ext_key_usage: ['1.3.6.1.5.5.7.3.1'] }) },
  },
];

void t.test('authenticationStage knows who asks', async (t) => {
  for (const { name, request, user } of good) {
    const ctx = fakeContext(request);
    let passed = false;
    await authenticationStage(authenticators)(ctx, () => {
      passed = true;
      return Promise.resolve();
    });
    t.same(ctx.user, user, name);
    t.ok(passed, `${name} goes on`);
  }
});

void t.test('authenticationStage answers 401 Unauthorized', async (t) => {
  for (const { name, request } of bad) {
    const ctx = fakeContext({ path: '/api', ...request });
    await t.rejects(
      authenticationStage(authenticators)(ctx, () => Promise.reject(new Error('passed'))),
      { code: 401, reason: 'Unauthorized', message: 'Unauthorized' },
      name,
    );
  }
});

void t.test('TokenFile refuses a short line, and says which', (t) => {
  t.throws(() => new TokenFile('a,b,c\nx,y\n', 'tokens.csv'), {
    message: 'tokens.csv, line 2: expected token,user name,user uid[,"group1,group2"]',
  });
  t.end();
});

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/clock.ts';
import { FakeStore, requestInfo } from '../testing/fake-context.ts';
import { TestCa } from '../testing/certificates.ts';
import { readAuthenticationConfiguration } from './authentication-configuration.ts';
import { readAuthorizationConfiguration } from './authorization-configuration.ts';
import { ConfiguredAuthorizer, type AuthorizerSetting } from './authorizers.ts';
import { BearerAuthenticator } from './bearer-authenticator.ts';
import { BootstrapTokenAuthenticator } from './bootstrap-token-authenticator.ts';
import { JwtIssuers } from './jwt-issuers.ts';
import { StoredPolicySource } from './policy-reader.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { WebhookTokenAuthenticator } from './webhook-token-authenticator.ts';

const nowMs = (): number => systemClock.nowMs();

interface Outside {
  readonly url: string;
  readonly ca: string;
  readonly asked: { readonly path: string; readonly body: Record<string, unknown> }[];
  /** what each path answers */
  readonly answers: Map<string, (body: Record<string, unknown>) => unknown>;
  close(): Promise<void>;
}

/** A server of somebody else's. An answer of undefined is a failure. */
async function startOutside(): Promise<Outside> {
  const ca = await TestCa.make('CN=outside');
  const asked: Outside['asked'] = [];
  const answers: Outside['answers'] = new Map();
  const server = createServer(await ca.issue('CN=localhost'), (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const path = request.url ?? '';
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      asked.push({ path, body });
      const answer = answers.get(path)?.(body);
      response.writeHead(answer === undefined ? 500 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? {}));
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `https://localhost:${port}`, ca: ca.cert, asked, answers, close };
}

const seconds = (): number => Math.floor(nowMs() / 1000);

void t.test('tokens of an OpenID issuer', async (t) => {
  const outside = await startOutside();
  t.teardown(() => outside.close());
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  outside.answers.set('/.well-known/openid-configuration', () => ({
    issuer: outside.url,
    jwks_uri: `${outside.url}/keys`,
  }));
  outside.answers.set('/keys', () => ({ keys: [jwk] }));
  const token = (claims: Record<string, unknown>, key: KeyObject = privateKey): Promise<string> =>
    new SignJWT({ iss: outside.url, aud: 'my-client', sub: 'jane', exp: seconds() + 600, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(key);
  const issuersWith = (
    more: object,
    mappings: object = { username: { claim: 'sub', prefix: 'oidc:' } },
  ): JwtIssuers => {
    const jwt = {
      issuer: { url: outside.url, certificateAuthority: outside.ca, audiences: ['other', 'my-client'] },
      claimMappings: mappings,
      ...more,
    };
    const document = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt: [jwt] };
    const { jwt: settings } = readAuthenticationConfiguration(document);
    const issuers = new JwtIssuers(() => settings, nowMs);
    t.teardown(() => issuers.close());
    return issuers;
  };

  await t.test('claims name the user', async (t) => {
    const issuers = issuersWith(
      {},
      { username: { claim: 'sub', prefix: 'oidc:' }, groups: { claim: 'groups', prefix: 'g:' } },
    );
    t.same(await issuers.authenticateToken(await token({ groups: ['a', 'b'], jti: 'x' })), {
      name: 'oidc:jane',
      groups: ['g:a', 'g:b'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=x'] },
    });
    t.match(await issuers.authenticateToken(await token({ groups: 'a' })), { groups: ['g:a'] }, 'one group as text');
    t.equal(await issuers.authenticateToken('abcdef.0123456789abcdef'), undefined, 'no token of this kind');
    t.equal(await issuers.authenticateToken(await token({ iss: 'https://elsewhere' })), undefined, 'of another issuer');
  });

  await t.test('what is not good is refused', async (t) => {
    const issuers = issuersWith({ claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }] });
    const good = { hd: 'example.com' };
    t.ok(await issuers.authenticateToken(await token(good)));
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const cases: [string, Promise<string>, RegExp][] = [
      ['expired', token({ ...good, exp: seconds() - 10 }), /exp/],
      ['without an end', token({ ...good, exp: undefined }), /exp/],
      ['not yet good', token({ ...good, nbf: seconds() + 600 }), /nbf/],
      ['for somebody else', token({ ...good, aud: 'theirs' }), /aud/],
      ['signed by somebody else', token(good, stranger), /signature/],
      ['another domain', token({ hd: 'example.org' }), /required claim hd value does not match/],
      ['no domain', token({}), /required claim hd not present in ID token/],
      ['no name', token({ ...good, sub: undefined }), /parse username claims "sub"/],
      ['groups that are none', token({ ...good, sub: 7 }), /a string is expected/],
    ];
    for (const [what, bad, words] of cases) await t.rejects(issuers.authenticateToken(await bad), words, what);
    const bearer = new BearerAuthenticator([issuers], silentLog);
    t.equal(await bearer.authenticateToken(await cases[0]![1]), undefined, 'and whoever shows it learns no more');
  });

  await t.test('expressions map claims and look at what came of it', async (t) => {
    const issuers = issuersWith(
      {
        claimValidationRules: [{ expression: 'claims.level > 2', message: 'too low' }],
        userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }],
      },
      {
        username: { expression: "claims.first + '.' + claims.last" },
        groups: { expression: "claims.roles.split(',')" },
        uid: { claim: 'sub' },
        extra: [{ key: 'example.com/tenant', valueExpression: 'claims.tenant' }],
      },
    );
    const claims = { first: 'jane', last: 'doe', roles: 'a,b', tenant: 't', level: 3 };
    t.same(await issuers.authenticateToken(await token(claims)), {
      name: 'jane.doe',
      groups: ['a', 'b'],
      uid: 'jane',
      extra: { 'example.com/tenant': ['t'] },
    });
    await t.rejects(issuers.authenticateToken(await token({ ...claims, level: 1 })), /too low/);
    await t.rejects(issuers.authenticateToken(await token({ ...claims, first: 'system:x' })), /reserved/);
  });

  await t.test('an address that was not verified is no name', async (t) => {
    const issuers = issuersWith({}, { username: { claim: 'email', prefix: '' } });
    t.match(await issuers.authenticateToken(await token({ email: 'j@x' })), { name: 'j@x' });
    await t.rejects(
      issuers.authenticateToken(await token({ email: 'j@x', email_verified: false })),
      /email not verified/,
    );
  });

  await t.test('an issuer that cannot be reached lets nobody in, and is not asked for each token', async (t) => {
    outside.answers.delete('/.well-known/openid-configuration');
    outside.asked.length = 0;
    const issuers = issuersWith({});
    await t.rejects(issuers.authenticateToken(await token({})), /answered 500/);
    await t.rejects(issuers.authenticateToken(await token({})), /not initialized/);
    t.equal(outside.asked.length, 1);
  });
});

const badConfigurations: readonly [string, object, RegExp][] = [
  [
    'plain HTTP',
    { issuer: { url: 'http://a', audiences: ['x'] } },
    /jwt\[0\]\.issuer\.url: Invalid value: "http:\/\/a": URL scheme must be https/,
  ],
  ['no audience', { issuer: { url: 'https://a' } }, /at least one jwt.issuer.audiences is required/],
  ['no user', { issuer: { url: 'https://a', audiences: ['x'] } }, /claimMappings\.username: Required value/],
  [
    'no prefix',
    { issuer: { url: 'https://a', audiences: ['x'] }, claimMappings: { username: { claim: 'sub' } } },
    /prefix is required when claim is set/,
  ],
  [
    'an expression that is none',
    { issuer: { url: 'https://a', audiences: ['x'] }, claimMappings: { username: { expression: 'claims.' } } },
    /username\.expression: Invalid value: .*compilation failed/,
  ],
  [
    'a reserved key',
    {
      issuer: { url: 'https://a', audiences: ['x'] },
      claimMappings: { username: { claim: 'sub', prefix: '' }, extra: [{ key: 'x.k8s.io/a', valueExpression: "'a'" }] },
    },
    /reserved for Kubernetes use/,
  ],
];

void t.test('what is wrong in an AuthenticationConfiguration is said', (t) => {
  const head = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' };
  for (const [what, jwt, words] of badConfigurations) {
    t.throws(() => readAuthenticationConfiguration({ ...head, jwt: [jwt] }), words, what);
  }
  t.throws(() => readAuthenticationConfiguration({ kind: 'Pod' }), /no kind "Pod" is registered/);
  t.same(readAuthenticationConfiguration({ ...head, anonymous: { enabled: true, conditions: [{ path: '/livez' }] } }), {
    jwt: [],
    anonymous: { enabled: true, paths: ['/livez'] },
  });
  t.end();
});

void t.test('bootstrap tokens', async (t) => {
  const store = new FakeStore();
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const good = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    expiration: '2026-01-01T00:00:00Z',
  };
  const put = (data: Record<string, string>, type = 'bootstrap.kubernetes.io/token'): void => {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
    store.objects.set('/secrets', [
      { metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' }, type, data: encoded },
    ]);
  };
  const tokens = new BootstrapTokenAuthenticator(store, () => Date.parse('2025-12-31T23:59:59Z'));
  const token = 'abcdef.0123456789abcdef';
  t.equal(await tokens.authenticateToken(token), undefined, 'no Secret');
  put(good);
  t.same(await tokens.authenticateToken(token), {
    name: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token'],
  });
  t.equal(await tokens.authenticateToken('abcdef.0123456789abcdeg'), undefined, 'another secret');
  t.equal(await tokens.authenticateToken('ABCDEF.0123456789abcdef'), undefined, 'no token');
  const bad: [string, Record<string, string>, string?][] = [
    ['expired', { ...good, expiration: '2025-12-31T00:00:00Z' }],
    ['no time', { ...good, expiration: 'soon' }],
    ['not for this', { ...good, 'usage-bootstrap-authentication': 'false' }],
    ['another id', { ...good, 'token-id': 'bbbbbb' }],
    ['a group of administrators', { ...good, 'auth-extra-groups': 'system:masters' }],
    ['another type', good, 'Opaque'],
  ];
  for (const [what, data, type] of bad) {
    put(data, type);
    t.equal(await tokens.authenticateToken(token), undefined, what);
  }
});

void t.test('tokens that another server knows', async (t) => {
  const outside = await startOutside();
  t.teardown(() => outside.close());
  const user = { username: 'jane', uid: '42', groups: ['a'], extra: { k: ['v'] } };
  outside.answers.set('/review', ({ spec }) => {
    const known = (spec as { token: string }).token === 'good';
    return { status: known ? { authenticated: true, user } : { authenticated: false, error: 'no' } };
  });
  const target = { url: `${outside.url}/review`, ca: outside.ca };
  const tokens = new WebhookTokenAuthenticator({ target, version: 'v1', cacheTtlMs: 60_000 }, ['api'], nowMs);
  t.teardown(() => tokens.close());
  t.same(await tokens.authenticateToken('good'), { name: 'jane', uid: '42', groups: ['a'], extra: { k: ['v'] } });
  await tokens.authenticateToken('good');
  t.equal(await tokens.authenticateToken('bad'), undefined);
  await tokens.authenticateToken('bad');
  t.equal(outside.asked.length, 2, 'each is asked for once');
  t.match(outside.asked[0]?.body, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: 'good' },
  });
  t.ok(await tokens.authenticateToken('good', ['api']), 'what says nothing of audiences is for this server');
  t.equal(await tokens.authenticateToken('good', ['vault']), undefined);
});

void t.test('rights that another server knows', async (t) => {
  const outside = await startOutside();
  t.teardown(() => outside.close());
  const kubeconfigs: string[] = [];
  const configuration = (webhook: object, ...more: object[]): AuthorizerSetting[] =>
    readAuthorizationConfiguration(
      {
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AuthorizationConfiguration',
        authorizers: [
          {
            type: 'Webhook',
            name: 'outside',
            webhook: {
              timeout: '3s',
              subjectAccessReviewVersion: 'v1',
              failurePolicy: 'NoOpinion',
              connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/k' },
              ...webhook,
            },
          },
          ...more,
        ],
      },
      (path) => {
        kubeconfigs.push(path);
        return { url: `${outside.url}/access`, ca: outside.ca };
      },
    );
  const authorizerOf = (settings: AuthorizerSetting[]): ConfiguredAuthorizer => {
    const rbac = new RbacAuthorizer(new StoredPolicySource(new FakeStore()));
    const authorizer = new ConfiguredAuthorizer({
      settings: () => settings,
      rbac,
      nodePaths: { has: () => Promise.resolve(false) },
      nowMs,
      log: silentLog,
    });
    t.teardown(() => authorizer.close());
    return authorizer;
  };
  const jane = { name: 'jane', groups: ['a'], uid: '1' };
  const pods = requestInfo({ resource: 'pods', verb: 'list', namespace: 'x' });

  outside.answers.set('/access', () => ({ status: { allowed: true, reason: 'she may' } }));
  const allowing = authorizerOf(configuration({}));
  t.same(await allowing.authorize(jane, pods), { allowed: true, reason: 'she may' });
  await allowing.authorize(jane, pods);
  t.equal(outside.asked.length, 1, 'what it allows is kept');
  t.same(outside.asked[0]?.body['spec'], {
    resourceAttributes: { namespace: 'x', verb: 'list', version: 'v1', resource: 'pods' },
    user: 'jane',
    groups: ['a'],
    uid: '1',
  });
  t.same(kubeconfigs, ['/k']);

  outside.answers.set('/access', () => ({ status: { allowed: false, denied: true, reason: 'never' } }));
  const denying = authorizerOf(configuration({}, { type: 'AlwaysAllow', name: 'all' }));
  t.same(
    await denying.authorize(jane, pods),
    { allowed: false, denied: true, reason: 'never' },
    'nobody else is asked',
  );

  outside.answers.set('/access', () => ({ status: { allowed: false } }));
  const undecided = authorizerOf(configuration({}, { type: 'AlwaysAllow', name: 'all' }));
  t.equal((await undecided.authorize(jane, pods)).allowed, true, 'the next one decides');

  const conditions = (...expressions: string[]): object => ({
    matchConditionSubjectAccessReviewVersion: 'v1',
    matchConditions: expressions.map((expression) => ({ expression })),
  });
  outside.asked.length = 0;
  const picky = authorizerOf(configuration(conditions("request.resourceAttributes.namespace == 'kube-system'")));
  t.equal((await picky.authorize(jane, pods)).denied, undefined);
  t.equal(outside.asked.length, 0, 'it is asked only where the conditions hold');
  const broken = authorizerOf(configuration({ ...conditions('request.nope.x == 1'), failurePolicy: 'Deny' }));
  t.equal((await broken.authorize(jane, pods)).denied, true, 'a condition that cannot be evaluated is a failure');

  t.throws(() => configuration({ timeout: '60s' }), /must be > 0s and <= 30s/);
  t.throws(() => configuration({ failurePolicy: 'Allow' }), /failurePolicy: Unsupported value: "Allow"/);
  t.throws(() => configuration({}, { type: 'RBAC', name: 'outside' }), /authorizers\[1\]\.name: Duplicate value/);
  t.throws(() => configuration({}, { type: 'ABAC', name: 'x' }), /authorizers\[1\]\.type: Unsupported value: "ABAC"/);
});

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import type { KubeObject } from '../pipeline.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { signToken } from './json-web-token.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';

const pem = (type: 'rsa' | 'ec'): string =>
  (type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  ).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const start = Date.parse('2026-01-01T00:00:00Z');
const rsa = pem('rsa');
const ec = pem('ec');

async function setup(
  signingKey: string,
): Promise<{ store: FakeStore; clock: { now: number }; tokens: ServiceAccountTokens }> {
  const store = new FakeStore();
  await store.ensure('', 'serviceaccounts', { metadata: { name: 's', namespace: 'n', uid: 'u1' } });
  await store.ensure('', 'serviceaccounts', { metadata: { name: 'other', namespace: 'n', uid: 'u2' } });
  await store.ensure('', 'pods', {
    metadata: { name: 'p', namespace: 'n', uid: 'p1' },
    spec: { serviceAccountName: 's', nodeName: 'node-1' },
  });
  await store.ensure('', 'nodes', { metadata: { name: 'node-1', uid: 'n1' } });
  const clock = { now: start };
  return { store, clock, tokens: new ServiceAccountTokens({ store, nowMs: () => clock.now, signingKey }) };
}

const tokenOf = (request: KubeObject): string => (request['status'] as { token: string }).token;

for (const [name, key] of [
  ['RSA', rsa],
  ['EC', ec],
] as const) {
  void t.test(`a token signed with ${name} names its account until it expires`, async (t) => {
    const { tokens, clock } = await setup(key);
    const request = await tokens.mint({ kind: 'TokenRequest', spec: { expirationSeconds: 600 } }, 'n', 's');
    t.match(request, { status: { expirationTimestamp: '2026-01-01T00:10:00Z' } });
    t.match(await tokens.authenticateToken(tokenOf(request)), {
      name: 'system:serviceaccount:n:s',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:n'],
    });
    clock.now = start + 600_000;
    t.equal(await tokens.authenticateToken(tokenOf(request)), undefined, 'expired');
  });
}

void t.test('tokens that are not good are not known', async (t) => {
  const { tokens, store } = await setup(rsa);
  const good = tokenOf(await tokens.mint({}, 'n', 's'));
  const [header = '', claims = '', signature = ''] = good.split('.');
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  const other = (await setup(ec)).tokens;
  const elsewhere = tokenOf(await tokens.mint({ spec: { audiences: ['vault'] } }, 'n', 's'));
  const cases: [string, string][] = [
    ['no token at all', 'secret'],
    ['claims changed', `${header}.${claims.slice(0, -4)}AAAA.${signature}`],
    ['no signature', `${unsigned}.${claims}.`],
    ['algorithm none', `${unsigned}.${claims}.AA`],
    ['signed by another', tokenOf(await other.mint({}, 'n', 's'))],
    ['for another audience', elsewhere],
  ];
  for (const [name, token] of cases) t.equal(await tokens.authenticateToken(token), undefined, name);
  t.ok(await tokens.authenticateToken(elsewhere, ['vault']), 'asked about that audience');
  t.ok(await tokens.authenticateToken(good));
  store.objects.set('/serviceaccounts', [{ metadata: { name: 's', namespace: 'n', uid: 'u2' } }]);
  t.equal(await tokens.authenticateToken(good), undefined, 'the account was made anew');
});

void t.test('a bound token dies with its pod', async (t) => {
  const { tokens, store } = await setup(ec);
  const request = { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'p1' } } };
  const token = tokenOf(await tokens.mint(request, 'n', 's'));
  t.match((await tokens.authenticateToken(token))?.extra, {
    'authentication.kubernetes.io/pod-name': ['p'],
    'authentication.kubernetes.io/node-name': ['node-1'],
    'authentication.kubernetes.io/node-uid': ['n1'],
  });
  store.objects.set('/pods', []);
  t.equal(await tokens.authenticateToken(token), undefined);
});

void t.test('mint takes null for what is left out, as kubectl sends it', async (t) => {
  const { tokens } = await setup(ec);
  const request = await tokens.mint(
    { spec: { audiences: null, expirationSeconds: null, boundObjectRef: null } },
    'n',
    's',
  );
  t.match(request, { spec: { expirationSeconds: 3600 }, status: { expirationTimestamp: '2026-01-01T01:00:00Z' } });
});

void t.test('mint refuses what cannot be', async (t) => {
  const { tokens } = await setup(ec);
  const mint = (spec: object, name = 's'): Promise<KubeObject> => tokens.mint({ spec }, 'n', name);
  await t.rejects(mint({}, 'x'), { code: 404, message: 'serviceaccounts "x" not found' });
  await t.rejects(mint({ expirationSeconds: 60 }), {
    code: 422,
    message: /may not specify a duration less than 10 minutes/,
  });
  await t.rejects(mint({ boundObjectRef: { kind: 'Pod', name: 'p', uid: 'old' } }), { code: 409 });
  await t.rejects(mint({ boundObjectRef: { apiVersion: 'v1', kind: 'Service', name: 'p' } }), {
    code: 400,
    message: 'cannot bind token to object of type /v1, Kind=Service',
  });
  await t.rejects(tokens.mint({ spec: { boundObjectRef: { kind: 'Pod', name: 'p' } } }, 'n', 'other'), {
    code: 400,
    message: 'cannot bind token for serviceaccount "other" to pod running with different serviceaccount name.',
  });
  t.throws(
    () =>
      new ServiceAccountTokens({
        store: new FakeStore(),
        nowMs: () => 0,
        signingKey: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      }),
    /cannot sign service account tokens/,
  );
});

const minted = async (tokens: ServiceAccountTokens, spec: object = {}): Promise<string> =>
  tokenOf(await tokens.mint({ spec }, 'n', 's'));

void t.test('a pod on its way out keeps its token for a minute', async (t) => {
  const { tokens, store, clock } = await setup(ec);
  const token = await minted(tokens, { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } });
  const deletionTimestamp = new Date(start).toISOString();
  store.objects.set('/pods', [{ metadata: { name: 'p', namespace: 'n', uid: 'p1', deletionTimestamp } }]);
  clock.now = start + 59_000;
  t.ok(await tokens.authenticateToken(token));
  clock.now = start + 61_000;
  t.equal(await tokens.authenticateToken(token), undefined);
});

void t.test('tokens of pods are extended to a year where that is wanted, and of nothing else', async (t) => {
  const { store, clock } = await setup(ec);
  const tokens = new ServiceAccountTokens({ store, nowMs: () => clock.now, signingKey: ec, extends: true });
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'p' };
  const ofPod = await minted(tokens, { boundObjectRef, expirationSeconds: 3607 });
  const byHand = await minted(tokens, { boundObjectRef, expirationSeconds: 3600 });
  clock.now = start + 3_700_000;
  t.ok(await tokens.authenticateToken(ofPod));
  t.equal(await tokens.authenticateToken(byHand), undefined);
});

void t.test('the longest life shortens, and says so', async (t) => {
  const { store } = await setup(ec);
  const tokens = new ServiceAccountTokens({ store, nowMs: () => start, signingKey: ec, maxSeconds: 3600 });
  const warnings: string[] = [];
  const request = await tokens.mint({ spec: { expirationSeconds: 7200 } }, 'n', 's', (text) => warnings.push(text));
  t.match(request, { spec: { expirationSeconds: 3600 } });
  t.same(warnings, ['requested expiration of 7200 seconds shortened to 3600 seconds']);
});

void t.test('issuers: the first signs, tokens of the others are good, of anybody else not', async (t) => {
  const { store } = await setup(ec);
  const of = (...issuers: string[]): ServiceAccountTokens =>
    new ServiceAccountTokens({ store, nowMs: () => start, signingKey: ec, issuers, audiences: ['api'] });
  const token = await minted(of('https://old'));
  t.ok(await of('https://new', 'https://old').authenticateToken(token));
  t.equal(await of('https://new').authenticateToken(token), undefined);
});

void t.test('a token of a Secret is good while the Secret holds it', async (t) => {
  const { store, tokens } = await setup(ec);
  const claims = {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:n:s',
    'kubernetes.io/serviceaccount/namespace': 'n',
    'kubernetes.io/serviceaccount/secret.name': 's-token',
    'kubernetes.io/serviceaccount/service-account.name': 's',
    'kubernetes.io/serviceaccount/service-account.uid': 'u1',
  };
  const token = signToken(createPrivateKey(ec), claims);
  const secretWith = (held: string, labels = {}): KubeObject => ({
    metadata: { name: 's-token', namespace: 'n', uid: 'x1', labels },
    data: { token: Buffer.from(held).toString('base64') },
  });
  t.equal(await tokens.authenticateToken(token), undefined, 'no such Secret');
  store.objects.set('/secrets', [secretWith(token)]);
  t.match(await tokens.authenticateToken(token), { name: 'system:serviceaccount:n:s', uid: 'u1' });
  store.objects.set('/secrets', [secretWith('another')]);
  t.equal(await tokens.authenticateToken(token), undefined, 'it holds another one');
  store.objects.set('/secrets', [secretWith(token, { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' })]);
  t.equal(await tokens.authenticateToken(token), undefined, 'it was declared invalid');
});

import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import type { KubeObject } from '../pipeline.ts';
import { FakeStore } from '../testing/fake-context.ts';
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
  await store.ensure('', 'pods', { metadata: { name: 'p', namespace: 'n', uid: 'p1' } });
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
  t.same((await tokens.authenticateToken(token))?.extra?.['authentication.kubernetes.io/pod-name'], ['p']);
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
  await t.rejects(mint({ boundObjectRef: { kind: 'Service', name: 'p' } }), { code: 422 });
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

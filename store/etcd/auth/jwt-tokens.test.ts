import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import t from 'tap';
import { systemClock } from '../../../base/clock.ts';
import { systemRandom } from '../../../base/random.ts';
import { bytes } from '../test-client.ts';
import { refusal, start } from '../test-membership.ts';
import { openTokens } from './open-tokens.ts';
import type { TokenProvider } from './token-provider.ts';
import { addUser, enableAuth, tokenOf } from './test-auth.ts';

t.setTimeout(60_000);
const dir = mkdtempSync(join(tmpdir(), 'kuorum-jwt-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string): string => join(dir, name);

const spki = { type: 'spki', format: 'pem' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
function write(name: string, { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): void {
  writeFileSync(file(`${name}.pub`), publicKey.export(spki));
  writeFileSync(file(`${name}.key`), privateKey.export(pkcs8));
}
write('rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }));
write('other', generateKeyPairSync('rsa', { modulusLength: 2048 }));
write('small', generateKeyPairSync('rsa', { modulusLength: 1024 }));
write('ec', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
write('ed', generateKeyPairSync('ed25519'));
writeFileSync(file('hmac'), 'a secret that is long enough for 512 bits, as those methods want it to be: yes');
writeFileSync(file('broken'), 'no key');

const world = { nowMs: systemClock.nowMs() };
const open = (text: string): Promise<TokenProvider> =>
  openTokens(text, {
    clock: { ...systemClock, nowMs: () => world.nowMs },
    random: systemRandom,
    ttlMs: 1,
    appliedIndex: () => 0,
    catchUp: () => Promise.resolve(),
  });
const both = (method: string, keys: string): string =>
  `jwt,sign-method=${method},pub-key=${file(`${keys}.pub`)},priv-key=${file(`${keys}.key`)}`;
const applied = (authRevision: number) => ({ token: '', authRevision });

const methods: readonly [name: string, option: string][] = [
  ...['RS256', 'RS384', 'RS512', 'PS256'].map((name): [string, string] => [name, both(name, 'rsa')]),
  ['ES256', both('ES256', 'ec')],
  ['EdDSA', both('EdDSA', 'ed')],
  ...['HS256', 'HS512'].map((name): [string, string] => [name, `jwt,sign-method=${name},priv-key=${file('hmac')}`]),
];
for (const [name, option] of methods) {
  void t.test(`tokens signed by ${name} say who one is, at which revision, until they are over`, async (t) => {
    const tokens = await open(`${option},ttl=1m30s`);
    const token = await tokens.issue('ü', applied(7));
    t.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const other = await open(option);
    for (const how of ['verified', 'remembered']) {
      t.same(await other.owner(token, 99), { user: 'ü', revision: 7 }, how);
    }
    const [head, body = '', signature] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ username: 'root', revision: 7, exp: 9e9 })).toString('base64url');
    t.equal(await tokens.owner(`${head}.${forged}.${signature}`, 7), undefined, 'with another name');
    t.equal(await tokens.owner(`${head}.${body}.`, 7), undefined, 'without a signature');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    t.equal(await tokens.owner(`${none}.${forged}.`, 7), undefined, 'by no method');
    world.nowMs += 89_000;
    t.match(await other.owner(token, 7), { user: 'ü' });
    world.nowMs += 2000;
    t.equal(await tokens.owner(token, 7), undefined, 'over');
    t.equal(await other.owner(token, 7), undefined, 'over, though it was remembered');
  });
}

void t.test('a public key does not pass for the secret of HS256', async (t) => {
  const tokens = await open(both('RS256', 'rsa'));
  const token = await new SignJWT({ username: 'root', revision: 1, exp: 9e9 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(readFileSync(file('rsa.pub')));
  t.equal(await tokens.owner(token, 1), undefined);
});

void t.test('who has the public key only knows tokens, and makes none', async (t) => {
  const verifier = await open(`jwt,sign-method=RS256,pub-key=${file('rsa.pub')}`);
  t.throws(() => verifier.issue('u', applied(1)), { message: 'auth: token signing attempted with verify-only key' });
  const token = await (await open(both('RS256', 'rsa'))).issue('u', applied(1));
  t.match(await verifier.owner(token, 1), { user: 'u' });
});

const wrong: readonly [option: string, says: RegExp][] = [
  ['magic', /invalid auth options: magic is neither simple nor jwt/],
  ['jwt', /invalid auth signature method/],
  ['jwt,sign-method=none', /invalid auth signature method/],
  ['jwt,sign-method=RS256', /missing key data/],
  ['jwt,sign-method=HS256', /missing key data/],
  [`jwt,sign-method=HS256,pub-key=${file('rsa.pub')}`, /missing key data/],
  ['jwt,sign-method=RS256,pub-key=/nowhere', /pub-key: ENOENT/],
  [`jwt,sign-method=RS256,pub-key=${file('broken')}`, /pub-key: /],
  [both('RS256', 'small'), /priv-key: a key of 2048 bits or more is needed, not 1024/],
  [`jwt,sign-method=ES256,pub-key=${file('rsa.pub')}`, /pub-key: ES256 needs a key of kind ec, not rsa/],
  [`jwt,sign-method=RS256,pub-key=${file('other.pub')},priv-key=${file('rsa.key')}`, /keys don't match/],
  [`${both('RS256', 'rsa')},ttl=soon`, /ttl: "soon" is no duration/],
  ['jwt,sign-method', /invalid auth options: sign-method/],
  ['jwt,sign-method=RS256,sign-method=RS256', /invalid auth options: sign-method=RS256/],
];
for (const [option, says] of wrong) {
  void t.test(`--auth-token=${option.replaceAll(dir, '')} is refused at the start`, async (t) => {
    await t.rejects(open(option), says);
  });
}

void t.test('--auth-token= takes no tokens', async (t) => {
  const tokens = await open('');
  t.throws(() => tokens.issue('u', applied(1)), { message: 'auth-failed' });
  t.equal(await tokens.owner('a.1', 1), undefined);
});

void t.test('three members with JWT: a token outlasts a restart, and is out of date with each change', async (t) => {
  const { cluster, client } = await start(t, 3, { auth: { bcryptCost: 4, token: both('RS256', 'rsa') } });
  const root = await enableAuth(client(0));
  await addUser(client(0), 'u', 'mine/', 2, root);
  await cluster.settled();
  const u = await tokenOf(client(0), 'u', 'pw');
  const put = { key: bytes('mine/a'), value: bytes('v') };
  await client(1).call('KV/Put', put, u);
  await Promise.all([0, 1, 2].map((i) => cluster.stopMember(i)));
  await Promise.all([0, 1, 2].map((i) => cluster.startMember(i)));
  await cluster.leader();
  await client(2).call('KV/Range', put, u);
  t.equal(await refusal(client(2).call('KV/Put', { ...put, key: bytes('x') }, u)), '7 etcdserver: permission denied');
  await client(0).call('Auth/RoleAdd', { name: 'more' }, root);
  const old = '3 etcdserver: revision of auth store is old';
  t.equal(await refusal(client(1).call('KV/Put', put, u)), old);
  t.equal(await refusal(client(1).call('KV/Range', put, u)), old);
  const again = await tokenOf(client(1), 'u', 'pw');
  t.equal(await refusal(client(2).call('KV/Put', put, again)), 'accepted');
});

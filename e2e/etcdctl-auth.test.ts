import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { createTestAuthority } from '../grpc/testing/certificates.ts';
import { startEtcd } from './testing/etcd-process.ts';
import { execute } from './testing/local-cluster.ts';
import type { Outcome } from './testing/local-cluster.ts';
import { findPeer, lacking } from './testing/peers.ts';

t.setTimeout(300_000);

type Step = readonly [command: string, says: RegExp];
const denied = /etcdserver: permission denied/;
const failed = /etcdserver: authentication failed, invalid user ID or password/;

class Shell {
  readonly #program: string;
  readonly #endpoints: string;
  readonly #more: readonly string[];

  constructor(program: string, urls: readonly string[], more: readonly string[] = []) {
    this.#program = program;
    this.#endpoints = `--endpoints=${urls.join(',')}`;
    this.#more = more;
  }

  run(command: string): Promise<Outcome> {
    const env = { ETCDCTL_API: '3' };
    return execute(this.#program, [this.#endpoints, ...this.#more, ...command.split(' ')], { env });
  }

  /** One command after another. Those that are refused exit with another code than 0. */
  async play(t: Pick<Test, 'equal' | 'match'>, steps: readonly Step[]): Promise<void> {
    for (const [command, says] of steps) {
      const { code, stdout, stderr } = await this.run(command);
      const refused = /etcdserver:|Error:/.test(stderr);
      t.equal(code !== 0, refused, `etcdctl ${command}: exit code ${code}`);
      t.match(`${stdout}${stderr}`, says, `etcdctl ${command}`);
    }
  }
}

const r = '--user root:rootpw';
const u = '--user u:pw';
const beforeEnable: readonly Step[] = [
  ['user add root:rootpw', /^User root created$/m],
  ['user add u:pw', /^User u created$/m],
  ['user add c --no-password', /^User c created$/m],
  ['user add u:pw', /etcdserver: user name already exists/],
  ['role add r', /^Role r created$/m],
  ['role add r', /etcdserver: role name already exists/],
  ['role grant-permission r readwrite --prefix mine/', /^Role r updated$/m],
  ['role grant-permission r read shared', /^Role r updated$/m],
  ['role grant-permission r write --from-key z', /^Role r updated$/m],
  [
    'role get r',
    /Role r\nKV Read:\n\t\[mine\/, mine0\) \(prefix mine\/\)\n\tshared\nKV Write:\n\t\[mine\/, mine0\) \(prefix mine\/\)\n/,
  ],
  ['user grant-role u r', /^Role r is granted to user u$/m],
  ['user grant-role u nothere', /etcdserver: role name not found/],
  ['user get u', /User: u\nRoles: r$/m],
  ['user list', /^c\nroot\nu$/m],
  ['user grant-role root root', /^Role root is granted to user root$/m],
  ['auth disable', /^Authentication Disabled$/m],
  ['auth enable', /^Authentication Enabled$/m],
];
const whileEnabled: readonly Step[] = [
  ['put mine/a 1', /etcdserver: user name is empty/],
  [`${u} put mine/a 1`, /^OK$/m],
  ['--user u --password pw put mine/b 2', /^OK$/m],
  [`${u} put other 1`, denied],
  ['--user u:guess put mine/a 1', failed],
  ['--user nobody:pw put mine/a 1', failed],
  [`${r} put shared 1`, /^OK$/m],
  [`${r} put other 1`, /^OK$/m],
  [`${u} get shared`, /^shared\n1$/m],
  [`${u} get other`, denied],
  [`${u} get --prefix mine/ --keys-only`, /^mine\/a\n\nmine\/b$/m],
  [`${u} get --prefix mine`, denied],
  [`${u} get --from-key mine/`, denied],
  [`${u} del mine/b --prev-kv`, /^1\nmine\/b\n2$/m],
  [`${u} put zebra 1`, /^OK$/m],
  [`${u} put zebra 1 --prev-kv`, denied],
  [`${u} del --from-key z`, /^1$/m],
  [`${u} watch other`, /watch is canceled by the server|permission denied/],
  [`${u} user list`, denied],
  [`${u} user get u`, /Roles: r/],
  [`${u} role get r`, /KV Read/],
  [`${u} user add x:x`, denied],
  [`${u} auth disable`, denied],
  [`${u} compaction 2`, denied],
  [`${u} member add m9 --peer-urls=http://127.0.0.1:1`, denied],
  [`${u} defrag`, denied],
  [`${u} endpoint hashkv`, denied],
  [`${u} move-leader 1`, denied],
  [`${r} user delete root`, /etcdserver: invalid auth management/],
  [`${r} role delete root`, /etcdserver: invalid auth management/],
  [`${r} endpoint health`, /is healthy/],
  [`${r} member list`, /started/],
  [`${r} role list`, /^r\nroot$|^r$/m],
  [`${r} role revoke-permission r shared`, /^Permission of key shared is revoked from role r$/m],
  [`${u} get shared`, denied],
  [`${r} role revoke-permission r mine/ --prefix`, /is revoked from role r/],
  [`${u} put mine/a 1`, denied],
  [`${r} role grant-permission r readwrite mine/a`, /^Role r updated$/m],
  [`${u} put mine/a 1`, /^OK$/m],
  [`${r} user revoke-role u r`, /^Role r is revoked from user u$/m],
  [`${u} put mine/a 1`, denied],
  [`${r} user delete u`, /^User u deleted$/m],
  [`${u} put mine/a 1`, failed],
  [`${r} role delete r`, /^Role r deleted$/m],
];

/** the system's, and the newest */
const releases = ['etcdctl', 'etcdctl-3.7'];
for (const release of releases) {
  void t.test(`${release}: user, role and auth, on three members`, { skip: lacking(release) }, async (t) => {
    const { urls, stop } = await startEtcd({ program: 'kuorum', count: 3, flags: ['--bcrypt-cost=4'] });
    t.teardown(stop);
    const program = findPeer(release) ?? '';
    const shell = new Shell(
      program,
      urls.map((url) => new URL(url).host),
    );
    await shell.play(t, [...beforeEnable, ...whileEnabled]);
    await t.test('passwd asks for the new one', async (t) => {
      const args = [
        `--endpoints=${new URL(urls[0] ?? '').host}`,
        '--user',
        'root:rootpw',
        'user',
        'passwd',
        '--interactive=false',
        'root',
      ];
      const { stdout } = await execute(program, args, { env: { ETCDCTL_API: '3' }, input: 'new\n' });
      t.equal(stdout, 'Password updated\n');
      await shell.play(t, [
        [`${r} user list`, failed],
        ['--user root:new user list', /^c\nroot$/m],
        ['--user root:new auth disable', /^Authentication Disabled$/m],
        ['get mine/a', /^mine\/a\n1$/m],
      ]);
    });
    if (release === 'etcdctl') return;
    await t.test('auth status', async (t) => {
      await shell.play(t, [['auth status', /Authentication Status: false\nAuthRevision: \d+/]]);
    });
  });
}

void t.test(
  'etcdctl with tokens that are JWTs, and with names in certificates',
  { skip: lacking('etcdctl') },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'kuorum-auth-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const file = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const authority = await createTestAuthority('clients');
    const server = await authority.issue('member');
    const jwt = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pub = file('jwt.pub', jwt.publicKey.export({ type: 'spki', format: 'pem' }) as string);
    const priv = file('jwt.key', jwt.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    const ca = file('ca.crt', authority.ca);
    const { urls, stop } = await startEtcd({
      program: 'kuorum',
      flags: ['--bcrypt-cost=4', `--auth-token=jwt,sign-method=RS256,pub-key=${pub},priv-key=${priv},ttl=10m`],
      tls: [
        `--cert-file=${file('server.crt', server.cert)}`,
        `--key-file=${file('server.key', server.key)}`,
        `--trusted-ca-file=${ca}`,
        '--client-cert-auth',
        `--peer-cert-file=${join(folder, 'server.crt')}`,
        `--peer-key-file=${join(folder, 'server.key')}`,
        `--peer-trusted-ca-file=${ca}`,
        '--peer-client-cert-auth',
      ],
    });
    t.teardown(stop);
    const shellOf = async (name: string): Promise<Shell> => {
      const { cert, key } = await authority.issue(name);
      const certs = [`--cacert=${ca}`, `--cert=${file(`${name}.crt`, cert)}`, `--key=${file(`${name}.key`, key)}`];
      return new Shell(findPeer('etcdctl') ?? '', urls, certs);
    };
    const root = await shellOf('root');
    await root.play(t, [...beforeEnable, ['put other 1', /^OK$/m], ['user grant-role c r', /is granted/]]);
    const c = await shellOf('c');
    await c.play(t, [
      ['put mine/c 1', /^OK$/m],
      ['put other 1', denied],
      [`${u} put mine/d 1`, /^OK$/m],
      [`${u} put other 1`, denied],
      [`${r} put other 1`, /^OK$/m],
      ['--user c:pw put mine/c 1', /password was given for no password user/],
    ]);
    const stranger = await shellOf('stranger');
    await stranger.play(t, [
      ['put mine/c 1', denied],
      ['user list', /etcdserver: user name not found/],
    ]);
  },
);

void t.test('what --auth-token cannot be is told at the start', async (t) => {
  for (const [option, says] of [
    ['magic', /--auth-token: auth: invalid auth options: magic is neither simple nor jwt/],
    ['jwt,sign-method=RS256', /--auth-token: auth: missing key data/],
  ] as const) {
    await t.rejects(startEtcd({ program: 'kuorum', flags: [`--auth-token=${option}`] }), { message: says });
  }
});

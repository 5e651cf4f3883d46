/** `kuorum etcd` as an operator meets it: certificates that are replaced, and etcdctl's commands for the whole cluster. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { readSettings } from '../cli/etcd/read-settings.ts';
import { eventually } from '../client/testing/eventually.ts';
import { createTestAuthority } from '../grpc/testing/certificates.ts';
import { startEtcd } from './testing/etcd-process.ts';
import { execute, freePortBlock, kuorum, startKuorum } from './testing/local-cluster.ts';
import type { Outcome } from './testing/local-cluster.ts';
import { grpcServerFrom } from '../store/etcd/grpc-server-choice.ts';
import { findPeer, lacking } from './testing/peers.ts';

t.setTimeout(300_000);
type Teardown = { teardown(fn: () => unknown): unknown };

/** etcdctl of each release line that is here */
const programs = ['etcdctl', 'etcdctl-3.6', 'etcdctl-3.7'].flatMap((name) => findPeer(name) ?? []);
const skip = lacking('etcdctl');

class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'kuorum-operator-'));
  constructor(t: Teardown) {
    t.teardown(() => rmSync(this.path, { recursive: true, force: true }));
  }
  at(name: string): string {
    return join(this.path, name);
  }
  write(name: string, content: string): string {
    writeFileSync(this.at(name), content);
    return this.at(name);
  }
  pair(name: string, { cert, key }: { cert: string; key: string }): void {
    this.write(`${name}.crt`, cert);
    this.write(`${name}.key`, key);
  }
}

const runner =
  (env: Record<string, string>) =>
  (program: string, ...args: string[]): Promise<Outcome> =>
    execute(program, args, { env: { ETCDCTL_API: '3', ...env } });

void t.test('etcdctl on the whole cluster, by http:// URLs', { skip }, async (t) => {
  const cluster = await startEtcd({ program: 'kuorum', count: 3 });
  t.teardown(() => cluster.stop());
  for (const program of programs) {
    if (program === findPeer('etcdctl') && grpcServerFrom(process.env) === 'grpc-js') {
      t.pass(`skipped: ${program} makes the URL its :authority, which Node.js' HTTP/2 refuses (docs/divergence.md)`);
      continue;
    }
    const run = runner({ ETCDCTL_ENDPOINTS: cluster.urls.join(',') });
    const says = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(program, ...args);
      if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    const bothOf = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await run(program, ...args);
      return `${stdout}${stderr}`;
    };
    t.comment(program);
    for (let i = 0; i < 5; i++) await says('put', 'k', String(i));
    const { header } = JSON.parse(await says('get', 'k', '-w', 'json')) as { header: { revision: number } };
    t.match(await says('endpoint', 'status', '--cluster', '-w', 'table'), /ENDPOINT[^]*(?:http:\/\/127[^]*){3}/);
    t.match(await bothOf('endpoint', 'health', '--cluster'), /(?:is healthy[^]*){3}/);
    t.match(await says('compaction', String(header.revision), '--physical'), /compacted revision/);
    await eventually('the hashes are equal', async () => {
      const lines = (await says('endpoint', 'hashkv', '--cluster')).trim().split('\n');
      const hashes = lines.map((line) => line.split(',')[1]?.trim());
      return lines.length === 3 && new Set(hashes).size === 1;
    });
    t.match(await bothOf('defrag', '--cluster'), /(?:Finished defragmenting etcd member[^]*){3}/);
    t.equal((await says('alarm', 'list')).trim(), '');
    t.equal((await says('alarm', 'disarm')).trim(), '');
    const [first] = JSON.parse(await says('endpoint', 'status', '-w', 'json')) as {
      Status: { dbSize: number; dbSizeInUse?: number };
    }[];
    t.ok(first!.Status.dbSize >= (first!.Status.dbSizeInUse ?? 0));
  }
});

/** common name of the certificate that a port shows */
function shown(url: string, certificates: { cert?: string; key?: string }): Promise<string> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      ...certificates,
    });
    socket.once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

void t.test('certificates of a running cluster are replaced, also by those of a new authority', { skip }, async (t) => {
  const folder = new Folder(t);
  const old = await createTestAuthority('old');
  const next = await createTestAuthority('next');
  const client = await old.issue('client');
  folder.write('ca.crt', old.ca);
  folder.pair('server', await old.issue('server-1'));
  folder.pair('client', client);
  const tls = ['', 'peer-'].flatMap((prefix) => [
    `--${prefix}cert-file=${folder.at('server.crt')}`,
    `--${prefix}key-file=${folder.at('server.key')}`,
    `--${prefix}trusted-ca-file=${folder.at('ca.crt')}`,
    `--${prefix}client-cert-auth`,
  ]);
  const cluster = await startEtcd({ program: 'kuorum', count: 3, tls });
  t.teardown(() => cluster.stop());
  const run = (name: string, ...args: string[]): Promise<Outcome> =>
    runner({
      ETCDCTL_ENDPOINTS: cluster.urls[0]!,
      ETCDCTL_CACERT: folder.write('trust.crt', `${old.ca}\n${next.ca}`),
      ETCDCTL_CERT: folder.at(`${name}.crt`),
      ETCDCTL_KEY: folder.at(`${name}.key`),
    })(programs[0]!, '--dial-timeout=2s', '--command-timeout=4s', ...args);
  t.match(await run('client', 'put', 'k', '1'), { code: 0, stdout: 'OK\n' });

  folder.pair('late', await old.issue('late', { notAfter: new Date('2021-01-01T00:00:00Z') }));
  folder.pair('foreign', await next.issue('foreign'));
  t.not((await run('late', 'get', 'k')).code, 0);
  t.not((await run('foreign', 'get', 'k')).code, 0);
  const refusals = cluster.members[0]!.log();
  t.match(refusals, /rejected connection on client endpoint/);
  t.match(refusals, /CERT_HAS_EXPIRED/);

  // first everybody trusts both, then shows the new one, then the old one is forgotten
  folder.write('ca.crt', `${old.ca}\n${next.ca}`);
  await eventually('the new authority counts', async () => (await run('foreign', 'get', 'k')).code === 0);
  folder.pair('server', await next.issue('server-2'));
  for (const url of cluster.urls) {
    await eventually('the new certificate is shown', async () => (await shown(url, client)) === 'server-2');
  }
  folder.write('ca.crt', next.ca);
  await eventually('the old one is forgotten', async () => (await run('client', 'get', 'k')).code !== 0);
  t.match(await run('foreign', 'put', 'k', '2'), { code: 0, stdout: 'OK\n' });
  t.match(await run('foreign', 'endpoint', 'health', '--cluster'), { code: 0 }, 'the members reach each other');
  folder.write('server.crt', 'broken');
  t.equal(await shown(cluster.urls[0]!, await next.issue('x')), 'server-2', 'a broken one leaves the one before');
  await eventually('the log tells', () => /changed certificates cannot be used/.test(cluster.members[0]!.log()));
});

void t.test("every flag of a real etcd's --help is known: it works, is taken, or is refused by name", async (t) => {
  for (const name of ['etcd', 'etcd-3.6', 'etcd-3.7']) {
    await t.test(name, { skip: lacking(name) }, async (t) => {
      const { stdout, stderr } = await execute(findPeer(name)!, ['--help']);
      const flags = [...new Set(`${stdout}${stderr}`.match(/^ +--[a-z0-9-]+/gm)?.map((flag) => flag.trim()))];
      t.ok(flags.length >= 80, `it has ${flags.length}`);
      const unknown = flags.filter((flag) => {
        try {
          readSettings([`${flag}=`, '--help=false'], {});
        } catch (error) {
          return String(error).includes('unknown option');
        }
        return false;
      });
      t.same(unknown, []);
    });
  }
});

void t.test('what is wrong with flags and files is said in a line', async (t) => {
  const folder = new Folder(t);
  const { cert } = await (await createTestAuthority('a')).issue('a');
  const other = await (await createTestAuthority('b')).issue('b');
  folder.pair('odd', { cert, key: other.key });
  const https = '--listen-client-urls=https://127.0.0.1:1';
  const cases: readonly [readonly string[], RegExp][] = [
    [
      [https, '--advertise-client-urls=https://127.0.0.1:1'],
      /https:\/\/127\.0\.0\.1:1 needs --cert-file and --key-file/,
    ],
    [[`--cert-file=${folder.at('odd.crt')}`], /--cert-file and --key-file go together/],
    [
      [`--cert-file=${folder.at('odd.crt')}`, `--key-file=${folder.at('odd.key')}`],
      /odd\.key: the key is not that of the certificate/,
    ],
    [['--config-file', folder.write('etcd.yaml', 'name: x\nheartbeat: 5\n')], /etcd\.yaml: unknown key heartbeat/],
    [['--discovery-srv=example.com'], /--discovery-srv=example\.com is not supported by Kuorum/],
    [['--cipher-suites=NONE'], /--cipher-suites: unexpected TLS cipher suite "NONE"/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await kuorum(['etcd', `--data-dir=${folder.at('data')}`, ...args]);
    t.equal(code, 1, args.join(' '));
    const lines = stderr.trim().split('\n');
    t.match(lines.at(-1), message);
    t.match(lines.at(-1), /^kuorum: /);
  }
});

void t.test(
  'a member from a file, with a log in a place of its own and a certificate of its own making',
  { skip },
  async (t) => {
    const folder = new Folder(t);
    const base = await freePortBlock(1);
    const [client, peer] = [`https://127.0.0.1:${base}`, `http://127.0.0.1:${base + 1}`];
    const file = folder.write(
      'etcd.yaml',
      `name: filed
data-dir: ${folder.at('data')}
wal-dir: ${folder.at('wal')}
listen-client-urls: ${client}
advertise-client-urls: ${client}
listen-peer-urls: ${peer}
initial-advertise-peer-urls: ${peer}
auto-compaction-mode: revision
auto-compaction-retention: "1000"
log-outputs: [${folder.at('log')}]
client-transport-security:
  auto-tls: true
`,
    );
    const run = (): { child: ChildProcess; ended: Promise<unknown> } => {
      const child = startKuorum(['etcd', '--config-file', file, '--name', 'not-looked-at']);
      t.teardown(() => child.kill('SIGKILL'));
      return { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
    };
    const etcdctl = (...args: string[]): Promise<Outcome> =>
      runner({ ETCDCTL_ENDPOINTS: client })(
        programs[0]!,
        '--insecure-skip-tls-verify',
        '--insecure-transport=false',
        ...args,
      );
    const first = run();
    await eventually('it answers', async () => (await etcdctl('put', 'k', 'kept')).code === 0, 60_000);
    t.match((await etcdctl('member', 'list')).stdout, /, started, filed, http:/);
    t.equal(await shown(client, {}), 'kuorum');
    t.ok(
      readdirSync(folder.at('wal')).some((name) => name.endsWith('.wal')),
      'the log is where it was asked for',
    );
    t.match(readFileSync(folder.at('log'), 'utf8'), /configuration comes from the file/);
    first.child.kill('SIGKILL');
    await first.ended;
    run();
    await eventually('it has what it had', async () => (await etcdctl('get', 'k')).stdout === 'k\nkept\n', 60_000);
  },
);

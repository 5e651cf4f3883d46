import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { execute, freePortBlock, startKuorum } from './testing/local-cluster.ts';
import type { Outcome } from './testing/local-cluster.ts';

t.setTimeout(240_000); // in all; busy machines are slow
const program = '/usr/bin/etcdctl';
const skip = !existsSync(program) && 'etcdctl is not installed';

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function start(args: readonly string[]): Running {
  const child = startKuorum(['etcd', ...args]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, output: () => text, ended };
}

void t.test('members come and go through etcdctl, as its documentation does it', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-members-'));
  const base = await freePortBlock(3);
  const running: Running[] = [];
  t.teardown(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  });
  const client = (n: number): string => `127.0.0.1:${base + 10 * n}`;
  const peer = (n: number): string => `http://127.0.0.1:${base + 10 * n + 1}`;
  const member = (n: number, ...more: string[]): Running => {
    const urls = ['--listen-client-urls', '--advertise-client-urls'].flatMap((flag) => [flag, `http://${client(n)}`]);
    const peers = ['--listen-peer-urls', '--initial-advertise-peer-urls'].flatMap((flag) => [flag, peer(n)]);
    const one = start(['--name', `m${n}`, '--data-dir', join(folder, `m${n}`), ...urls, ...peers, ...more]);
    running.push(one);
    return one;
  };
  const ask = (endpoint: string, ...args: string[]): Promise<Outcome> =>
    execute(program, args, { env: { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoint } });
  const run = (...args: string[]): Promise<Outcome> => ask(client(1), ...args);
  const etcdctl = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    if (code !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };

  const first = member(1);
  await eventually('m1 answers', () => first.output().includes('ready to serve client requests'), 30_000);
  await etcdctl('put', 'k', 'v');
  const added = await etcdctl('member', 'add', 'm2', '--learner', `--peer-urls=${peer(2)}`);
  const id = /^Member\s+([0-9a-f]+) added (?:as learner )?to cluster\s+[0-9a-f]+$/m.exec(added)?.[1] ?? '';
  const flags = Object.fromEntries(
    [...added.matchAll(/^ETCD_([A-Z_]+)="(.*)"$/gm)].map(([, name = '', value]) => [name, value]),
  );
  t.match(flags, { NAME: 'm2', INITIAL_CLUSTER_STATE: 'existing', INITIAL_ADVERTISE_PEER_URLS: peer(2) });
  t.match(await etcdctl('member', 'list'), new RegExp(`${id}, unstarted, , ${peer(2)}, , true`));
  t.match(await run('member', 'promote', id), {
    code: 1,
    stderr: /etcdserver: can only promote a learner member which is in sync with leader/,
  });
  t.match(await run('member', 'add', 'm3', '--learner', `--peer-urls=${peer(3)}`), {
    code: 1,
    stderr: /etcdserver: too many learner members in cluster/,
  });
  t.match(await run('member', 'add', 'm2', `--peer-urls=${peer(2)}`), {
    code: 1,
    // within the same second it is the same id, too
    stderr: /etcdserver: (Peer URLs already exists|member ID already exist)/,
  });

  const second = member(2, '--initial-cluster', flags['INITIAL_CLUSTER'] ?? '', '--initial-cluster-state', 'existing');
  await eventually(
    'm2 is promoted',
    async () => {
      const { code, stdout } = await run('member', 'promote', id);
      // etcdctl pads the id with blanks where it begins with a zero: one in sixteen
      return code === 0 && new RegExp(`^Member +${id} promoted in cluster`).test(stdout);
    },
    60_000,
  ).catch((error: unknown) => {
    t.comment(`m1 said: ${first.output().slice(-4000)}\nm2 said: ${second.output()}`);
    throw error;
  });
  t.match(await etcdctl('member', 'list'), new RegExp(`${id}, started, m2, ${peer(2)}, http://${client(2)}, false`));
  await eventually('m2 knows that it is a voter, and answers', async () => {
    return (await ask(client(2), 'get', 'k', '--print-value-only')).stdout.trim() === 'v';
  });

  t.match(await etcdctl('member', 'update', id, `--peer-urls=${peer(2)}`), /Member +[0-9a-f]+ updated in cluster/);
  t.match(await run('member', 'remove', '1234'), { code: 1, stderr: /etcdserver: member not found/ });
  // one of two goes only when both have been connected for five seconds
  await eventually(
    'm2 is removed',
    async () => (await run('member', 'remove', id)).stdout.includes(`${id} removed from cluster`),
    30_000,
  );
  t.equal(await second.ended, 1, 'the removed member ends');
  t.match(second.output(), /the member has been permanently removed from the cluster/);
  const again = member(2, '--initial-cluster-state', 'existing');
  t.equal(await again.ended, 1, 'and does not start again');
  t.match(again.output(), /kuorum: the member has been permanently removed from the cluster/);
  t.equal(await etcdctl('put', 'k', 'v2'), 'OK', 'the other goes on alone');
});

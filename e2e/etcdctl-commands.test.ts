/**
 * The commands of etcdctl that go on for a while, or that concern several members: on three of Kuorum's, by the oldest and
 * the newest etcdctl that is here. What single commands print is compared word for word in parity/etcdctl.test.ts.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { startEtcd } from './testing/etcd-process.ts';
import { execute } from './testing/local-cluster.ts';
import { findPeer } from './testing/peers.ts';

t.setTimeout(240_000);
const patienceMs = 60_000;
const tarHeadBytes = 512;

/** An etcdctl that stays: what it has printed, and how it ends. */
class Running {
  output = '';
  readonly ended: Promise<number | null>;
  readonly #child: ReturnType<typeof spawn>;

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>>, input?: string) {
    this.#child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    if (input !== undefined) this.#child.stdin?.write(input);
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  prints(what: RegExp): Promise<void> {
    return eventually(`${what} in: ${this.output}`, () => what.test(this.output), patienceMs);
  }

  stop(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.ended;
  }
}

async function commands(t: Test, program: string): Promise<void> {
  const store = await startEtcd({ program: 'kuorum', count: 3 });
  t.teardown(() => store.stop());
  const hosts = store.urls.map((url) => new URL(url).host);
  const env = { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: hosts.join(',') };
  const etcdctl = async (text: string, input?: string): Promise<string> => {
    const { code, stdout, stderr } = await execute(program, text.split(' '), {
      env,
      ...(input !== undefined && { input }),
    });
    if (code !== 0) throw new Error(`etcdctl ${text}: ${stderr}`);
    return `${stdout}${stderr}`
      .split('\n')
      .filter((line) => !line.startsWith('{"level"'))
      .join('\n')
      .trim();
  };
  const stay = (text: string, input?: string): Running => new Running(program, text.split(' '), env, input);
  // a member that has just started and knows no leader yet refuses watches that need one
  const isHealthy = async (): Promise<boolean> => (await execute(program, ['endpoint', 'health'], { env })).code === 0;
  await eventually('all members know a leader', isHealthy, patienceMs);

  await t.test('watch: interactive, with a command for each event', async (t) => {
    const { revision } = (JSON.parse(await etcdctl('put begin 1 -w json')) as { header: { revision: number } }).header;
    const from = `--rev=${revision + 1}`;
    const interactive = stay('watch -i', `watch ${from} w1\nwatch ${from} --prev-kv w2 w3\nprogress\n`);
    const executing = new Running(
      program,
      ['watch', 'w1', from, '--', 'sh', '-c', 'echo saw $ETCD_WATCH_KEY $ETCD_WATCH_EVENT_TYPE'],
      env,
    );
    await etcdctl('put w1 a');
    await etcdctl('put w2 b');
    await etcdctl('put w2 c');
    await interactive.prints(/PUT\n+w1\na\n/);
    await interactive.prints(/PUT\n+w2\nb\nw2\nc\n/);
    await executing.prints(/saw "?w1"? "?PUT"?/);
    await interactive.stop();
    await executing.stop();
    t.pass();
  });

  await t.test('lock: a second waits for the first; a command runs while it is held', async (t) => {
    t.match(await etcdctl('lock gate echo held'), /held/);
    const first = stay('lock gate');
    await first.prints(/^gate\/[0-9a-f]+\n/m);
    const second = stay('lock gate');
    await eventually(
      'the second is in line',
      async () => (await etcdctl('get --prefix gate/ --keys-only')).match(/gate\//g)?.length === 2,
      patienceMs,
    );
    t.notMatch(second.output, /^gate\//m);
    await first.stop();
    await second.prints(/^gate\/[0-9a-f]+\n/m);
    await second.stop();
  });

  await t.test('elect: a leader is seen by who listens, the next one follows', async (t) => {
    const listener = stay('elect --listen crown');
    const first = stay('elect crown one');
    await first.prints(/^crown\/[0-9a-f]+\none\n/m);
    await listener.prints(/one\n/);
    const second = stay('elect crown two');
    await eventually(
      'the second is in line',
      async () => (await etcdctl('get --prefix crown/ --keys-only')).match(/crown\//g)?.length === 2,
      patienceMs,
    );
    await first.stop();
    await second.prints(/two\n/);
    await listener.prints(/two\n/);
    await second.stop();
    await listener.stop();
    t.pass();
  });

  await t.test('lease keep-alive goes on until it is revoked', async (t) => {
    const id = /lease ([0-9a-f]+) granted/.exec(await etcdctl('lease grant 3'))?.[1] ?? '';
    await etcdctl(`put leased 1 --lease=${id}`);
    const keeping = stay(`lease keep-alive ${id}`);
    await keeping.prints(/(keepalived with TTL\(3\)[^]*){2}/);
    t.match(await etcdctl(`lease timetolive ${id} --keys`), /attached keys\(\[leased\]\)/);
    await etcdctl(`lease revoke ${id}`);
    t.equal(await keeping.ended, 0);
    t.match(keeping.output, /expired or revoked/);
  });

  await t.test('endpoint health, status and hashkv of all members; move-leader', async (t) => {
    t.equal((await etcdctl('endpoint health --cluster')).match(/is healthy/g)?.length, 3);
    const hashes = async (): Promise<Set<string | undefined>> =>
      new Set([...(await etcdctl('endpoint hashkv')).matchAll(/:\d+, (\d+)/g)].map(([, hash]) => hash));
    await eventually('all have the same', async () => (await hashes()).size === 1, patienceMs);
    type Status = { Endpoint: string; Status: { header: { member_id: bigint }; leader: bigint } };
    const statuses = async (): Promise<Status[]> => {
      // ids are larger than numbers are exact
      const exact = (await etcdctl('endpoint status -w json')).replaceAll(/":(\d{15,})/g, '":"$1"');
      return JSON.parse(exact) as Status[];
    };
    const before = await statuses();
    const leader = before.find(({ Status }) => Status.leader === Status.header.member_id);
    const other = before.find(({ Status }) => Status.leader !== Status.header.member_id);
    const hex = BigInt(other?.Status.header.member_id ?? 0).toString(16);
    const moved = await execute(program, ['move-leader', hex], {
      env: { ...env, ETCDCTL_ENDPOINTS: leader?.Endpoint ?? '' },
    });
    t.match(moved, { code: 0, stdout: /Leadership transferred from [0-9a-f]+ to / });
    await eventually(
      'the other leads',
      async () => (await statuses()).every(({ Status }) => Status.leader === other?.Status.header.member_id),
      patienceMs,
    );
    t.match(await etcdctl('defrag'), /(Finished defragmenting[^]*){3}/);
    t.match(await etcdctl('compaction 2'), /^compacted revision 2$/);
    t.equal(await etcdctl('alarm list'), '');
  });

  await t.test('make-mirror: what is there, and what comes', async (t) => {
    const mirror = await startEtcd({ program: 'kuorum' });
    t.teardown(() => mirror.stop());
    await etcdctl('put m/1 one');
    const copying = stay(
      `make-mirror --prefix=m/ --dest-prefix=copy/ --no-dest-prefix=false ${new URL(mirror.urls[0] ?? '').host}`,
    );
    const there = { ...env, ETCDCTL_ENDPOINTS: new URL(mirror.urls[0] ?? '').host };
    const copied = async (key: string): Promise<string> =>
      (await execute(program, ['get', '--print-value-only', key], { env: there })).stdout.trim();
    await eventually('the first is copied', async () => (await copied('copy/1')) === 'one', patienceMs);
    await etcdctl('put m/2 two');
    await eventually('so is the next', async () => (await copied('copy/2')) === 'two', patienceMs);
    await copying.stop();
    t.pass();
  });

  await t.test('snapshot save', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'kuorum-ctl-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'db');
    const saved = await execute(program, ['snapshot', 'save', file], {
      env: { ...env, ETCDCTL_ENDPOINTS: hosts[0] ?? '' },
    });
    t.match(saved, { code: 0, stdout: /Snapshot saved at/ });
    t.equal(statSync(file).size % tarHeadBytes, 32, 'pages, and the sum of them');
  });

  await t.test('member add, list and remove', async (t) => {
    const add = 'member add m4 --learner --peer-urls=http://127.0.0.1:9';
    let added = '';
    // as with etcd, members count as healthy when they have been connected for five seconds
    const isAdded = async (): Promise<boolean> => {
      const { code, stdout } = await execute(program, add.split(' '), { env });
      added = stdout;
      return code === 0;
    };
    await eventually('m4 is added', isAdded, patienceMs);
    const id = /Member +([0-9a-f]+) added/.exec(added)?.[1] ?? '';
    t.match(await etcdctl('member list'), new RegExp(`${id}, unstarted, , http://127.0.0.1:9, , true`));
    t.match(await etcdctl(`member update ${id} --peer-urls=http://127.0.0.1:10`), /updated in cluster/);
    t.match(await execute(program, ['member', 'promote', id], { env }), {
      code: 1,
      stderr: /learner member which is in sync with leader/,
    });
    t.match(await etcdctl(`member remove ${id}`), /removed from cluster/);
    t.equal((await etcdctl('member list')).split('\n').length, 3);
  });
}

for (const name of ['etcdctl', 'etcdctl-3.7']) {
  const program = findPeer(name);
  void t.test(name, { skip: program === undefined && `${name} not installed` }, (t) => commands(t, program ?? ''));
}

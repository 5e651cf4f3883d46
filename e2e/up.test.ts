import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { parse } from 'yaml';
import type { ClusterStatus } from '../cli/cluster/cluster-status.ts';
import { processStateOf } from '../cli/cluster/process-table.ts';
import { Foreground } from './testing/foreground.ts';
import { kuorum, pause, placeCluster } from './testing/local-cluster.ts';
import { converged } from './testing/outage.ts';
import { Rest } from './testing/rest.ts';

t.setTimeout(240_000); // in all; busy machines are slow
const configMaps = '/api/v1/namespaces/default/configmaps';
const components = ['replica-1', 'replica-2', 'replica-3', 'front', 'node-1'];

const pidsOf = (status: ClusterStatus): number[] =>
  [status.front, ...status.replicas, ...status.nodes].flatMap(({ pid }) => pid ?? []);

async function write(kubeconfig: string, name: string): Promise<number> {
  const rest = Rest.of(kubeconfig);
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
  const answer = await rest.request('POST', configMaps, { body });
  rest.close();
  return answer.status;
}

async function exists(kubeconfig: string, name: string): Promise<boolean> {
  const rest = Rest.of(kubeconfig);
  const answer = await rest.request('GET', `${configMaps}/${name}`);
  rest.close();
  return answer.status === 200;
}

function checkStatusFields(t: Test, status: ClusterStatus, dataDir: string): void {
  t.match(status, {
    name: 'kuorum',
    dataDir,
    kubeconfig: join(dataDir, 'kubeconfig'),
    server: /^https:\/\/127\.0\.0\.1:\d+$/,
    front: { name: 'front', state: 'running', pid: Number, residentBytes: Number },
    lastLeaderChange: { at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, term: Number, leader: /^replica-\d$/, reason: /./ },
    leaders: { 'kube-controller-manager': /^replica-\d/, 'kube-scheduler': /^replica-\d/ },
    nodes: [{ name: 'node-1', state: 'running', pid: Number, ready: 'True', runtime: /./ }],
  });
  for (const replica of status.replicas) {
    t.match(replica, {
      name: /^replica-\d$/,
      state: 'running',
      pid: Number,
      residentBytes: Number,
      health: 'healthy',
      problems: [],
      apiReady: true,
      role: /^(leader|follower)$/,
      term: Number,
      revision: Number,
      appliedIndex: Number,
      dbSizeBytes: Number,
      hash: Number,
    });
  }
}

void t.test('kuorum up in the foreground, down, reset', async (t) => {
  const cluster = await placeCluster(3);
  t.teardown(() => cluster.destroy());
  const { dataDir, kubeconfig } = cluster;
  const upArguments = ['up', '--nodes', '1', '--port', `${cluster.port}`, '--data-dir', dataDir];

  await t.test(
    'prints a line a component, the kubeconfig and three commands; Ctrl-C stops every process',
    async (t) => {
      const up = new Foreground(upArguments);
      t.teardown(() => up.child.kill('SIGKILL'));
      await up.printed(/replicas 3\/3.*leader replica-\d.*nodes 1\/1 ready/);
      for (const component of components) t.match(up.output, new RegExp(`✓ ${component} +ready +\\d+\\.\\d\\d s\n`));
      t.match(up.output, `kubeconfig: ${kubeconfig}\n`);
      t.equal(up.output.match(/^ {2}(kubectl|npx kuorum) .*$/gm)?.length, 3, 'three commands');
      const status = await cluster.until('all is well', (s) => converged(s) && s.leaders?.['kube-scheduler'] !== '');
      checkStatusFields(t, status, dataDir);
      t.equal(await write(kubeconfig, 'before-ctrl-c'), 201);

      const again = await kuorum(upArguments);
      t.equal(again.code, 1, 'a second up is refused');
      t.match(
        again.stderr,
        /^kuorum: kuorum is running already \(.*\); see `kuorum status`, stop it with `kuorum down`\n$/,
      );
      t.same(pidsOf(await cluster.status()), pidsOf(status), 'and disturbs nothing');

      t.equal(await up.stop('SIGINT'), 0);
      t.match(up.output, /SIGINT: stopping\nStopped; the data is kept/);
      t.same(
        pidsOf(status).filter((pid) => processStateOf(pid) !== 'gone'),
        [],
        'no process is left',
      );
      const stopped = await cluster.status();
      t.ok(stopped.replicas.every(({ state, health }) => state === 'stopped' && health === 'stopped'));
      t.equal(stopped.leaders, null);
    },
  );

  await t.test('Ctrl-C while starting stops what was started', async (t) => {
    const up = new Foreground(upArguments);
    t.teardown(() => up.child.kill('SIGKILL'));
    for (let states = ''; !states.includes('running'); states = JSON.stringify(await cluster.status())) await pause(10);
    const pids = pidsOf(await cluster.status());
    t.equal(await up.stop('SIGINT'), 0);
    t.same(
      pids.filter((pid) => processStateOf(pid) !== 'gone'),
      [],
    );
    t.same(pidsOf(await cluster.status()), []);
  });

  await t.test('the next start finds all data; what was given at the first need not be given again', async (t) => {
    await cluster.run('up', '--detach');
    t.ok(await exists(kubeconfig, 'before-ctrl-c'));
    t.same(
      (await cluster.status()).nodes.map(({ name }) => name),
      ['node-1'],
    );
  });

  await t.test('up starts only what does not run', async (t) => {
    const before = await cluster.status();
    await cluster.run('stop', 'replica-2');
    await cluster.run('kill', 'node-1');
    t.match(await cluster.run('up', '--detach'), /replica-1 +was running[^]*replica-2 +ready/);
    const after = await cluster.until('all is well', converged);
    const kept = (s: ClusterStatus): unknown[] => [s.front.pid, s.replicas[0]?.pid, s.replicas[2]?.pid];
    t.same(kept(after), kept(before));
    t.ok(after.nodes[0]?.pid !== before.nodes[0]?.pid, 'the node is a new process');
  });

  await t.test('kubeconfig, logs, status as text', async (t) => {
    t.equal(await cluster.run('kubeconfig', '--path'), `${kubeconfig}\n`);
    t.match(parse(await cluster.run('kubeconfig')), {
      kind: 'Config',
      'current-context': 'kuorum',
      clusters: [{ cluster: { server: `https://127.0.0.1:${cluster.port}` } }],
    });
    for (const component of components) {
      const lines = (await cluster.run('logs', component, '--tail', '2')).trimEnd().split('\n');
      t.ok(
        lines.length <= 2 && lines.every((line) => typeof JSON.parse(line) === 'object'),
        `${component}: JSON lines`,
      );
    }
    t.match(
      await cluster.run('status'),
      /replica-1 +healthy +(leader|follower)[^]*node-1 +True[^]*Last leader change: /,
    );
  });

  await t.test('down stops all and keeps the data; up finds it', async (t) => {
    const pids = pidsOf(await cluster.status());
    t.match(await cluster.run('down'), /stopped; its data is kept/);
    t.same(
      pids.filter((pid) => processStateOf(pid) !== 'gone'),
      [],
    );
    t.match(await cluster.run('down'), /stopped/, 'down twice is no error');
    await cluster.run('up', '--detach');
    t.ok(await exists(kubeconfig, 'before-ctrl-c'));
  });

  await t.test('reset stops all and deletes the folder; only a folder that holds a cluster', async (t) => {
    const pids = pidsOf(await cluster.status());
    t.match(await cluster.run('reset'), /deleted with all its data/);
    t.same(
      pids.filter((pid) => processStateOf(pid) !== 'gone'),
      [],
    );
    t.notOk(existsSync(dataDir));
    const again = await cluster.tryRun('reset');
    t.equal(again.code, 1);
    t.match(again.stderr, /^kuorum: no cluster in /);
    rmSync(dataDir, { recursive: true, force: true });
  });
});

void t.test('--help of every command has a description and examples', async (t) => {
  const commands = (await kuorum(['--help'])).stdout.match(/^ {2}[a-z-]+(?= [[<]| {2,})/gm)?.map((c) => c.trim()) ?? [];
  const cluster = ['up', 'status', 'kill', 'pause', 'resume', 'stop', 'start', 'down', 'reset', 'kubeconfig', 'logs'];
  const data = ['backup', 'snapshot', 'restore', 'verify'];
  const expected = [...cluster, ...data, 'member', 'replace', 'recover', 'chaos'];
  const alone = ['etcd', 'apiserver', 'controller-manager', 'scheduler', 'kubelet'];
  t.same(commands.filter((name) => name !== 'help').sort(), [...expected, ...alone].sort());
  const helps = await Promise.all(
    [[], ...[...expected, ...alone].map((c) => [c])].map((c) => kuorum([...c, '--help'])),
  );
  for (const { code, stdout } of helps) {
    t.equal(code, 0);
    t.match(stdout, /^Usage: kuorum[^]*Options:[^]*Examples:\n {2}kuorum /);
  }
});

void t.test('docs/cli.md names every field of status -o json', (t) => {
  const documented = readFileSync('docs/cli.md', 'utf8');
  const source = readFileSync('cli/cluster/cluster-status.ts', 'utf8');
  const fields = [...source.matchAll(/^ {2}readonly (\w+): /gm)].map((match) => match[1] ?? '');
  t.ok(fields.length > 20);
  t.same(
    fields.filter((field) => !documented.includes(`"${field}"`) && field !== 'nodes'),
    [],
  );
  t.end();
});

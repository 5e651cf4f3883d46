import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { execute, startCluster } from './testing/local-cluster.ts';
import type { LocalCluster, Outcome } from './testing/local-cluster.ts';

t.setTimeout(300_000);
const program = '/usr/bin/etcdctl';

/** How etcdctl reaches the cluster's store: all client ports, the authority, and a client certificate of its own. */
function connection(cluster: LocalCluster, replicas: number): Record<string, string> {
  const endpoints = Array.from({ length: replicas }, (_, i) => `https://127.0.0.1:${cluster.port + 10 * (i + 1) + 1}`);
  return {
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: endpoints.join(','),
    ETCDCTL_CACERT: join(cluster.dataDir, 'pki', 'etcd-ca.crt'),
    ETCDCTL_CERT: join(cluster.dataDir, 'pki', 'apiserver-etcd-client.crt'),
    ETCDCTL_KEY: join(cluster.dataDir, 'pki', 'apiserver-etcd-client.key'),
  };
}

/** Runs etcdctl until it is told to stop; `lines` is what it has printed so far. */
function background(args: readonly string[], env: Record<string, string>) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    lines: () => text.trim().split('\n'),
    stop: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

const skip = !existsSync(program) && 'etcdctl is not installed';

void t.test("etcdctl on a cluster's store, over mutual TLS", { skip }, async (t) => {
  const cluster = await startCluster({ replicas: 3, nodes: 1 });
  t.teardown(() => cluster.destroy());
  const env = connection(cluster, 3);
  const run = (args: string[], input?: string): Promise<Outcome> => execute(program, args, { env, input });
  const etcdctl = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args);
    if (code !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const revisionOf = async (key: string): Promise<number> => {
    const answer = JSON.parse(await etcdctl('get', key, '-w', 'json')) as { header: { revision: number } };
    return answer.header.revision;
  };

  await t.test('put, get, get of a prefix at a revision, del', async (t) => {
    t.equal(await etcdctl('put', 'k/a', '1'), 'OK');
    const before = await revisionOf('k/a');
    t.equal(await etcdctl('put', 'k/b', '2'), 'OK');
    t.equal(await etcdctl('put', 'k/a', '3', '--prev-kv'), 'OK\nk/a\n1');
    t.equal(await etcdctl('get', '--prefix', 'k/'), 'k/a\n3\nk/b\n2');
    t.equal(await etcdctl('get', '--prefix', 'k/', `--rev=${before}`), 'k/a\n1', 'the past is still there');
    t.equal(await etcdctl('get', 'k/a', 'k/z', '--keys-only', '--order=DESCEND', '--limit=1'), 'k/b');
    t.equal(await etcdctl('get', '--prefix', 'k/', '--print-value-only', '--consistency=s'), '3\n2');
    t.equal(await etcdctl('del', 'k/b', '--prev-kv'), '1\nk/b\n2');
    t.equal(await etcdctl('del', 'k/b'), '0');
    t.equal(await etcdctl('get', 'k/b'), '');
  });

  await t.test('txn takes the branch that its comparisons choose', async (t) => {
    const take = (comparison: string): Promise<Outcome> =>
      run(['txn'], `${comparison}\n\nput t/yes "1"\nget k/a\n\nput t/no "1"\n\n`);
    t.match(await take('value("k/a") = "3"'), { code: 0, stdout: /^SUCCESS\n\nOK\n\nk\/a\n3/ });
    t.match(await take('mod("k/a") < "1"'), { code: 0, stdout: /^FAILURE\n\nOK/ });
    t.match(await take('create("nothere") = "0"'), { code: 0, stdout: /^SUCCESS/ });
    t.equal(await etcdctl('get', '--prefix', 't/', '--keys-only'), 't/no\n\nt/yes');
  });

  await t.test('watch: what comes, and what has been since a revision', async (t) => {
    const watching = background(['watch', '--prefix', 'w/', '--prev-kv'], env);
    // it says nothing when it is ready: the first event that it shows is the proof
    await eventually('the watch has begun', async () => {
      await etcdctl('put', 'w/begin', 'x');
      return watching.lines().includes('w/begin');
    });
    const since = await revisionOf('w/begin');
    await etcdctl('put', 'w/a', '1');
    await etcdctl('put', 'w/a', '2');
    await etcdctl('del', 'w/a');
    await eventually('the deletion is seen', () => watching.lines().includes('DELETE'));
    await watching.stop();
    t.match(watching.lines().join(' '), / PUT w\/a 1 PUT w\/a 1 w\/a 2 DELETE w\/a 2 w\/a$/);
    const again = background(['watch', 'w/a', `--rev=${since + 1}`], env);
    await eventually('the past is seen', () => again.lines().includes('DELETE'));
    await again.stop();
    t.same(again.lines(), ['PUT', 'w/a', '1', 'PUT', 'w/a', '2', 'DELETE', 'w/a']);
  });

  await t.test('lease grant, timetolive, keep-alive, revoke, and one that runs out', async (t) => {
    const grant = async (seconds: string): Promise<string> => {
      const said = await etcdctl('lease', 'grant', seconds);
      t.match(said, new RegExp(`^lease [0-9a-f]{16} granted with TTL\\(${seconds}s\\)$`));
      return said.split(' ')[1] ?? '';
    };
    const id = await grant('100');
    await etcdctl('put', 'l/a', '1', `--lease=${id}`);
    t.match(
      await etcdctl('lease', 'timetolive', id, '--keys'),
      /granted with TTL\(100s\), remaining\(\d+s\), attached keys\(\[l\/a\]\)/,
    );
    t.match(await etcdctl('lease', 'list'), new RegExp(id));
    t.equal(await etcdctl('lease', 'keep-alive', id, '--once'), `lease ${id} keepalived with TTL(100)`);
    t.equal(await etcdctl('lease', 'revoke', id), `lease ${id} revoked`);
    t.equal(await etcdctl('get', 'l/a'), '', 'its key went with it');
    t.match(await run(['lease', 'revoke', id]), { code: 1, stderr: /etcdserver: requested lease not found/ });

    const short = await grant('2');
    await etcdctl('put', 'l/b', '1', `--lease=${short}`);
    const keeping = background(['lease', 'keep-alive', short], env);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    t.equal(await etcdctl('get', 'l/b', '--print-value-only'), '1', 'kept alive for twice its time');
    await keeping.stop();
    await eventually('it runs out', async () => (await etcdctl('get', 'l/b')) === '', 15_000);
  });

  await t.test('compaction: the past before it is gone, the present is not', async (t) => {
    await etcdctl('put', 'c', '1');
    const revision = await revisionOf('c');
    await etcdctl('put', 'c', '2');
    t.equal(await etcdctl('compaction', String(revision + 1)), `compacted revision ${revision + 1}`);
    t.match(await run(['get', 'c', `--rev=${revision}`]), {
      code: 1,
      stderr: /etcdserver: mvcc: required revision has been compacted/,
    });
    t.match(await run(['compaction', String(revision)]), { code: 1, stderr: /required revision has been compacted/ });
    t.match(await run(['get', 'c', '--rev=999999999']), { code: 1, stderr: /required revision is a future revision/ });
    t.equal(await etcdctl('get', 'c'), 'c\n2');
  });

  await t.test('member list, endpoint status and health: three members, one of them leads', async (t) => {
    const members = (await etcdctl('member', 'list')).split('\n');
    t.equal(members.length, 3);
    for (const line of members) {
      t.match(line, /^[0-9a-f]{1,16}, started, replica-\d, https:\/\/127.0.0.1:\d+, https:\/\/127.0.0.1:\d+, false$/);
    }
    const health = await run(['endpoint', 'health']);
    t.equal(`${health.stdout}${health.stderr}`.match(/is healthy: successfully committed proposal/g)?.length, 3);
    const status = JSON.parse(await etcdctl('endpoint', 'status', '-w', 'json')) as {
      Status: { header: { member_id: number }; leader: number; version: string; dbSize: number; raftTerm: number };
    }[];
    t.equal(status.length, 3);
    t.equal(new Set(status.map(({ Status }) => Status.leader)).size, 1);
    t.equal(status.filter(({ Status }) => Status.leader === Status.header.member_id).length, 1);
    t.ok(status.every(({ Status }) => Status.dbSize > 0 && /^3\.\d+\.\d+/.test(Status.version)));
    t.match(await etcdctl('endpoint', 'status', '--cluster', '-w', 'table'), /ENDPOINT .*\n[^]*(?:3\.\d+\.\d+[^]*){3}/);
    t.match(await etcdctl('endpoint', 'hashkv', '--cluster'), /(https:.*, \d+\n?){3}/);
  });

  await t.test('who has no certificate of this authority gets nothing', async (t) => {
    const { ETCDCTL_CERT: _, ETCDCTL_KEY: __, ...bare } = env;
    const anonymous = await execute(program, ['get', 'k/a', '--dial-timeout=1s', '--command-timeout=2s'], {
      env: bare,
    });
    t.not(anonymous.code, 0);
    const wrong = {
      ...env,
      ETCDCTL_CERT: join(cluster.dataDir, 'pki', 'admin.crt'),
      ETCDCTL_KEY: join(cluster.dataDir, 'pki', 'admin.key'),
    };
    const admin = await execute(program, ['get', 'k/a', '--dial-timeout=1s', '--command-timeout=2s'], { env: wrong });
    t.not(admin.code, 0, 'who may talk to the API server may not therefore talk to the store');
  });

  await t.test("authentication on a cluster's store: the API server is known by its certificate", async (t) => {
    const server = 'kube-apiserver-etcd-client';
    await etcdctl('user', 'add', 'root:pw');
    await etcdctl('user', 'add', server, '--no-password');
    for (const user of ['root', server]) await etcdctl('user', 'grant-role', user, 'root');
    t.equal(await etcdctl('auth', 'enable'), 'Authentication Enabled');
    await cluster.kubectl(['create', 'configmap', 'secured', '--from-literal=a=b']);
    t.match(await cluster.kubectl(['get', 'configmap', 'secured', '-o', 'name']), /^configmap\/secured$/m);
    const replica = {
      ...env,
      ETCDCTL_CERT: join(cluster.dataDir, 'pki', 'replica-1-etcd.crt'),
      ETCDCTL_KEY: join(cluster.dataDir, 'pki', 'replica-1-etcd.key'),
    };
    const other = await execute(program, ['get', 'k/a'], { env: replica });
    t.match(other.stderr, /etcdserver: permission denied/, 'who has a certificate is not therefore permitted');
    await cluster.until('all are healthy', ({ replicas }) => replicas.every(({ health }) => health === 'healthy'));
    t.equal(await etcdctl('auth', 'disable'), 'Authentication Disabled');
    t.equal((await execute(program, ['get', 'k/a'], { env: replica })).code, 0);
  });

  await t.test("the API server's objects are where a real one keeps them", async (t) => {
    t.match(await etcdctl('get', '--prefix', '/registry/', '--keys-only'), /^\/registry\/namespaces\/default$/m);
    t.match(await etcdctl('get', '/registry/namespaces/default', '--print-value-only'), /default/);
  });
});

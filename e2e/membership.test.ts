import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from './testing/local-cluster.ts';
import type { LocalCluster } from './testing/local-cluster.ts';
import { converged } from './testing/outage.ts';
import { countingWriter } from './testing/writers.ts';

t.setTimeout(600_000); // in all; busy machines are slow

const replicaDir = (cluster: LocalCluster, name: string): string => join(cluster.dataDir, name);
const asideOf = (cluster: LocalCluster, name: string): string[] =>
  readdirSync(cluster.dataDir).filter((file) => file.startsWith(`${name}.`));

void t.test('replicas are replaced, removed and added while a writer counts', async (t) => {
  const cluster = await startCluster({ replicas: 3, nodes: 0 });
  t.teardown(() => cluster.destroy());
  const counting = countingWriter(cluster.kubeconfig, 'counter');
  t.teardown(() => Promise.allSettled([counting.stop()]));

  await t.test('a replica dies with its disk: started again it is refused, and replaced it is there', async (t) => {
    await cluster.run('kill', 'replica-2');
    rmSync(replicaDir(cluster, 'replica-2'), { recursive: true });
    const refused = await cluster.tryRun('start', 'replica-2');
    t.equal(refused.code, 1);
    t.match(refused.stderr, /has already been bootstrapped/);
    t.match(await cluster.run('replace', 'replica-2'), /replica-2 replaced; ready after/);
    await cluster.until('all replicas hold the same', converged);
    t.same(asideOf(cluster, 'replica-2'), [], 'the data of the old one is deleted');
    t.equal((await cluster.run('member', 'list')).match(/voter/g)?.length, 3);
  });

  await t.test('the leader is replaced while it runs', async (t) => {
    const status = await cluster.until('one leads', converged);
    const leader = status.replicas.find(({ role }) => role === 'leader')!.name;
    await cluster.run('replace', leader);
    await cluster.until('all replicas hold the same', converged);
    t.pass();
  });

  await t.test('a replica is removed, stays out, and is added again', async (t) => {
    t.match(await cluster.run('member', 'remove', '3'), /replica-3 is out of the cluster; its data was moved to/);
    t.match(await cluster.run('member', 'list'), /replica-3 +- +removed/);
    await cluster.run('up', '--detach');
    t.equal((await cluster.status()).replicas[2]?.state, 'stopped', '`up` leaves it out');
    t.match(await cluster.run('member', 'add', '3'), /replica-3 caught up and was promoted/);
    await cluster.until('all replicas hold the same', converged);
    const again = await cluster.tryRun('member', 'add', '3');
    t.match(again, { code: 1, stderr: /replica-3 is a member already/ });
  });

  await counting.stop();
  t.same(await counting.faults(), [], 'nothing that was acknowledged is lost');
});

void t.test('two of three replicas are lost with their disks: recover', async (t) => {
  const cluster = await startCluster({ replicas: 3, nodes: 1 });
  t.teardown(() => cluster.destroy());
  await cluster.kubectl(['create', 'configmap', 'kept', '--from-literal=a=1']);
  await cluster.until('all replicas hold the same', converged);

  const early = await cluster.tryRun('recover', '--yes');
  t.match(early, { code: 1, stderr: /must not run meanwhile; stop the cluster first with `kuorum down`/ });
  await cluster.run('down');
  const needless = await cluster.tryRun('recover', '--yes');
  t.match(needless, { code: 1, stdout: /A quorum of the 3 voters is left.*nothing is to be recovered/ });

  for (const name of ['replica-1', 'replica-3']) rmSync(replicaDir(cluster, name), { recursive: true });
  const asked = await cluster.tryRun('recover');
  t.equal(asked.code, 1);
  t.match(asked.stderr, /Nothing was changed: to go on, run this again with --yes/);
  t.match(asked.stdout, /replica-2: member [0-9a-f]{16}, last written at 20/);
  t.match(
    asked.stdout,
    /What may be lost: writes that replica-1 \(\w+\), replica-3 \(\w+\) acknowledged without replica-2 after/,
  );
  t.same(asideOf(cluster, 'replica-2'), []);

  const said = await cluster.run('recover', '--yes');
  t.match(said, /replica-2 is the only member now/);
  const [copy = ''] = asideOf(cluster, 'replica-2');
  t.ok(existsSync(join(cluster.dataDir, copy, 'store')), 'the old data is kept');

  const up = await cluster.run('up', '--detach');
  t.match(up, /replica-1 +joined[^]*replica-3 +joined/);
  const status = await cluster.until('all replicas hold the same', converged);
  t.equal(status.replicas.length, 3);
  t.match(await cluster.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}']), /^1$/);
  await cluster.kubectl(['create', 'configmap', 'new', '--from-literal=a=1']);

  await t.test('the new members carry the cluster: the survivor may die', async (t) => {
    await cluster.run('kill', 'replica-2');
    t.match(await cluster.kubectl(['get', 'configmap', 'new', 'kept', '-o', 'name']), /new\n.*kept/);
    await cluster.kubectl(['create', 'configmap', 'newer']);
    await cluster.run('start', 'replica-2');
    await cluster.until('all replicas hold the same', converged);
  });
});

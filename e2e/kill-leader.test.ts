import t from 'tap';
import { startCluster } from './testing/local-cluster.ts';
import { converged, median, strikeLeader } from './testing/outage.ts';
import { countingWriter, creatingWriter } from './testing/writers.ts';

t.setTimeout(240_000); // in all; busy machines are slow
const kills = 10;
const electionTimeoutMs = 1000;
const rounded = (values: readonly number[]): string => values.map((ms) => `${Math.round(ms)} ms`).join(', ');

void t.test('a cluster of three survives kill -9, pauses and the death of all', async (t) => {
  const cluster = await startCluster({ nodes: 1 });
  t.teardown(() => cluster.destroy());
  const counting = countingWriter(cluster.kubeconfig, 'counter');
  const creating = creatingWriter(cluster.kubeconfig, 'created');
  const writers = [counting, creating];
  t.teardown(() => Promise.allSettled(writers.map((writer) => writer.stop())));

  await t.test(`kill leader ${kills} times, each followed by start: writes go on`, async (t) => {
    const outagesMs: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const outage = await strikeLeader(cluster, 'kill', writers);
      outagesMs.push(...outage.outagesMs);
      t.comment(
        `kill ${kill} of ${outage.replica}: counter ${rounded(outage.outagesMs.slice(0, 1))}, creator ${rounded(outage.outagesMs.slice(1))}`,
      );
      await cluster.run('start', outage.replica);
    }
    t.comment(`outage: median ${rounded([median(outagesMs)])}, worst ${rounded([Math.max(...outagesMs)])}`);
    t.ok(median(outagesMs) <= 1000, 'median outage at most 1 s', { outagesMs });
    await cluster.until('all replicas hold the same', converged);
  });

  await t.test('pause leader: another one leads; after resume the old one follows', async (t) => {
    const outage = await strikeLeader(cluster, 'pause', writers);
    t.comment(`pause of ${outage.replica}: ${rounded(outage.outagesMs)}`);
    await cluster.until('another replica leads', ({ replicas }) =>
      replicas.some((replica) => replica.role === 'leader' && replica.name !== outage.replica),
    );
    await cluster.run('resume', outage.replica);
    const status = await cluster.until('all replicas hold the same', converged);
    t.not(status.replicas.find((replica) => replica.role === 'leader')?.name, outage.replica, 'it does not lead again');
    t.ok(Math.min(...outage.outagesMs) < 5 * electionTimeoutMs, 'writes go on within a few election timeouts');
  });

  await t.test('kill -9 of all replicas at once, then up: nothing is lost', async (t) => {
    for (const { pid } of (await cluster.status()).replicas) if (pid !== null) process.kill(pid, 'SIGKILL');
    const before = writers.map((writer) => writer.acknowledged.length);
    await cluster.run('up', '--detach');
    await cluster.until('all replicas hold the same', converged);
    await Promise.all(writers.map((writer) => writer.stop()));
    t.ok(
      writers.every((writer, i) => writer.acknowledged.length > (before[i] ?? 0)),
      'writes go on',
    );
  });

  t.comment(`acknowledged: ${counting.acknowledged.length} increments, ${creating.acknowledged.length} objects`);
  t.same(await counting.faults(), [], 'every acknowledged increment is there, none twice');
  t.same(await creating.faults(), [], 'every acknowledged object is there, none twice');
});

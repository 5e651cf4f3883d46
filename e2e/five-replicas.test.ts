import t from 'tap';
import { startCluster } from './testing/local-cluster.ts';
import { converged, strikeLeader } from './testing/outage.ts';
import { Rest } from './testing/rest.ts';
import type { Answer } from './testing/rest.ts';
import { countingWriter } from './testing/writers.ts';

t.setTimeout(240_000); // in all; busy machines are slow
const path = '/api/v1/namespaces/default/configmaps';

/** The connection of a replica that was just killed may break under the first request. */
async function answered(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}
const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

void t.test('five replicas', async (t) => {
  const cluster = await startCluster({ replicas: 5, nodes: 0 });
  t.teardown(() => cluster.destroy());
  const counting = countingWriter(cluster.kubeconfig, 'counter');
  t.teardown(() => Promise.allSettled([counting.stop()]));
  const rest = Rest.of(cluster.kubeconfig, { connections: 1 });
  t.teardown(() => rest.close());
  const running = async (): Promise<string[]> =>
    (await cluster.status()).replicas.filter((replica) => replica.state === 'running').map((replica) => replica.name);

  await t.test('two killed at once, the leader among them: writes go on', async (t) => {
    const { replicas } = await cluster.until('all are healthy', converged);
    const follower = replicas.find((replica) => replica.role === 'follower');
    process.kill(follower?.pid ?? 0, 'SIGKILL');
    const outage = await strikeLeader(cluster, 'kill', [counting]);
    t.comment(`kill of ${follower?.name} and ${outage.replica}: ${Math.round(outage.outagesMs[0] ?? NaN)} ms`);
    t.equal((await running()).length, 3);
  });

  await t.test(
    'a third one killed: writes and reads are refused, clearly and in time, and nothing stale is read',
    async (t) => {
      await counting.stop();
      const [third = ''] = await running();
      await cluster.run('kill', third);
      const startedMs = performance.now();
      const write = await answered(() => rest.request('POST', path, { body: configMap('without-a-quorum') }));
      t.ok(write.status >= 500, `the write is refused: ${write.status} ${String(write.json['message'])}`);
      t.equal(write.json['kind'], 'Status');
      const read = await answered(() => rest.request('GET', `${path}/counter`));
      t.ok(read.status >= 500, `the read is refused: ${read.status} ${String(read.json['message'])}`);
      t.equal(read.json['kind'], 'Status');
      t.comment(`told after ${Math.round(performance.now() - startedMs)} ms`);
      const status = await cluster.status();
      t.notOk(
        status.replicas.some((replica) => replica.health === 'healthy'),
        'no replica says that it is healthy',
      );
    },
  );

  await t.test('all started again: everything acknowledged is there', async (t) => {
    await cluster.run('up', '--detach');
    await cluster.until('all replicas hold the same', converged);
    t.same(await counting.faults(), []);
    const after = await rest.request('POST', path, { body: configMap('with-a-quorum') });
    t.equal(after.status, 201);
    await cluster.until('all replicas hold the same', converged);
  });
});

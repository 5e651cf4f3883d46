import t from 'tap';
import { sleep } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import type { RangeResponse } from '../../proto/etcd-types.ts';
import { bytes, TestClient } from './test-client.ts';
import { TestCluster } from './test-cluster.ts';

const zero = new Uint8Array(1);
const patienceMs = 15_000;

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 50) {
    if (holds()) return;
    await sleep(50);
  }
  throw new Error(`${what}: not within ${patienceMs} ms`);
}

void t.test('a member that was away catches up by a snapshot, and its watchers go on', async (t) => {
  const told: string[] = [];
  const log: Log = { ...silentLog, info: (_fields, message) => void told.push(message), child: () => log };
  const cluster = await TestCluster.start(3, { snapshotCount: 50, catchUpEntries: 10, log });
  const clients = [0, 1, 2].map((i) => new TestClient(cluster.clientUrl(i)));
  t.teardown(async () => {
    for (const client of clients) client.close();
    await cluster.stop();
  });
  const away = ((await cluster.leader()) + 1) % 3;
  const writer = clients[(away + 1) % 3]!;
  await writer.call('KV/Put', { key: bytes('before'), value: bytes('1') });
  await cluster.stopMember(away);
  const left = cluster.running;
  for (let i = 0; i < 300; i++) await writer.call('KV/Put', { key: bytes(`k${i % 20}`), value: bytes(String(i)) });
  await writer.call('KV/Compact', { revision: 100 });
  await until('both logs are cut', () => left.every((member) => member.status().snapshotIndex > 250));
  const term = left[0]!.status().term;
  // the last entry is now a new leader's empty one, which the store is never given
  await left.find((member) => member.status().role === 'leader')!.transferLeadership();
  await until('another leads', () =>
    left.some((member) => {
      const { role, term: now, applied, lastIndex } = member.status();
      return role === 'leader' && now > term && applied === lastIndex;
    }),
  );
  const member = await cluster.startMember(away);
  const failed = { error: undefined as Error | undefined };
  void member.failed.then((error) => (failed.error = error));
  await until('the snapshot is taken', () => told.includes('restored the store from a snapshot') || !!failed.error);
  t.equal(failed.error, undefined);
  await writer.call('KV/Put', { key: bytes('after'), value: bytes('1') });
  const described = await cluster.settled();
  t.equal(new Set(described.map((d) => d.hash)).size, 1);
  const { kvs } = await clients[away]!.call<RangeResponse>('KV/Range', { key: zero, rangeEnd: zero });
  t.equal(kvs.length, 22);
  const watch = clients[away]!.watch();
  t.teardown(() => watch.cancel());
  watch.send({ createRequest: { key: zero, rangeEnd: zero, startRevision: 302 } });
  t.match(await watch.next(), { created: true });
  t.match((await watch.next()).events[0], { kv: { modRevision: 302 } });
});

import t from 'tap';
import type { RangeResponse } from '../../proto/etcd-types.ts';
import { bytes, TestClient, text } from './test-client.ts';
import { TestCluster } from './test-cluster.ts';

const zero = new Uint8Array(1);

async function three(t: { teardown(action: () => unknown): void }) {
  const cluster = await TestCluster.start(3);
  const clients = [0, 1, 2].map((i) => new TestClient(cluster.clientUrl(i)));
  t.teardown(async () => {
    for (const client of clients) client.close();
    await cluster.stop();
  });
  return { cluster, clients };
}

async function everything(client: TestClient): Promise<Map<string, string>> {
  const { kvs } = await client.call<RangeResponse>('KV/Range', { key: zero, rangeEnd: zero });
  return new Map(kvs.map((kv) => [text(kv.key), text(kv.value)]));
}

void t.test('three members: any takes writes, all hold the same, a read on any sees the last write', async (t) => {
  const { cluster, clients } = await three(t);
  for (let i = 0; i < 30; i++) {
    await clients[i % 3]!.call('KV/Put', { key: bytes('k'), value: bytes(String(i)) });
    const { kvs } = await clients[(i + 1) % 3]!.call<RangeResponse>('KV/Range', { key: bytes('k') });
    if (text(kvs[0]?.value) !== String(i)) t.fail(`read ${text(kvs[0]?.value)} after ${i}`);
  }
  const described = await cluster.settled();
  t.equal(new Set(described.map((d) => d.hash)).size, 1);
  t.ok(
    described.every((d) => d.members.every((m) => m.clientUrls.length === 1)),
    'all client URLs are known',
  );
  t.equal(new Set(described.map((d) => d.clusterId)).size, 1);
});

void t.test('the leader stops while others write: nothing acknowledged is lost, nothing is there twice', async (t) => {
  const { cluster, clients } = await three(t);
  const leader = await cluster.leader();
  const acknowledged: string[] = [];
  let failures = 0;
  const writing = { on: true };
  const writers = [0, 1, 2]
    .filter((i) => i !== leader)
    .map(async (i) => {
      for (let n = 0; writing.on; n++) {
        const key = `w${i}-${n}`;
        try {
          await clients[i]!.call('KV/Put', { key: bytes(key), value: bytes(key) });
          acknowledged.push(key);
        } catch {
          failures++;
        }
      }
    });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await cluster.stopMember(leader);
  await cluster.leader();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await cluster.startMember(leader);
  await new Promise((resolve) => setTimeout(resolve, 200));
  writing.on = false;
  await Promise.all(writers);
  t.equal(failures, 0, 'writers at the other members see a delay, no error');
  const found = await everything(clients[leader]!);
  for (const key of acknowledged) if (!found.has(key)) t.fail(`${key} is lost`);
  const described = await cluster.settled();
  t.equal(new Set(described.map((d) => d.hash)).size, 1);
  t.equal(described[0]!.revision, found.size + 1, `each write made one revision (${acknowledged.length} writes)`);
});

void t.test('all stop at once and start again: nothing is lost', async (t) => {
  const { cluster, clients } = await three(t);
  await Promise.all(Array.from({ length: 100 }, (_, i) => clients[i % 3]!.call('KV/Put', { key: bytes(`k${i}`) })));
  await Promise.all([0, 1, 2].map((i) => cluster.stopMember(i)));
  await Promise.all([0, 1, 2].map((i) => cluster.startMember(i)));
  await cluster.leader();
  t.equal((await everything(clients[0]!)).size, 100);
});

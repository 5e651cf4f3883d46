import t from 'tap';
import { eventually } from '../../client/testing/eventually.ts';
import { LevelBackend } from '../backend/level-backend.ts';
import { systemMemberPlatform } from './member-platform.ts';
import { startEtcdMember } from './member.ts';
import { bytes, TestClient } from './test-client.ts';
import { reserveOptions, TestCluster } from './test-cluster.ts';

t.setTimeout(180_000);

const kib = 1024;
const mib = kib * kib;
type Teardown = { teardown(fn: () => unknown): unknown };

async function startCluster(t: Teardown, quotaBackendBytes: number) {
  const cluster = await TestCluster.start(3, { quotaBackendBytes });
  t.teardown(() => cluster.stop());
  const client = new TestClient(cluster.clientUrl(0));
  t.teardown(() => client.close());
  return { cluster, client };
}

type Put = { header: { revision: number } };
const value = Buffer.alloc(100 * kib, 'x');
const alarms = async (client: TestClient): Promise<number> =>
  (await client.call<{ alarms: object[] }>('Maintenance/Alarm', { action: 0 })).alarms.length;

void t.test('NOSPACE: raised over the quota, and cleared by itself when there is space again', async (t) => {
  const { cluster, client } = await startCluster(t, mib);
  const put = (key: string): Promise<Put> => client.call<Put>('KV/Put', { key: bytes(key), value });
  let revision = 0;
  for (let i = 0; i < 10; i++) ({ revision } = (await put('k')).header);
  const refusal = { code: 8, details: 'etcdserver: mvcc: database space exceeded' };
  await t.rejects(put('k'), refusal);
  t.equal(await alarms(client), 1);
  await t.rejects(client.call('KV/Put', { key: bytes('small'), value: bytes('1') }), refusal, 'even a small one');
  await t.rejects(client.call('Lease/LeaseGrant', { TTL: 100 }), refusal);
  const status = await client.call<{ errors: string[] }>('Maintenance/Status', {});
  t.match(status.errors, [/^memberID:\d+ alarm:NOSPACE$/]);
  await client.call('KV/DeleteRange', { key: bytes('nothing') });
  t.pass('deleting is allowed');
  await client.call('KV/Compact', { revision });
  t.pass('compacting too');
  await eventually('the alarm is cleared', async () => (await alarms(client)) === 0);
  await put('k');
  const described = await cluster.settled();
  t.same(
    described.map(({ alarms: each }) => each.length),
    [0, 0, 0],
    'on every member',
  );
});

void t.test('NOSPACE stays while there is as good as no space, and etcdctl alarm disarm works', async (t) => {
  const { client } = await startCluster(t, mib);
  const put = (key: string, content = value): Promise<Put> =>
    client.call<Put>('KV/Put', { key: bytes(key), value: content });
  for (let i = 0; i < 10; i++) await put(`k${i}`);
  await t.rejects(put('k'));
  t.equal(await alarms(client), 1);
  // 1,000 KiB of 1,024 are over nine tenths
  const { alarms: raised } = await client.call<{ alarms: object[] }>('Maintenance/Alarm', { action: 0 });
  const answer = await client.call<{ alarms: object[] }>('Maintenance/Alarm', { action: 2, ...raised[0] });
  t.same(answer.alarms, raised);
  t.equal(await alarms(client), 0);
  await put('small', Buffer.from('1'));
  await t.rejects(put('k'));
  t.equal(await alarms(client), 1, 'raised again');
});

void t.test(
  'space is used again: rounds of filling and compaction leave no more on the disk than LevelDB takes to work',
  async (t) => {
    const { options, remove } = await reserveOptions(1, { quotaBackendBytes: 64 * mib });
    let backend: LevelBackend | undefined;
    const platform = {
      ...systemMemberPlatform,
      openBackend: async (dir: string) => (backend = await LevelBackend.open(dir)),
    };
    const member = await startEtcdMember(options[0]!, platform);
    const client = new TestClient(options[0]!.listenClientUrls[0]!);
    t.teardown(async () => {
      client.close();
      await member.stop();
      await remove();
    });
    const sizes: number[] = [];
    for (let round = 0; round < 10; round++) {
      let revision = 0;
      for (let i = 0; i < 60; i += 10) {
        const puts = Array.from({ length: 10 }, (_, n) =>
          client.call<Put>('KV/Put', { key: bytes(`k${i + n}`), value: randomBytes(256 * kib, round * 100 + i + n) }),
        );
        revision = Math.max(...(await Promise.all(puts)).map(({ header }) => header.revision));
      }
      await client.call('KV/Compact', { revision, physical: true });
      sizes.push(await backend!.sizeBytes());
    }
    t.comment(`MiB on disk after each round of 15 MiB: ${sizes.map((size) => (size / mib).toFixed(1)).join(' ')}`);
    t.ok(Math.max(...sizes) < 110 * mib, 'never nearly as much as was written, 150 MiB');
    await client.call('Maintenance/Defragment', {});
    const after = await backend!.sizeBytes();
    t.comment(`after defrag: ${(after / mib).toFixed(1)} MiB`);
    t.ok(after < 2 * 15 * mib + 16 * mib, 'defrag gives back what is not needed');
  },
);

/** does not compress, and is the same in each run */
function randomBytes(length: number, seed: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let x = seed * 2654435761 + 1;
  for (let i = 0; i < length; i += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out.writeInt32LE(x | 0, i);
  }
  return out;
}

import t from 'tap';
import { eventually } from '../../client/testing/eventually.ts';
import { bytes, TestClient } from './test-client.ts';
import { TestCluster } from './test-cluster.ts';

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

void t.test('NOSPACE that a client raised stays: nothing was full', async (t) => {
  const { client } = await startCluster(t, mib);
  const { header } = await client.call<{ header: { memberId: bigint } }>('KV/Range', { key: bytes('a') });
  await client.call('Maintenance/Alarm', { action: 1, memberID: header.memberId, alarm: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1200)); // two looks
  t.equal(await alarms(client), 1);
});

void t.test('NOSPACE is cleared by the leader where the member that raised it is gone', async (t) => {
  const { cluster, client } = await startCluster(t, mib);
  const leader = await cluster.leader();
  const raiser = leader === 2 ? 1 : 2;
  const other = new TestClient(cluster.clientUrl(raiser));
  let revision = 0;
  for (let i = 0; i < 10; i++) {
    ({ revision } = (await client.call<Put>('KV/Put', { key: bytes('k'), value })).header);
  }
  await cluster.settled(); // each looks at its own size
  await t.rejects(other.call('KV/Put', { key: bytes('k'), value }), { message: /database space exceeded/ });
  other.close();
  await new Promise((resolve) => setTimeout(resolve, 1200)); // the leader has seen it
  await cluster.stopMember(raiser);
  await eventually('the others go on', () =>
    client.call('KV/Compact', { revision }).then(
      () => true,
      () => false,
    ),
  );
  await eventually('the alarm is cleared', async () => (await alarms(client)) === 0);
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

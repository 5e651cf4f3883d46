import { ClassicLevel } from 'classic-level';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../../../client/testing/eventually.ts';
import type { EtcdMemberOptions } from '../member-options.ts';
import { parseRecord, recordValue } from '../records.ts';
import { bytes, TestClient } from '../test-client.ts';
import { TestCluster } from '../test-cluster.ts';

t.setTimeout(180_000);

type Teardown = { teardown(fn: () => unknown): unknown };
const quiet = { initial: false, everyMs: 0, afterCompactionEveryMs: 0 };
const eager = { initial: false, everyMs: 200, afterCompactionEveryMs: 0 };

async function startCluster(t: Teardown, corruptionCheck: EtcdMemberOptions['corruptionCheck']) {
  const cluster = await TestCluster.start(3, { corruptionCheck, healthyAfterMs: 0 });
  t.teardown(() => cluster.stop());
  const client = new TestClient(cluster.clientUrl(0));
  t.teardown(() => client.close());
  const put = (key: string, value: string): Promise<object> =>
    client.call('KV/Put', { key: bytes(key), value: bytes(value) });
  for (let i = 0; i < 20; i++) await put(`k/${i}`, `value ${i}`);
  await cluster.settled();
  return { cluster, client, put };
}

/** Changes one byte of the newest value that a stopped member has on its disk. */
async function damage(cluster: TestCluster, place: number, letter: number): Promise<void> {
  const db = new ClassicLevel<Uint8Array, Uint8Array>(join(cluster.optionsOf(place).dataDir, 'store', 'db-1'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  await db.open();
  const [r, s] = ['r', 's'].map((text) => new Uint8Array(Buffer.from(text)));
  for await (const [key, value] of db.iterator({ gte: r, lt: s, reverse: true, limit: 1 })) {
    const record = parseRecord(key, value.slice());
    record.value[0] = letter;
    await db.put(key, recordValue({ ...record, hash: 0 }));
  }
  await db.close();
}

type Alarms = { alarms: { memberID: bigint; alarm: number }[] };
const alarmsOf = async (client: TestClient): Promise<string[]> =>
  (await client.call<Alarms>('Maintenance/Alarm', { action: 0 })).alarms.map(
    ({ memberID, alarm }) => `${memberID.toString(16).padStart(16, '0')}/${alarm}`,
  );

void t.test('a member whose store was changed on its disk refuses to start, and names itself', async (t) => {
  const { cluster } = await startCluster(t, quiet);
  const id = cluster.members[2]!.id;
  await cluster.stopMember(2);
  cluster.change(2, { corruptionCheck: { ...quiet, initial: true } });
  await cluster.startMember(2);
  await cluster.stopMember(2);
  t.pass('with its own data it starts');
  await damage(cluster, 2, 0x58);
  await t.rejects(cluster.startMember(2), { message: new RegExp(`member ${id} \\(m2\\) found data inconsistency`) });
});

void t.test('one that starts beside a damaged one, with the majority, starts', async (t) => {
  const { cluster } = await startCluster(t, quiet);
  await cluster.stopMember(1);
  await damage(cluster, 1, 0x58);
  await cluster.startMember(1);
  await cluster.leader();
  await cluster.stopMember(2);
  cluster.change(2, { corruptionCheck: { ...quiet, initial: true } });
  await cluster.startMember(2);
  t.ok(cluster.members[2]);
});

void t.test(
  'the members find the odd one out while they run: alarm, status, refused writes, and the way back',
  async (t) => {
    const { cluster, client, put } = await startCluster(t, eager);
    const id = cluster.members[2]!.id;
    await cluster.stopMember(2);
    await damage(cluster, 2, 0x58);
    await cluster.startMember(2);
    await eventually('the alarm names it', async () => (await alarmsOf(client)).includes(`${id}/2`), 60_000);
    t.same(await alarmsOf(client), [`${id}/2`]);
    const refusal = { code: 15, details: 'etcdserver: corrupt cluster' };
    await t.rejects(put('k/1', 'x'), refusal);
    const key = bytes('k/1');
    await t.rejects(client.call('KV/DeleteRange', { key }), refusal);
    await t.rejects(client.call('KV/Txn', { success: [{ requestPut: { key, value: key } }] }), refusal);
    await t.rejects(client.call('KV/Compact', { revision: 2 }), refusal);
    await t.rejects(client.call('Lease/LeaseGrant', { TTL: 100 }), refusal);
    const { count } = await client.call<{ count: number }>('KV/Range', { key: bytes('k/'), rangeEnd: bytes('k0') });
    t.equal(count, 20, 'reads are answered');
    const { errors } = await client.call<{ errors: string[] }>('Maintenance/Status', {});
    t.same(errors, [`memberID:${BigInt(`0x${id}`)} alarm:CORRUPT`]);

    const removed = (): Promise<boolean> =>
      client.call('Cluster/MemberRemove', { ID: BigInt(`0x${id}`) }).then(
        () => true,
        () => false,
      );
    await eventually('it is removed, as soon as the others are known to be healthy', removed, 60_000);
    await cluster.stopMember(2).catch(() => {});
    await client.call('Maintenance/Alarm', { action: 2, memberID: BigInt(`0x${id}`), alarm: 2 });
    await put('k/1', 'x');
    t.pass('once it is gone and the alarm disarmed, writes are taken again');
  },
);

void t.test('no majority that tells who is wrong: the alarm names nobody', async (t) => {
  const { cluster, client } = await startCluster(t, { ...eager, everyMs: 300 });
  await cluster.stopMember(1);
  await cluster.stopMember(2);
  await damage(cluster, 1, 0x58);
  await damage(cluster, 2, 0x59);
  await cluster.startMember(1);
  await cluster.startMember(2);
  await eventually('the alarm is raised', async () => (await alarmsOf(client)).length > 0, 60_000);
  await t.rejects(client.call('KV/Put', { key: bytes('a'), value: bytes('b') }), { message: /corrupt cluster/ });
  // two of them may have been compared before the third was there
  t.same(await alarmsOf(client), ['0000000000000000/2']);
});

void t.test(
  'HashKV is the same on all members as of a revision, whatever each has cleaned up after a compaction',
  async (t) => {
    const { cluster, client, put } = await startCluster(t, eager);
    for (let i = 0; i < 30; i++) await put(`k/${i % 7}`, `again ${i}`);
    await client.call('KV/DeleteRange', { key: bytes('k/3') });
    const { header } = await client.call<{ header: { revision: number } }>('KV/Range', { key: bytes('a') });
    const clients = [0, 1, 2].map((i) => new TestClient(cluster.clientUrl(i)));
    t.teardown(() => clients.forEach((each) => each.close()));
    const hashes = (revision: number): Promise<string[]> =>
      Promise.all(
        clients.map(async (each) => {
          type Answer = { hash: number; hashRevision: number; compactRevision: number };
          const { hash, hashRevision, compactRevision } = await each.call<Answer>('Maintenance/HashKV', { revision });
          return `${hash}@${hashRevision}/${compactRevision}`;
        }),
      );
    await cluster.settled();
    const before = await hashes(header.revision);
    t.equal(new Set(before).size, 1);
    await client.call('KV/Compact', { revision: header.revision - 2 });
    await put('later', 'x');
    await cluster.settled();
    const at = await hashes(header.revision);
    t.equal(new Set(at).size, 1, 'asked at once, at a revision that is past');
    t.not(at[0], before[0]);
    t.same(await hashes(header.revision), at, 'and again');
    // one that has only the outcome of it on its disk
    await cluster.stopMember(2);
    await cluster.startMember(2);
    await cluster.settled();
    t.same(await hashes(header.revision), at);
    await t.rejects(hashes(header.revision - 3), { message: /required revision has been compacted/ });
    await t.rejects(hashes(header.revision + 99), { message: /required revision is a future revision/ });
    t.same(await alarmsOf(client), [], 'and they have compared themselves all the while');
  },
);

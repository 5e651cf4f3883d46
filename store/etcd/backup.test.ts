import { writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { BackupFile } from './backup-file.ts';
import { bootstrapOf } from './member-options.ts';
import { startEtcdMember } from './member.ts';
import { restoreBackup } from './restore.ts';
import type { Restored } from './restore.ts';
import { bytes, TestClient } from './test-client.ts';
import { reserveOptions, TestCluster } from './test-cluster.ts';
import { contentOf, fill, rangeAt, zero } from './test-content.ts';
import { snapshotResponses, takeSnapshot } from './test-snapshot.ts';

t.setTimeout(120_000); // busy machines are slow

async function saveTo(file: string, url: string): Promise<string> {
  writeFileSync(file, await takeSnapshot(url));
  return file;
}

void t.test(
  'a snapshot of three members, restored into three new ones: the same content, another cluster',
  async (t) => {
    const cluster = await TestCluster.start(3);
    const client = new TestClient(cluster.clientUrl(0));
    t.teardown(async () => {
      client.close();
      await cluster.stop();
    });
    await fill(client);
    const { hash, clusterId } = (await cluster.settled())[0]!;
    const before = await contentOf(client);
    const file = await saveTo(join(dirname(cluster.optionsOf(0).dataDir), 'backup.db'), cluster.clientUrl(0));

    const backup = await BackupFile.open(file);
    t.match(backup.status(), { revision: 27, totalKey: 9, version: '3.6.0' });
    t.equal(backup.compactRevision(), 22);
    backup.close();

    const { options, remove } = await reserveOptions(3);
    const restored: Restored[] = [];
    for (const one of options)
      restored.push(await restoreBackup({ file, dataDir: one.dataDir, bootstrap: bootstrapOf(one) }));
    t.equal(new Set(restored.map((r) => r.clusterId)).size, 1);
    t.not(restored[0]!.clusterId, clusterId);
    t.match(restored[0], { revision: 27, compactRevision: 22, leases: 2 });
    const members = await Promise.all(options.map((one) => startEtcdMember(one)));
    const clients = options.map((one) => new TestClient(one.listenClientUrls[0]!));
    t.teardown(async () => {
      for (const one of clients) one.close();
      await Promise.all(members.map((member) => member.stop()));
      await remove();
    });
    for (const one of clients) t.same(await contentOf(one), before);
    t.same(
      members.map((member) => member.describe().hash),
      [hash, hash, hash],
    );
    await clients[0]!.call('KV/Put', { key: bytes('after'), value: bytes('1') });
    t.equal((await rangeAt(clients[2]!)).header?.revision, 28, 'it goes on from there');
    const watch = clients[1]!.watch();
    watch.send({ createRequest: { key: zero, rangeEnd: zero, startRevision: 22 } });
    t.match(await watch.next(), { created: true });
    t.match((await watch.next()).events[0], { type: 1, kv: { modRevision: 22 } }, 'also the past is there');
    watch.cancel();
  },
);

void t.test('restored with a bump: the revision is higher, and all before it compacted', async (t) => {
  const cluster = await TestCluster.start(1);
  const client = new TestClient(cluster.clientUrl(0));
  const { options, remove } = await reserveOptions(1);
  t.teardown(async () => {
    client.close();
    await cluster.stop();
    await remove();
  });
  await fill(client);
  const before = await rangeAt(client);
  const [one] = options;
  const file = await saveTo(join(dirname(one!.dataDir), 'backup.db'), cluster.clientUrl(0));
  const bootstrap = bootstrapOf(one!);
  await restoreBackup({ file, dataDir: one!.dataDir, bootstrap, bumpRevision: 1_000_000_000 });
  for (const run of ['first', 'second']) {
    const member = await startEtcdMember(one!);
    const again = new TestClient(member.clientUrls[0]!);
    const { header, kvs } = await rangeAt(again);
    t.ok(header!.revision >= 1_000_000_027, run);
    t.same(
      kvs.filter(({ key }) => Buffer.from(key).toString() !== 'new'),
      before.kvs,
    );
    await t.rejects(rangeAt(again, 27), /required revision has been compacted/);
    await again.call('KV/Put', { key: bytes('new'), value: bytes('1') });
    again.close();
    await member.stop();
  }
});

void t.test('what was restored does not take part in the old cluster, nor do members without the file', async (t) => {
  const { options, remove } = await reserveOptions(2);
  const cluster = await TestCluster.start(1);
  t.teardown(async () => {
    await cluster.stop();
    await remove();
  });
  const file = await saveTo(join(dirname(options[0]!.dataDir), 'backup.db'), cluster.clientUrl(0));
  const [a, b] = options;
  const made = await restoreBackup({ file, dataDir: a!.dataDir, bootstrap: bootstrapOf(a!) });
  const salted = await restoreBackup({ file, dataDir: `${a!.dataDir}-2`, bootstrap: bootstrapOf(a!), salt: 'x' });
  t.equal(new Set([made.clusterId, salted.clusterId, bootstrapOf(a!).clusterId]).size, 3);
  await t.rejects(restoreBackup({ file, dataDir: a!.dataDir, bootstrap: bootstrapOf(a!) }), /exists, and is not empty/);
  const member = await startEtcdMember(a!);
  // with the same flags, and nothing in its data directory
  const empty = await startEtcdMember(b!);
  t.not(empty.clusterId, member.clusterId);
  await Promise.all([member.stop(), empty.stop()]);
  await t.rejects(startEtcdMember({ ...a!, initialClusterToken: 'another' }), /holds data of cluster/);
});

void t.test('a damaged backup is refused with its name and the place, and nothing stays behind', async (t) => {
  const cluster = await TestCluster.start(1);
  const client = new TestClient(cluster.clientUrl(0));
  const { options, remove } = await reserveOptions(1);
  t.teardown(async () => {
    client.close();
    await cluster.stop();
    await remove();
  });
  await fill(client);
  const directory = dirname(options[0]!.dataDir);
  const file = join(directory, 'backup.db');
  const sound = await takeSnapshot(cluster.clientUrl(0));
  const restore = (bytesOf: Buffer, more = {}): Promise<unknown> => {
    writeFileSync(file, bytesOf);
    return restoreBackup({ file, dataDir: options[0]!.dataDir, bootstrap: bootstrapOf(options[0]!), ...more });
  };
  const flipped = Buffer.from(sound);
  flipped[sound.indexOf('xxxx') + 1000]! ^= 1;
  const place = sound.length - 32;
  await t.rejects(restore(flipped), {
    message: new RegExp(`^${file} is damaged at byte ${place}: the SHA-256 here is`),
  });
  const page = Buffer.from(sound);
  page.writeUInt32LE(0xffffff, 3 * 4096 + 16 + 4);
  await t.rejects(restore(page), {
    message: `${file} is damaged at byte ${3 * 4096 + 16}: an element reaches beyond its page`,
  });
  await t.rejects(restore(sound.subarray(0, -100)), { message: /has no SHA-256 at its end/ });
  await t.rejects(restore(sound.subarray(0, -32)), { message: /--skip-hash-check/ });
  await t.rejects(restore(Buffer.alloc(5000 + 152, 'x'), {}), { message: /no bbolt database/ });
  t.same(await readdir(directory), ['backup.db']);
  await restore(sound.subarray(0, -32), { skipHashCheck: true });
  t.same((await readdir(directory)).sort(), ['backup.db', 'm0']);
});

for (const grpcServer of ['lean', 'grpc-js'] as const) {
  void t.test(
    `Snapshot by ${grpcServer}: blobs of at most 64 KiB that count down, and the end of it when the client goes`,
    async (t) => {
      const cluster = await TestCluster.start(1, { grpcServer });
      const client = new TestClient(cluster.clientUrl(0));
      t.teardown(async () => {
        client.close();
        await cluster.stop();
      });
      for (let i = 0; i < 8; i++)
        await client.call('KV/Put', { key: bytes(`k${i}`), value: bytes('x'.repeat(1_000_000)) });
      let total: number | undefined;
      let received = 0;
      for await (const { remainingBytes, blob, version } of snapshotResponses(cluster.clientUrl(0))) {
        total ??= remainingBytes + blob.length;
        if (remainingBytes > 0) received += blob.length;
        if (received + remainingBytes !== total && remainingBytes > 0) t.fail('remaining_bytes is what is to come');
        if (blob.length > 64 * 1024 || version !== '3.6.0') t.fail('a blob that is too large, or without version');
      }
      t.ok(total! > 8_000_000);
      for await (const _ of snapshotResponses(cluster.clientUrl(0))) break;
      await client.call('KV/Put', { key: bytes('k'), value: bytes('1') });
    },
  );
}

void t.test(
  'a snapshot is of one moment, whatever is written while a slow client takes it, and holds nothing up',
  async (t) => {
    const cluster = await TestCluster.start(1);
    const client = new TestClient(cluster.clientUrl(0));
    const { options, remove } = await reserveOptions(1);
    t.teardown(async () => {
      client.close();
      await cluster.stop();
      await remove();
    });
    const put = (key: string, value: string) => client.call('KV/Put', { key: bytes(key), value: bytes(value) });
    for (let i = 0; i < 20; i++) await put(`k${i}`, 'x'.repeat(500_000));
    const responses = snapshotResponses(cluster.clientUrl(0));
    const blobs: Uint8Array[] = [];
    const first = await responses.next();
    if (first.done !== true) blobs.push(first.value.blob.slice());
    // the client takes no more of it for now; each of these is answered, or the call runs into its deadline
    for (let i = 0; i < 20; i++) await put(`k${i}`, 'another');
    await client.call('KV/DeleteRange', { key: bytes('k1') });
    await client.call('KV/Compact', { revision: 41 });
    for await (const { blob } of responses) blobs.push(blob.slice());
    const file = join(dirname(options[0]!.dataDir), 'backup.db');
    writeFileSync(file, Buffer.concat(blobs));
    const backup = await BackupFile.open(file);
    t.match(backup.status(), { revision: 21, totalKey: 20 });
    t.equal(backup.compactRevision(), -1);
    t.ok([...backup.records()].every(({ kv }) => kv.value.length === 500_000));
    backup.close();
  },
);

void t.test('a member is added to a cluster that was made of a backup, and gets all of it', async (t) => {
  const cluster = await TestCluster.start(1);
  const client = new TestClient(cluster.clientUrl(0));
  t.teardown(async () => {
    client.close();
    await cluster.stop();
  });
  await fill(client);
  const before = await contentOf(client);
  const file = await saveTo(join(dirname(cluster.optionsOf(0).dataDir), 'backup.db'), cluster.clientUrl(0));
  await cluster.stopMember(0);
  const { dataDir } = cluster.optionsOf(0);
  await rm(dataDir, { recursive: true });
  await restoreBackup({ file, dataDir, bootstrap: bootstrapOf(cluster.optionsOf(0)) });
  await cluster.startMember(0);
  await cluster.leader();
  const place = await cluster.reserve();
  await client.call('Cluster/MemberAdd', { peerURLs: cluster.optionsOf(place).initialAdvertisePeerUrls });
  await cluster.startMember(place);
  const [a, b] = await cluster.settled();
  t.equal(a!.hash, b!.hash);
  t.equal(a!.clusterId, b!.clusterId);
  const other = new TestClient(cluster.clientUrl(place));
  t.teardown(() => other.close());
  t.same(await contentOf(other), before);
});

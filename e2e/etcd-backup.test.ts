/** Backups of ours restored by real etcd, and those of real etcd by us, through the commands that people type. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import type { RangeResponse } from '../proto/etcd-types.ts';
import { addUser, enableAuth, tokenOf } from '../store/etcd/auth/test-auth.ts';
import type { BackupStatus } from '../store/etcd/backup-file.ts';
import { silentLog } from '../base/log.ts';
import { startEtcdMember } from '../store/etcd/member.ts';
import { bytes, TestClient } from '../store/etcd/test-client.ts';
import { TestCluster } from '../store/etcd/test-cluster.ts';
import { contentOf, fill } from '../store/etcd/test-content.ts';
import { execute, kuorum } from './testing/local-cluster.ts';
import { freePort } from './testing/ports.ts';
import { etcdReleases, startRealEtcd } from './testing/real-etcd.ts';

t.setTimeout(300_000);

async function succeed(outcome: Promise<{ code: number; stdout: string; stderr: string }>): Promise<string> {
  const { code, stdout, stderr } = await outcome;
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** alice may read what begins with a/, and root everything. */
async function mayWhatSheMay(t: Test, url: string): Promise<void> {
  const client = new TestClient(url);
  t.teardown(() => client.close());
  const alice = await tokenOf(client, 'alice', 'pw');
  t.equal((await client.call<RangeResponse>('KV/Range', { key: bytes('a/1') }, alice)).count, 1);
  await t.rejects(client.call('KV/Put', { key: bytes('a/1'), value: bytes('2') }, alice), /permission denied/);
  await t.rejects(client.call('KV/Range', { key: bytes('b') }, alice), /permission denied/);
  await t.rejects(tokenOf(client, 'alice', 'wrong'), /invalid user ID or password/);
  await client.call('KV/Range', { key: bytes('b') }, await tokenOf(client, 'root', 'rootpw'));
}

for (const release of etcdReleases) {
  void t.test(`three members of ours → ${release.name} → ours`, { skip: release.skip }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'kuorum-e2e-backup-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const cluster = await TestCluster.start(3);
    t.teardown(() => cluster.stop());
    const client = new TestClient(cluster.clientUrl(1));
    t.teardown(() => client.close());
    await fill(client);
    const before = await contentOf(client);
    const env = { ETCDCTL_API: '3' };
    const run = (program: string, ...args: string[]): Promise<string> => succeed(execute(program, args, { env }));

    const ours = join(directory, 'ours.db');
    await run(release.etcdctl, `--endpoints=${new URL(cluster.clientUrl(1)).host}`, 'snapshot', 'save', ours);
    type Status = BackupStatus;
    const theirStatus = JSON.parse(await run(release.offline, 'snapshot', 'status', ours, '-w', 'json')) as Status;
    const ourStatus = JSON.parse(await succeed(kuorum(['snapshot', 'status', ours, '-w', 'json']))) as Status;
    // 3.4 counts the keys of all buckets
    const { hash, revision, totalSize } = theirStatus;
    t.match(ourStatus, { hash, revision, totalSize });
    if (release.offline.includes('etcdutl')) t.match(ourStatus, theirStatus);

    const peerUrl = `http://127.0.0.1:${await freePort()}`;
    const place = ['--name=r', `--initial-cluster=r=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`];
    const theirs = join(directory, 'etcd');
    await run(release.offline, 'snapshot', 'restore', ours, `--data-dir=${theirs}`, ...place);
    const etcd = await startRealEtcd(release, theirs, 'r', peerUrl);
    t.teardown(() => etcd.stop());
    const other = new TestClient(etcd.url);
    t.teardown(() => other.close());
    t.same(await contentOf(other), before, 'a real etcd serves the same');

    await other.call('KV/Put', { key: bytes('k1'), value: bytes('theirs'), lease: 77n }); // 28
    await other.call('KV/DeleteRange', { key: bytes('k2') }); // 29
    const after = await contentOf(other);
    const back = join(directory, 'theirs.db');
    await succeed(kuorum(['snapshot', 'save', back, '--endpoints', etcd.url]));
    const own = join(directory, 'kuorum');
    await succeed(kuorum(['snapshot', 'restore', back, `--data-dir=${own}`, ...place]));
    await etcd.stop();
    const listenClientUrls = [`http://127.0.0.1:${await freePort()}`];
    const member = await startEtcdMember({
      name: 'r',
      dataDir: own,
      listenClientUrls,
      listenPeerUrls: [peerUrl],
      initialAdvertisePeerUrls: [peerUrl],
      initialCluster: { r: [peerUrl] },
      log: silentLog,
    });
    t.teardown(() => member.stop());
    const again = new TestClient(listenClientUrls[0]!);
    t.teardown(() => again.close());
    t.same(await contentOf(again), after, 'and what it made of it, we serve');
  });

  void t.test(`users and roles: ours → ${release.name} → ours`, { skip: release.skip }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'kuorum-e2e-backup-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const cluster = await TestCluster.start(1);
    t.teardown(() => cluster.stop());
    const client = new TestClient(cluster.clientUrl(0));
    t.teardown(() => client.close());
    const read = 0;
    await addUser(client, 'alice', 'a/', read);
    await client.call('KV/Put', { key: bytes('a/1'), value: bytes('1') });
    await enableAuth(client);
    await mayWhatSheMay(t, cluster.clientUrl(0));

    const ours = join(directory, 'ours.db');
    const run = (program: string, ...args: string[]): Promise<string> =>
      succeed(execute(program, args, { env: { ETCDCTL_API: '3' } }));
    const endpoint = `--endpoints=${new URL(cluster.clientUrl(0)).host}`;
    await t.rejects(run(release.etcdctl, endpoint, 'snapshot', 'save', ours), /user name is empty/);
    await run(release.etcdctl, endpoint, '--user=root:rootpw', 'snapshot', 'save', ours);
    const peerUrl = `http://127.0.0.1:${await freePort()}`;
    const place = ['--name=r', `--initial-cluster=r=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`];
    await run(release.offline, 'snapshot', 'restore', ours, `--data-dir=${join(directory, 'etcd')}`, ...place);
    const etcd = await startRealEtcd(release, join(directory, 'etcd'), 'r', peerUrl);
    t.teardown(() => etcd.stop());
    await mayWhatSheMay(t, etcd.url);

    const theirs = join(directory, 'theirs.db');
    const save = ['snapshot', 'save', theirs, '--endpoints', etcd.url];
    t.match(await kuorum(save), { code: 1, stderr: /user name is empty/ });
    await succeed(kuorum([...save, '--user', 'root:rootpw']));
    await succeed(kuorum(['snapshot', 'restore', theirs, `--data-dir=${join(directory, 'kuorum')}`, ...place]));
    await etcd.stop();
    const url = `http://127.0.0.1:${await freePort()}`;
    const member = await startEtcdMember({
      name: 'r',
      dataDir: join(directory, 'kuorum'),
      listenClientUrls: [url],
      listenPeerUrls: [peerUrl],
      initialAdvertisePeerUrls: [peerUrl],
      initialCluster: { r: [peerUrl] },
      log: silentLog,
    });
    t.teardown(() => member.stop());
    await mayWhatSheMay(t, url);
  });

  void t.test(
    `a compacted store of ${release.name}, with and without anything left`,
    { skip: release.skip },
    async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'kuorum-e2e-backup-'));
      t.teardown(() => rmSync(directory, { recursive: true, force: true }));
      const peerUrl = `http://127.0.0.1:${await freePort()}`;
      const etcd = await startRealEtcd(release, join(directory, 'etcd'), 'r', peerUrl);
      t.teardown(() => etcd.stop());
      const client = new TestClient(etcd.url);
      t.teardown(() => client.close());
      await client.call('KV/Put', { key: bytes('a'), value: bytes('1') }); // 2
      await client.call('KV/DeleteRange', { key: bytes('a') }); // 3
      await client.call('KV/Compact', { revision: 3, physical: true });
      const cases: [string, () => Promise<unknown>, number][] = [
        ['nothing-left', () => Promise.resolve(), 3],
        ['goes-on', () => client.call('KV/Put', { key: bytes('b'), value: bytes('1') }), 4],
      ];
      for (const [name, act, revision] of cases) {
        await act();
        const file = join(directory, `${name}.db`);
        await succeed(kuorum(['snapshot', 'save', file, '--endpoints', etcd.url]));
        const dataDir = join(directory, name);
        const said = await succeed(kuorum(['snapshot', 'restore', file, '--data-dir', dataDir]));
        t.match(said, new RegExp(`revision ${revision},`));
        const url = `http://127.0.0.1:${await freePort()}`;
        const own = ['http://localhost:2380'];
        const member = await startEtcdMember({
          name: 'default',
          dataDir,
          listenClientUrls: [url],
          listenPeerUrls: [`http://127.0.0.1:${await freePort()}`],
          initialAdvertisePeerUrls: own,
          initialCluster: { default: own },
          log: silentLog,
        });
        const again = new TestClient(url);
        const { header } = await again.call<{ header: { revision: number } }>('KV/Put', {
          key: bytes('c'),
          value: bytes('1'),
        });
        t.equal(header.revision, revision + 1);
        again.close();
        await member.stop();
      }
    },
  );
}

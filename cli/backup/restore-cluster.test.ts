import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { LevelBackend } from '../../store/backend/level-backend.ts';
import type { Identity } from '../../store/etcd/claim.ts';
import { identityKey, metaKey, parseJson } from '../../store/etcd/records.ts';
import type { MetaRecord } from '../../store/etcd/store-state.ts';
import { bytes, TestClient } from '../../store/etcd/test-client.ts';
import { TestCluster } from '../../store/etcd/test-cluster.ts';
import { takeSnapshot } from '../../store/etcd/test-snapshot.ts';
import { restoreCluster } from './restore-cluster.ts';

t.setTimeout(120_000);

async function storeOf(replica: string): Promise<{ identity: Identity; meta: MetaRecord }> {
  const backend = await LevelBackend.open(join(replica, 'store'));
  try {
    const [identity, meta] = await Promise.all([backend.get(identityKey), backend.get(metaKey)]);
    return { identity: parseJson<Identity>(identity!), meta: parseJson<MetaRecord>(meta!) };
  } finally {
    await backend.close();
  }
}

void t.test(
  'restoreCluster makes every replica of one backup, again under another identity; damage changes nothing',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'kuorum-restore-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const cluster = await TestCluster.start(1);
    t.teardown(() => cluster.stop());
    const client = new TestClient(cluster.clientUrl(0));
    for (let i = 0; i < 9; i++) await client.call('KV/Put', { key: bytes(`k${i}`), value: bytes('v') });
    client.close();
    const backup = join(folder, 'backup.db');
    writeFileSync(backup, await takeSnapshot(cluster.clientUrl(0)));
    t.capture(process.stdout, 'write', () => true);

    // the folder of the cluster is lost: cluster.yaml says what it was
    const file = join(folder, 'cluster.yaml');
    writeFileSync(file, 'name: lost\nreplicas: 3\ndataDir: data\n');
    const dataDir = join(folder, 'data');
    const replicas = [1, 2, 3].map((n) => join(dataDir, `replica-${n}`));
    await restoreCluster(backup, { file, bumpRevision: 1000 });
    const first = await Promise.all(replicas.map(storeOf));
    t.equal(new Set(first.map(({ identity }) => identity.clusterId)).size, 1);
    t.equal(new Set(first.map(({ identity }) => identity.memberId)).size, 3);
    for (const { meta } of first) t.same(meta, { revision: 1010, compactRevision: 1010 });

    const damaged = join(folder, 'damaged.db');
    const content = readFileSync(backup);
    content[content.length - 40]! ^= 1;
    writeFileSync(damaged, content);
    const listing = readdirSync(dataDir).sort();
    await t.rejects(restoreCluster(damaged, { dataDir, file, bumpRevision: 0 }), {
      name: 'CliError',
      message: new RegExp(`^Nothing was changed: ${damaged} is damaged at byte \\d+: `),
    });
    t.same(readdirSync(dataDir).sort(), listing);

    await restoreCluster(backup, { dataDir, file, bumpRevision: 0 });
    const second = await Promise.all(replicas.map(storeOf));
    t.not(second[0]!.identity.clusterId, first[0]!.identity.clusterId, 'what was moved aside can not join');
    t.match(second[0]!.meta, { revision: 10 });
    const aside = readdirSync(dataDir).filter((name) => name.includes('.before-restore-'));
    t.equal(aside.length, 3);
    t.ok(aside.every((name) => existsSync(join(dataDir, name, 'store'))));
  },
);

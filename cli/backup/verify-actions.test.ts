import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { bytes, TestClient } from '../../store/etcd/test-client.ts';
import { TestCluster } from '../../store/etcd/test-cluster.ts';
import { verify } from './verify-actions.ts';

t.setTimeout(120_000);

void t.test('verify says what it looked at; where something is wrong it names the place, and fails', async (t) => {
  const cluster = await TestCluster.start(1);
  t.teardown(() => cluster.stop());
  const client = new TestClient(cluster.clientUrl(0));
  for (let i = 0; i < 20; i++) await client.call('KV/Put', { key: bytes(`k${i}`), value: bytes('v'.repeat(100)) });
  client.close();
  const { dataDir } = cluster.optionsOf(0);
  const said = t.capture(process.stdout, 'write', () => true);
  const output = (): string =>
    said()
      .map(({ args }) => String(args[0]))
      .join('');

  await t.rejects(verify(dataDir), { name: 'CliError', message: /is in use by process \d+/ }, 'it runs');
  await cluster.stopMember(0);
  output();
  await verify(dataDir);
  t.match(output(), /^.*m0\n {2}written by kuorum [^]*log against store: all [^]*sound\n$/);
  await verify(join(dataDir, 'raft'));
  t.match(output(), /raft\n[^]*every checksum read\n {2}sound\n$/);

  const wal = join(dataDir, 'raft', 'wal');
  const segment = join(
    wal,
    readdirSync(wal).find((name) => name.endsWith('.wal'))!,
  );
  const content = readFileSync(segment);
  content[1000]! ^= 1;
  writeFileSync(segment, content);
  await t.rejects(verify(dataDir), { name: 'CliError', exitCode: 1, message: `a fault was found in ${dataDir}` });
  t.match(output(), new RegExp(`damaged: ${segment} at byte \\d+: `));

  const empty = join(dataDir, 'empty');
  mkdirSync(empty);
  await t.rejects(verify(empty), { name: 'CliError', message: /holds neither a cluster nor a member's data/ });
  t.ok(existsSync(segment));
});

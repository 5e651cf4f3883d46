import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { readSurvivor } from '../../store/etcd/member.ts';
import { bytes, TestClient } from '../../store/etcd/test-client.ts';
import { TestCluster } from '../../store/etcd/test-cluster.ts';
import { recover } from './recover.ts';

t.setTimeout(60_000); // busy machines are slow

void t.test('recover on the data directories of members: the best goes on, and its old data is kept', async (t) => {
  const cluster = await TestCluster.start(5);
  t.teardown(() => cluster.stop());
  const client = new TestClient(cluster.clientUrl(0));
  await client.call('KV/Put', { key: bytes('k'), value: bytes('1') });
  await cluster.settled();
  await cluster.stopMember(4);
  await client.call('KV/Put', { key: bytes('k'), value: bytes('2') });
  client.close();
  await Promise.all([0, 1, 2, 3].map((i) => cluster.stopMember(i)));
  const said = t.capture(process.stdout, 'write', () => true);
  const dirs = [4, 3].map((i) => cluster.optionsOf(i).dataDir);

  await t.rejects(recover([dirname(dirs[0]!)], true), /neither a cluster of `kuorum up` nor a member's data/);
  const all = [0, 1, 2, 3, 4].map((i) => cluster.optionsOf(i).dataDir);
  await t.rejects(recover(all, true), /Nothing was changed/, 'a quorum is left');
  await recover(dirs, true);

  const output = said().map(({ args }) => String(args[0]));
  t.match(output.join(''), /becomes the only member of the cluster, which had 5 voters/);
  const best = await readSurvivor(dirs[1]!, silentLog);
  t.same(best.confState.voters, [best.memberId], 'the one that was there to the end');
  t.equal(best.lastRevision, 3);
  t.equal((await readSurvivor(dirs[0]!, silentLog)).confState.voters.length, 5, 'the other is as it was');
  const copies = readdirSync(dirname(dirs[1]!)).filter((name) =>
    name.startsWith(`${basename(dirs[1]!)}.before-recover-`),
  );
  t.equal(copies.length, 1);
  const copy = `${dirname(dirs[1]!)}/${copies[0]}`;
  t.ok(existsSync(copy));
  t.equal((await readSurvivor(copy, silentLog)).confState.voters.length, 5);

  const member = await cluster.startMember(3);
  await cluster.leader();
  t.same(member.status().confState.voters, [member.id]);
});

import t from 'tap';
import type { RangeResponse } from '../../proto/etcd-types.ts';
import { idToBigint } from './identity.ts';
import { bytes, text } from './test-client.ts';
import { start, refusal, eventually, idOf, peerUrlOf, grow, zero } from './test-membership.ts';

t.setTimeout(120_000); // busy machines are slow

void t.test('replacing a dead member while others write: nobody waits longer than for an election', async (t) => {
  const { cluster, client } = await start(t, 3);
  const dead = await cluster.leader();
  const survivors = [0, 1, 2].filter((i) => i !== dead);
  const longest = { ms: 0 };
  const errors: string[] = [];
  const written: string[] = [];
  const writing = { on: true };
  t.teardown(() => (writing.on = false));
  const writers = survivors.map(async (i) => {
    for (let n = 0; writing.on; n++) {
      const startedMs = performance.now();
      const key = `w${i}-${n}`;
      try {
        await client(i).call('KV/Put', { key: bytes(key), value: bytes(key) });
        written.push(key);
      } catch (error) {
        errors.push((error as Error).message);
      }
      longest.ms = Math.max(longest.ms, performance.now() - startedMs);
    }
  });
  const id = idOf(cluster, dead);
  await cluster.stopMember(dead);
  await cluster.wipe(dead);
  const asked = client(survivors[0]!);
  await asked.call('Cluster/MemberRemove', { ID: id });
  const place = await grow(cluster, asked);
  await eventually('the new one takes writes', async () => {
    return (await refusal(client(place).call('KV/Put', { key: bytes('new'), value: bytes('1') }))) === 'accepted';
  });
  writing.on = false;
  await Promise.all(writers);
  t.same(errors, []);
  t.comment(`${written.length} writes, the longest took ${Math.round(longest.ms)} ms`);
  t.ok(longest.ms < 5000, 'no write waited for a timeout');
  const { kvs } = await client(place).call<RangeResponse>('KV/Range', { key: zero, rangeEnd: zero, keysOnly: true });
  const found = new Set(kvs.map(({ key }) => text(key)));
  t.same(
    written.filter((key) => !found.has(key)),
    [],
    'nothing that was acknowledged is missing',
  );
  const described = await cluster.settled();
  t.equal(new Set(described.map(({ hash }) => hash)).size, 1);

  await t.test('the old one comes back with its flags and without its disk: refused', async (t) => {
    await t.rejects(cluster.startMember(dead), /has already been bootstrapped/);
  });
});

void t.test('a removed member ends, says why, and does not start again', async (t) => {
  const { cluster, client } = await start(t, 3);
  const leader = await cluster.leader();

  await t.test('a follower that runs', async (t) => {
    const gone = (leader + 1) % 3;
    const member = cluster.members[gone]!;
    await client(leader).call('Cluster/MemberRemove', { ID: idToBigint(member.id) });
    t.match((await member.failed).message, /the member has been permanently removed from the cluster/);
    await cluster.stopMember(gone);
    await t.rejects(cluster.startMember(gone), /the member has been permanently removed from the cluster/);
  });

  await t.test('the leader removes itself: it answers, hands over, and the other goes on alone', async (t) => {
    const stays = (leader + 2) % 3;
    const member = cluster.members[leader]!;
    t.equal(await refusal(client(leader).call('Cluster/MemberRemove', { ID: idToBigint(member.id) })), 'accepted');
    const put = { key: bytes('k'), value: bytes('1') };
    t.equal(await refusal(client(stays).call('KV/Put', put)), 'accepted');
    t.match((await member.failed).message, /permanently removed/);
    await cluster.stopMember(leader);
    t.same(cluster.members[stays]!.status().confState.voters, [cluster.members[stays]!.id]);
    t.match(
      await refusal(client(stays).call('Cluster/MemberRemove', { ID: idOf(cluster, stays) })),
      '9 etcdserver: re-configuration failed due to not enough started members',
    );
  });
});

void t.test('a member that was down when it was removed is told by its peers', async (t) => {
  const { cluster, client } = await start(t, 3);
  const leader = await cluster.leader();
  const gone = (leader + 1) % 3;
  const id = idOf(cluster, gone);
  await cluster.stopMember(gone);
  await client(leader).call('Cluster/MemberRemove', { ID: id });
  const member = await cluster.startMember(gone);
  t.match((await member.failed).message, /permanently removed/);
  await cluster.stopMember(gone);
  await t.rejects(cluster.startMember(gone), /permanently removed/, 'it remembers');
  t.equal(await cluster.leader(), leader, 'it disturbed nobody');
});

void t.test('a member moves to another peer URL', async (t) => {
  const { cluster, client } = await start(t, 3);
  const moves = ((await cluster.leader()) + 1) % 3;
  const other = (moves + 1) % 3;
  const spare = await cluster.reserve();
  const peerURLs = [peerUrlOf(cluster, spare)];
  await client(other).call('Cluster/MemberUpdate', { ID: idOf(cluster, moves), peerURLs });
  await cluster.stopMember(moves);
  await client(other).call('KV/Put', { key: bytes('k'), value: bytes('1') });
  const { initialCluster, name } = cluster.optionsOf(moves);
  cluster.change(moves, {
    listenPeerUrls: peerURLs,
    initialAdvertisePeerUrls: peerURLs,
    initialCluster: { ...initialCluster, [name]: peerURLs },
    initialClusterState: 'existing',
  });
  await cluster.startMember(moves);
  const described = await cluster.settled();
  t.equal(described.length, 3);
  t.ok(described.every(({ members }) => members.some(({ peerUrls }) => peerUrls.join() === peerURLs.join())));
});

void t.test('whoever joins is refused where the flags do not describe the cluster', async (t) => {
  const { cluster, client } = await start(t, 1);
  const stranger = await cluster.reserve();
  await t.rejects(cluster.startMember(stranger), /cannot fetch cluster info.*member count is unequal/);
  await client(0).call('Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:1'], isLearner: true });
  await t.rejects(cluster.startMember(stranger), /cannot fetch cluster info.*--initial-cluster has no member with/);
  cluster.change(stranger, { initialCluster: { [cluster.optionsOf(stranger).name]: [peerUrlOf(cluster, stranger)] } });
  await t.rejects(cluster.startMember(stranger), /could not retrieve cluster information from the given URLs/);
});

void t.test('whoever joined once does not join again without its data', async (t) => {
  const { cluster, client } = await start(t, 1);
  const place = await grow(cluster, client(0));
  await eventually('its client URLs are known', () =>
    cluster.members[0]!.describe().members.every(({ clientUrls }) => clientUrls.length > 0),
  );
  await cluster.stopMember(place);
  await cluster.wipe(place);
  await t.rejects(cluster.startMember(place), /has already been bootstrapped/);
});

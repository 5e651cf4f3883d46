import t from 'tap';
import { sleep } from '../../base/clock.ts';
import type { RangeResponse, StatusResponse } from '../../proto/etcd-types.ts';
import { idToBigint } from './identity.ts';
import { bytes, text } from './test-client.ts';
import { start, refusal, eventually, idOf, peerUrlOf, grow, zero } from './test-membership.ts';
import type { Changed } from './test-membership.ts';

t.setTimeout(120_000); // busy machines are slow

void t.test('a cluster of one grows to three, member by member, through learners', async (t) => {
  const { cluster, client } = await start(t, 1);
  await client(0).call('KV/Put', { key: bytes('a'), value: bytes('1') });

  await t.test('a learner: listed, asked little, not promoted before it runs', async (t) => {
    const place = await cluster.reserve();
    const peerURLs = [peerUrlOf(cluster, place)];
    const added = await client(0).call<Changed>('Cluster/MemberAdd', { peerURLs, isLearner: true });
    t.match(added.member, { name: '', peerURLs, clientURLs: [], isLearner: true });
    t.equal(added.members.length, 2);
    t.equal(
      await refusal(client(0).call('Cluster/MemberPromote', { ID: added.member.ID })),
      '9 etcdserver: can only promote a learner member which is in sync with leader',
    );
    const other = { peerURLs: ['http://127.0.0.1:1'], isLearner: true };
    t.equal(
      await refusal(client(0).call('Cluster/MemberAdd', other)),
      '9 etcdserver: too many learner members in cluster',
    );
    const member = await cluster.startMember(place);
    t.equal(idToBigint(member.id), added.member.ID, 'it finds its identity among the members');
    t.equal(member.clusterId, cluster.members[0]!.clusterId);
    await eventually('it has caught up', () => member.describe().revision === 2);
    const learner = client(place);
    t.equal(
      await refusal(learner.call('KV/Range', { key: bytes('a') })),
      '9 etcdserver: rpc not supported for learner',
    );
    const { kvs } = await learner.call<RangeResponse>('KV/Range', { key: bytes('a'), serializable: true });
    t.equal(text(kvs[0]?.value), '1');
    t.equal((await learner.call<StatusResponse>('Maintenance/Status', {})).isLearner, true);
    for (const method of ['KV/Put', 'Cluster/MemberList', 'Lease/LeaseGrant']) {
      t.match(
        await refusal(learner.call(method, { key: bytes('a'), TTL: 9 })),
        /rpc not supported for learner/,
        method,
      );
    }
    const watch = learner.watch();
    watch.send({ createRequest: { key: bytes('a') } });
    await t.rejects(watch.next(), /rpc not supported for learner/);
    await client(0).call('Cluster/MemberPromote', { ID: added.member.ID });
    await eventually('it is a voter in its own eyes', () => member.status().confState.voters.includes(member.id));
    t.equal(await refusal(learner.call('KV/Put', { key: bytes('b'), value: bytes('2') })), 'accepted');
  });

  await t.test('a third, asked of whoever does not lead', async (t) => {
    const leader = await cluster.leader();
    const place = await grow(cluster, client(1 - leader));
    const described = await cluster.settled();
    t.equal(described.length, 3);
    t.equal(new Set(described.map(({ hash }) => hash)).size, 1);
    t.same(new Set(described.flatMap(({ members }) => members.map(({ learner }) => learner))), new Set([false]));
    t.equal(cluster.members[place]!.status().confState.voters.length, 3);
  });

  await t.test('all stop, and start from what they hold, whatever their flags said', async (t) => {
    const places = [0, 1, 2];
    await Promise.all(places.map((i) => cluster.stopMember(i)));
    await Promise.all(places.map((i) => cluster.startMember(i)));
    await cluster.leader();
    t.equal((await client(2).call<RangeResponse>('KV/Range', { key: zero, rangeEnd: zero })).kvs.length, 2);
    t.equal((await cluster.settled()).length, 3);
  });
});

void t.test('changes that are refused, with etcd’s codes and texts', async (t) => {
  const { cluster, client } = await start(t, 3);
  const asked = client(0);
  const cases: readonly [string, string, object, string][] = [
    ['no URL', 'Add', { peerURLs: [] }, '3 etcdserver: given member URLs are invalid'],
    ['no port', 'Add', { peerURLs: ['http://127.0.0.1'] }, '3 etcdserver: given member URLs are invalid'],
    ['a path', 'Add', { peerURLs: ['http://127.0.0.1:1/x'] }, '3 etcdserver: given member URLs are invalid'],
    ['another scheme', 'Add', { peerURLs: ['ftp://127.0.0.1:1'] }, '3 etcdserver: given member URLs are invalid'],
    ['a URL of another', 'Add', { peerURLs: [peerUrlOf(cluster, 1)] }, '9 etcdserver: Peer URLs already exists'],
    ['removal of nobody', 'Remove', { ID: 7n }, '5 etcdserver: member not found'],
    ['promotion of nobody', 'Promote', { ID: 7n }, '5 etcdserver: member not found'],
    ['promotion of a voter', 'Promote', { ID: idOf(cluster, 1) }, '9 etcdserver: can only promote a learner member'],
    ['new URLs of nobody', 'Update', { ID: 7n, peerURLs: ['http://h:1'] }, '5 etcdserver: member not found'],
    [
      'URLs of another',
      'Update',
      { ID: idOf(cluster, 0), peerURLs: [peerUrlOf(cluster, 1)] },
      '9 etcdserver: Peer URLs already exists',
    ],
  ];
  for (const [name, method, request, expected] of cases) {
    t.equal(await refusal(asked.call(`Cluster/Member${method}`, request)), expected, name);
  }
  t.equal((await asked.call<Changed>('Cluster/MemberList', {})).members.length, 3, 'nothing changed');
});

void t.test('strict check: one of three is down', async (t) => {
  const { cluster, client } = await start(t, 3, { healthyAfterMs: 300 });
  const down = ((await cluster.leader()) + 1) % 3;
  const [a = 0, b = 0] = [0, 1, 2].filter((i) => i !== down);
  const dead = idOf(cluster, down);
  await cluster.stopMember(down);
  await sleep(300);
  t.equal(
    await refusal(client(a).call('Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:1'], isLearner: true })),
    '14 etcdserver: unhealthy cluster',
  );
  t.equal(
    await refusal(client(a).call('Cluster/MemberRemove', { ID: idOf(cluster, b) })),
    '14 etcdserver: unhealthy cluster',
  );
  t.equal(await refusal(client(a).call('Cluster/MemberRemove', { ID: dead })), 'accepted', 'the dead one may go');
});

void t.test('two changes at once, of different members: one after the other, both are made', async (t) => {
  const { cluster, client } = await start(t, 3);
  const urls = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
  // voters that never start: four and five make quorums of three
  const add = (i: number): Promise<string> =>
    refusal(client(i).call('Cluster/MemberAdd', { peerURLs: [urls[i - 1]], isLearner: false }));
  const answers = await Promise.all([
    add(1),
    refusal(
      client(0).call('Cluster/MemberUpdate', { ID: idOf(cluster, 0), peerURLs: [peerUrlOf(cluster, 0), urls[1]] }),
    ),
  ]);
  t.same(answers, ['accepted', 'accepted']);
  const same = await Promise.all([1, 2].map((i) => refusal(client(i).call('Cluster/MemberRemove', { ID: 9n }))));
  t.same(same, Array(2).fill('5 etcdserver: member not found'));
  const { members } = await client(2).call<Changed>('Cluster/MemberList', { linearizable: true });
  t.equal(members.length, 4);
  const [added] = members.filter(({ name }) => name === '');
  const twice = await Promise.all(
    [0, 1].map((i) => refusal(client(i).call('Cluster/MemberRemove', { ID: added!.ID }))),
  );
  t.same(twice.sort(), ['5 etcdserver: member not found', 'accepted'], 'of two equal removals one is too late');
});

void t.test('a change under way while the leader stops is made once', async (t) => {
  const { cluster, client } = await start(t, 3, { strictReconfigCheck: false });
  const leader = await cluster.leader();
  const [a = 0, b = 0] = [0, 1, 2].filter((i) => i !== leader);
  const changing = Promise.all([
    refusal(client(a).call('Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:1'], isLearner: true })),
    cluster.stopMember(leader),
  ]);
  t.equal((await changing)[0], 'accepted');
  await cluster.leader();
  const { members } = await client(b).call<Changed>('Cluster/MemberList', { linearizable: true });
  t.equal(members.filter(({ isLearner }) => isLearner).length, 1);
  t.equal(
    await refusal(client(b).call('Cluster/MemberPromote', { ID: members.find((m) => m.isLearner)!.ID })),
    '9 etcdserver: can only promote a learner member which is in sync with leader',
  );
});

void t.test('a learner is promoted while the leadership passes to another', async (t) => {
  const { cluster, client } = await start(t, 3);
  const place = await cluster.reserve();
  const { member } = await client(0).call<Changed>('Cluster/MemberAdd', {
    peerURLs: [peerUrlOf(cluster, place)],
    isLearner: true,
  });
  const learner = await cluster.startMember(place);
  await client(0).call('KV/Put', { key: bytes('k'), value: bytes('1') });
  await eventually('it has caught up', () => learner.describe().revision === 2);
  const leader = await cluster.leader();
  const asked = client((leader + 1) % 3);
  const [answer] = await Promise.all([
    refusal(asked.call('Cluster/MemberPromote', { ID: member.ID })),
    cluster.members[leader]!.transferLeadership(),
  ]);
  // a new leader has not heard of the learner yet, and says so
  if (answer !== 'accepted') t.match(answer, /in sync with leader/);
  await eventually('it is promoted', async () => {
    const again = await refusal(asked.call('Cluster/MemberPromote', { ID: member.ID }));
    return again === 'accepted' || again === '9 etcdserver: can only promote a learner member';
  });
  await eventually('all know it', () =>
    cluster.running.every((one) => {
      const { voters, learners } = one.status().confState;
      return voters.length === 4 && learners.length === 0;
    }),
  );
});

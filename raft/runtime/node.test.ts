import t from 'tap';
import { sleep, systemClock } from '../../base/clock.ts';
import { eventually, startGroup, toyId } from './testing/toy-group.ts';

void t.test('three members elect a leader and replicate what any of them is asked', async (t) => {
  const group = await startGroup(t, 3);
  const leader = await group.leader();
  await group.write(leader, 'through the leader');
  await group.write(group.follower(), 'through a follower');
  await group.agreeOn('through a follower');
  t.same(leader.machine.values, ['through the leader', 'through a follower']);
  const status = leader.member.status();
  t.ok(status.lastLeaderChange?.reason, `last leader change: ${status.lastLeaderChange?.reason}`);
  t.ok(status.fsyncMaxMs > 0);
});

void t.test('a group of five goes on without two', async (t) => {
  const group = await startGroup(t, 5);
  await group.write(await group.leader(), 'five');
  for (const id of [(await group.leader()).id, group.follower().id]) await group.crash(id);
  await group.write(await group.leader(), 'three');
  await group.agreeOn('three');
  t.same(group.follower().machine.values, ['five', 'three']);
});

void t.test('a single member leads at once, also after a restart', async (t) => {
  const group = await startGroup(t, 1);
  const only = await group.leader();
  for (let i = 0; i < 20; i++) await group.write(only, `value ${i}`);
  only.machine.flush();
  await group.write(only, 'not flushed');
  await group.crash(only.id);
  const again = await group.open(only.id);
  await group.leader();
  await eventually('replay', 5000, () => again.machine.values.includes('not flushed') || undefined);
  t.equal(again.machine.values.length, 21, 'each once');
});

void t.test('kill and restart of the leader, again and again, loses nothing that was acknowledged', async (t) => {
  const group = await startGroup(t, 3);
  const acknowledged: string[] = [];
  for (let round = 0; round < 5; round++) {
    const leader = await group.leader();
    for (let i = 0; i < 5; i++) {
      await group.write(leader, `${round}/${i}`);
      acknowledged.push(`${round}/${i}`);
    }
    if (round % 2 === 0) leader.machine.flush();
    const killedAt = systemClock.monotonicMs();
    await group.crash(leader.id);
    const next = await group.leader();
    await group.write(next, `after ${round}`);
    const outageMs = Math.round(systemClock.monotonicMs() - killedAt);
    const { reason } = next.member.status().lastLeaderChange!;
    t.comment(`outage ${outageMs} ms; ${reason}`);
    t.ok(outageMs < 3000, `outage of ${outageMs} ms`);
    await group.open(leader.id);
  }
  await group.agreeOn('after 4');
  for (const { machine } of group.live.values()) {
    t.same(
      machine.values.filter((value) => !value.startsWith('after')),
      acknowledged,
    );
  }
});

void t.test('all killed at once come back with everything', async (t) => {
  const group = await startGroup(t, 3);
  await group.write(await group.leader(), 'before');
  const ids = [...group.live.keys()];
  await Promise.all(ids.map((id) => group.crash(id)));
  await Promise.all(ids.map((id) => group.open(id)));
  await group.write(await group.leader(), 'after');
  await group.agreeOn('after');
  for (const { machine } of group.live.values()) t.same(machine.values, ['before', 'after']);
});

void t.test('a follower that is too far behind is caught up by a snapshot, and keeps it over a crash', async (t) => {
  const group = await startGroup(t, 3, { snapshotCount: 50, catchUpEntries: 10 });
  await group.write(await group.leader(), 'first');
  await group.agreeOn('first');
  const { id } = group.follower();
  await group.crash(id);
  const leader = await group.leader();
  for (let i = 0; i < 200; i++) {
    await group.write(leader, `value ${i}`);
    if (i % 20 === 0) for (const { machine, member } of group.live.values()) member.stateDurable(machine.flush());
  }
  t.ok(leader.member.status().snapshotIndex > 50, 'the leader has cut its log');
  let late = await group.open(id);
  await group.agreeOn('value 199');
  t.equal(late.machine.restores, 1);
  await group.write(late, 'more');
  await group.crash(id);
  late = await group.open(id);
  await group.agreeOn('more');
  t.equal(late.machine.restores, 0, 'the restart needed no snapshot');
  t.equal(new Set(late.machine.values).size, late.machine.values.length, 'each value once');
});

void t.test('readBarrier gives a point that covers everything written before, on any member', async (t) => {
  const group = await startGroup(t, 3);
  const leader = await group.leader();
  for (let i = 0; i < 10; i++) {
    await group.write(leader, `value ${i}`);
    const follower = group.follower();
    const indexes = await Promise.all([follower.member.readBarrier(), follower.member.readBarrier()]);
    t.ok(follower.machine.values.includes(`value ${i}`), 'the follower has applied it');
    t.equal(indexes[0], indexes[1], 'reads that waited together shared a round');
  }
});

void t.test('a leader cut off from the others serves no reads and accepts no writes for good', async (t) => {
  const group = await startGroup(t, 3);
  const old = await group.leader();
  await group.write(old, 'common');
  group.drop = (from, to) => from === old.id || to === old.id;
  const stale = old.member.readBarrier(1000);
  await t.rejects(stale, { name: 'RaftUnavailableError' });
  const next = await eventually('another leader', 5000, () =>
    [...group.live.values()].find(({ id, member }) => id !== old.id && member.status().role === 'leader'),
  );
  await group.write(next, 'without the old leader');
  t.not(old.member.status().role, 'leader', 'the old leader stepped down');
  t.throws(() => old.member.propose(Buffer.from('lost')), { message: /no leader/ });
  group.drop = undefined;
  await group.agreeOn('without the old leader');
});

void t.test('leadership passes on request, quickly', async (t) => {
  const group = await startGroup(t, 3);
  const leader = await group.leader();
  const to = group.follower();
  await group.write(leader, 'before');
  await group.agreeOn('before');
  const started = systemClock.monotonicMs();
  await leader.member.transferLeadership(to.id, 5000);
  t.comment(`transfer took ${Math.round(systemClock.monotonicMs() - started)} ms`);
  await group.write(to, 'on');
  await group.agreeOn('on');
  t.match(to.member.status().lastLeaderChange?.reason, /./);
});

void t.test('a member joins through a configuration change, and leaves', async (t) => {
  const group = await startGroup(t, 3);
  const leader = await group.leader();
  await group.write(leader, 'early');
  const id = toyId(9);
  const joined = await group.open(id, { initialState: 'existing' });
  const none = new Uint8Array(0);
  leader.member.proposeConfChange({ transition: 'auto', changes: [{ type: 'add-voter', id }], data: none });
  await group.agreeOn('early');
  t.equal(joined.machine.restores, 1, 'it got a snapshot, as the log alone does not tell the first configuration');
  await eventually('four voters', 3000, () => joined.member.status().confState.voters.length === 4 || undefined);
  await group.crash(id);
  await group.write(leader, 'while it was down');
  const again = await group.open(id, { initialState: 'existing' });
  await group.agreeOn('while it was down');
  t.equal(again.member.status().confState.voters.length, 4);
  leader.member.proposeConfChange({ transition: 'auto', changes: [{ type: 'remove', id }], data: none });
  await eventually('three voters', 3000, () => leader.member.status().confState.voters.length === 3 || undefined);
});

void t.test('a data directory in use, of another cluster or with a log that lost its end is refused', async (t) => {
  const group = await startGroup(t, 1);
  const only = await group.leader();
  for (let i = 0; i < 3; i++) await group.write(only, `value ${i}`);
  const inUse = new RegExp(`${only.dataDir} is in use by process ${process.pid}`);
  await t.rejects(group.open(only.id), { name: 'DataDirLockedError', message: inUse });
  only.machine.flush();
  await group.crash(only.id);
  await t.rejects(group.open(only.id, { clusterId: '00000000000000c2' }), { name: 'WrongDataDirError' });
  const { readdir, truncate } = await import('node:fs/promises');
  const [segment] = await readdir(`${only.dataDir}/wal`);
  await truncate(`${only.dataDir}/wal/${segment}`, 600);
  await t.rejects(group.open(only.id), { message: /the state machine has applied \d+: the log was truncated or lost/ });
});

void t.test('a stopped member refuses with a typed error', async (t) => {
  const group = await startGroup(t, 1);
  const { member } = await group.leader();
  await member.stop();
  t.throws(() => member.propose(Buffer.from('x')), { message: /is stopping/ });
  await t.rejects(member.readBarrier(), { message: /is stopping/ });
  await sleep(0);
});

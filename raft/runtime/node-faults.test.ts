import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { sleep } from '../../base/clock.ts';
import type { NodeId } from '../core/types.ts';
import { eventually, startGroup } from './testing/toy-group.ts';
import type { ToyGroup } from './testing/toy-group.ts';

/** A group whose one follower is down and so far behind that only a snapshot helps. */
async function withLaggard(t: { teardown(fn: () => unknown): unknown }): Promise<{ group: ToyGroup; id: NodeId }> {
  const group = await startGroup(t, 3, { snapshotCount: 20, catchUpEntries: 5 });
  await group.write(await group.leader(), 'first');
  await group.agreeOn('first');
  const { id } = group.follower();
  await group.crash(id);
  const leader = await group.leader();
  for (let i = 0; i < 60; i++) await group.write(leader, `value ${i}`);
  await group.agreeOn('value 59');
  for (const { machine, member } of group.live.values()) member.stateDurable(machine.flush());
  await eventually('the leader has cut its log', 3000, () => leader.member.status().snapshotIndex > 20 || undefined);
  return { group, id };
}

const once = (values: readonly string[]): boolean => new Set(values).size === values.length;

void t.test('a failed fsync ends the member, whose error says what to do; the others go on', async (t) => {
  const group = await startGroup(t, 3);
  const leader = await group.leader();
  await group.write(leader, 'before');
  group.diskFault = (id, operation) =>
    id === leader.id && operation === 'fdatasync'
      ? Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
      : undefined;
  leader.member.propose(Buffer.from('lost or not'));
  const error = await leader.member.failed;
  t.match(error.message, /^fdatasync of .*\.wal failed: input\/output error \(EIO\)\. .*Repair the disk/);
  t.throws(() => leader.member.propose(Buffer.from('x')), { message: /is stopping/ });
  await group.crash(leader.id);
  group.diskFault = undefined;
  await group.write(await group.leader(), 'without it');
  await group.open(leader.id);
  await group.agreeOn('without it');
  const all = [...group.live.values()].map(({ machine }) => machine.values);
  t.same(all[1], all[0]);
  t.same(all[2], all[0]);
});

void t.test('a slow disk delays writes, but neither heartbeats nor reads: the leader stays', async (t) => {
  const group = await startGroup(t, 3, { electionMs: 1000 });
  const leader = await group.leader();
  await group.write(leader, 'before');
  const { term } = leader.member.status();
  group.diskFault = (_, operation) => (operation === 'fdatasync' ? sleep(2200) : undefined);
  leader.member.propose(Buffer.from('slow'));
  await sleep(50);
  t.ok((await leader.member.readBarrier(2000)) > 0, 'a read while the disk is busy');
  await group.agreeOn('slow');
  t.equal(leader.member.status().role, 'leader');
  t.equal(leader.member.status().term, term, 'no election');
  t.ok(leader.member.status().fsyncMaxMs >= 0);
});

void t.test('a leader whose disk hangs commits by the others', async (t) => {
  const group = await startGroup(t, 3);
  const leader = await group.leader();
  await group.write(leader, 'before');
  group.diskFault = (id, operation) => (id === leader.id && operation === 'fdatasync' ? sleep(1500) : undefined);
  leader.member.propose(Buffer.from('by the others'));
  const follower = group.follower();
  await eventually('follower applied', 1400, () => follower.machine.values.includes('by the others') || undefined);
  t.notOk(leader.machine.values.includes('by the others'), 'the leader applies only what is durable here');
  await group.agreeOn('by the others');
});

void t.test(
  'a crash while a received snapshot is being restored: the next start restores it from its file',
  async (t) => {
    const { group, id } = await withLaggard(t);
    let entered = false;
    let release: () => void = () => {};
    group.duringRestore = () => {
      entered = true;
      return new Promise((resolve) => (release = resolve));
    };
    const late = await group.open(id);
    await eventually('the restore to begin', 3000, () => entered || undefined);
    t.same((await readdir(join(late.dataDir, 'snap'))).length, 1);
    group.duringRestore = undefined;
    // what the machine had done so far is lost with the process
    const crashed = group.crash(id);
    late.machine.flush = () => 0;
    release();
    await crashed;
    const again = await group.open(id);
    t.ok(again.machine.restores === 1, 'restored before it took part');
    await group.write(await group.leader(), 'after');
    await group.agreeOn('after');
    t.ok(once(again.machine.values));
  },
);

void t.test(
  'a crash between the snapshot file and its mark in the log: the old log holds, the leader sends anew',
  async (t) => {
    const { group, id } = await withLaggard(t);
    group.diskFault = (member, operation) =>
      member === id && operation === 'write' ? Promise.reject(new Error('crash')) : undefined;
    const late = await group.open(id);
    await late.member.failed;
    await group.crash(id);
    group.diskFault = undefined;
    const again = await group.open(id);
    await group.agreeOn('value 59');
    t.ok(once(again.machine.values));
  },
);

void t.test('a machine that cannot restore ends the member, and the next start tries again', async (t) => {
  const { group, id } = await withLaggard(t);
  group.duringRestore = () => Promise.reject(new Error('the store is broken'));
  const late = await group.open(id);
  t.match((await late.member.failed).message, /the store is broken/);
  await group.crash(id);
  await t.rejects(group.open(id), { message: /the store is broken/ });
  group.duringRestore = undefined;
  await group.open(id);
  await group.agreeOn('value 59');
});

void t.test('a damaged snapshot file that is needed is refused by name', async (t) => {
  const { group, id } = await withLaggard(t);
  group.duringRestore = () => Promise.reject(new Error('stop here'));
  const late = await group.open(id);
  await late.member.failed;
  await group.crash(id);
  group.duringRestore = undefined;
  const [name] = await readdir(join(late.dataDir, 'snap'));
  const file = join(late.dataDir, 'snap', name!);
  await writeFile(file, 'KUORSNAP damaged');
  await t.rejects(group.open(id), { name: 'CorruptFileError', file });
});

void t.test('writes and reads go on through lost and cut messages', async (t) => {
  const group = await startGroup(t, 3);
  let count = 0;
  group.drop = () => ++count % 7 === 0;
  const written: string[] = [];
  for (let i = 0; i < 20; i++) {
    const node = [...group.live.values()][i % 3]!;
    // only what was seen applied counts
    await group.write(node, `value ${i}`, 900).then(
      () => written.push(`value ${i}`),
      () => {},
    );
  }
  group.drop = undefined;
  await group.write(await group.leader(), 'end');
  await group.agreeOn('end');
  const { values } = group.follower().machine;
  t.ok(written.length > 5, `${written.length} of 20 acknowledged`);
  t.same(
    written.filter((value) => !values.includes(value)),
    [],
    'all that was acknowledged is there',
  );
  t.ok(once(values.filter((value) => written.includes(value))));
});

import t from 'tap';
import { sleep } from '../../base/clock.ts';
import type { LeaderRecord } from './types.ts';
import { eventually, startGroup } from './testing/toy-group.ts';
import type { ToyGroup, ToyNode } from './testing/toy-group.ts';
import { kindOfReason } from './leader-history.ts';

const electionMs = 500;

interface Case {
  readonly name: string;
  /** what a member that lives on, and is not the old leader, tells of the change */
  readonly reason: RegExp;
  /** what the old leader tells, where it lives on */
  readonly own?: RegExp;
  readonly withinMs: number;
  readonly happens: (group: ToyGroup, leader: ToyNode) => Promise<void> | void;
}

const cases: readonly Case[] = [
  {
    name: 'its process dies',
    reason: /^peer connection closed$/,
    withinMs: electionMs,
    happens: (group, leader) => group.crash(leader.id),
  },
  {
    name: 'nothing is heard of it (a pause, a cut cable)',
    reason: /^election timeout$/,
    own: /^quorum lost$/,
    withinMs: 2 * electionMs,
    happens(group, leader) {
      group.drop = (from, to) => from === leader.id || to === leader.id;
    },
  },
  {
    name: 'it hands over',
    reason: /^leadership transfer: for a test$/,
    own: /^leadership transfer: for a test$/,
    withinMs: electionMs,
    happens: (_, leader) => leader.member.transferLeadership('', electionMs, 'for a test'),
  },
  {
    name: 'its disk hangs',
    reason: /^leadership transfer: disk stuck for \d+ ms$/,
    own: /^leadership transfer: disk stuck for \d+ ms$/,
    withinMs: 2 * electionMs,
    happens(group, leader) {
      group.diskFault = (id, operation) => (id === leader.id && operation === 'fdatasync' ? sleep(4000) : undefined);
      leader.member.propose(Buffer.from('waits for the disk'));
    },
  },
];

const of = (node: ToyNode): readonly LeaderRecord[] => node.member.status().recentLeaderChanges;

for (const { name, reason, own, withinMs, happens } of cases) {
  void t.test(`a leader is replaced in time and all say why, when ${name}`, async (t) => {
    const group = await startGroup(t, 3, { electionMs });
    const leader = await group.leader();
    await group.write(leader, 'before');
    await group.agreeOn('before');
    const started = performance.now();
    await happens(group, leader);
    const others = [...group.live.values()].filter(({ id }) => id !== leader.id);
    const successor = await eventually('another leader', 5000, () =>
      others.find(({ member }) => member.status().role === 'leader'),
    );
    const tookMs = performance.now() - started;
    for (const node of others) {
      const last = await eventually('the change is told', 1000, () => of(node).find((r) => r.leader === successor.id));
      t.match(last.reason, reason, 'the reason of the new leader');
      const { leaderChangesByReason } = node.member.status();
      t.ok((leaderChangesByReason.get(kindOfReason(last.reason)) ?? 0) > 0, 'counted under its kind');
    }
    if (own !== undefined) {
      await eventually('the old leader knows why', 3000, () => of(leader).some((r) => own.test(r.reason)) || undefined);
    }
    // generous: a busy machine is slow
    t.ok(tookMs < withinMs + 1000, `${Math.round(tookMs)} ms`);
    await group.write(successor, 'after');
    group.diskFault = undefined;
  });
}

void t.test(
  'a follower with a stuck disk changes nothing, nor does a leader whose followers are as slow',
  async (t) => {
    const group = await startGroup(t, 3, { electionMs });
    const leader = await group.leader();
    await group.write(leader, 'before');
    const follower = group.follower();
    const changes = leader.member.status().leaderChanges;
    group.diskFault = (id, operation) => (id === follower.id && operation === 'fdatasync' ? sleep(1200) : undefined);
    await group.write(leader, 'with one slow follower');
    await sleep(1300);
    group.diskFault = (_, operation) => (operation === 'fdatasync' ? sleep(1200) : undefined);
    await group.write(leader, 'with three slow disks');
    t.equal(leader.member.status().leaderChanges, changes);
    t.equal(leader.member.status().role, 'leader');
  },
);

void t.test('a reason of an unknown kind is no label of its own', (t) => {
  t.equal(kindOfReason('leadership transfer: disk stuck for 1000 ms'), 'leadership transfer');
  t.equal(kindOfReason('quorum lost'), 'quorum lost');
  t.equal(kindOfReason('whatever a peer may say'), 'other');
  t.end();
});

import t from 'tap';
import { seededRandom, type Random } from '../../base/random.ts';
import { CheckedGroup } from './testing/checked-group.ts';

// One seed again: KUORUM_SEED=17 node --import tsx raft/core/lease.test.ts
const onlySeed = process.env['KUORUM_SEED'];
const seeds = onlySeed === undefined ? Array.from({ length: 12 }, (_, i) => i + 1) : [Number(onlySeed)];
const dangersPerSeed = 20;

/** A network and disks far quicker than a tick, so that what decides is the clocks: they drift by a tenth. */
function round(group: CheckedGroup, proposing = true): void {
  group.elapse();
  exchange(group);
  for (const [id, { node }] of group.members) {
    if (node.inspection.role !== 'leader') continue;
    if (proposing) node.propose(Uint8Array.of(1));
    group.read(id);
  }
}

function exchange(group: CheckedGroup): void {
  for (let hop = 0; hop < 6; hop++) {
    for (const id of group.ids) {
      group.takeReady(id);
      group.completeWrite(id);
    }
    for (let inFlight = group.network.length; inFlight > 0; inFlight--) group.deliver(0);
  }
}

const pick = (group: CheckedGroup, random: Random): string => group.ids[random.below(group.ids.length)]!;
const leaderOf = (group: CheckedGroup): string | undefined =>
  group.ids.find((id) => group.member(id).node.inspection.role === 'leader');

function separate(group: CheckedGroup, a: string, b: string): void {
  group.cut.add(`${a}>${b}`).add(`${b}>${a}`);
}

/** What brings a lease into danger: its holder cut off, a voter that starts again, a handover that does not end well. */
const dangers: readonly ((group: CheckedGroup, random: Random) => void)[] = [
  (group, random) => {
    const leader = leaderOf(group) ?? pick(group, random);
    for (const id of group.ids) if (id !== leader) separate(group, leader, id);
  },
  (group, random) => separate(group, leaderOf(group) ?? '1', pick(group, random)),
  (group, random) => {
    // The voter that the leader relies on forgets, just when another looks for votes.
    const leader = leaderOf(group);
    const voter = pick(group, random);
    if (voter === leader) return;
    exchange(group);
    for (const id of group.ids) if (id !== leader && id !== voter) separate(group, leader ?? '', id);
    for (let i = 8 + random.below(20); i > 0; i--) round(group, false);
    group.restart(voter);
    separate(group, leader ?? '', voter);
  },
  (group, random) => {
    const leader = leaderOf(group);
    if (leader === undefined) return;
    exchange(group);
    group.member(leader).node.transferLeadership(pick(group, random));
    group.takeReady(leader);
    for (let i = group.network.length; i > 0; i--) group.deliver(0);
    for (const id of group.ids) if (id !== leader) separate(group, leader, id);
  },
  (group, random) => group.member(pick(group, random)).node.campaign('random'),
  (group, random) => group.member(pick(group, random)).node.forgetLeader(),
];

void t.test('6.4.1: lease reads are never stale, while clocks drift by no more than a tenth', (t) => {
  let reads = 0;
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const group = new CheckedGroup(random, random.below(2) === 0 ? 3 : 5, 0, { readOnly: 'lease' });
    try {
      for (let i = 0; i < dangersPerSeed; i++) {
        if (random.below(3) > 0) group.cut.clear();
        for (let calm = random.below(30); calm > 0; calm--) round(group);
        dangers[random.below(dangers.length)]!(group, random);
        for (let after = random.below(30); after > 0; after--) round(group);
      }
    } catch (error) {
      t.fail(`seed ${seed}: ${(error as Error).message}`);
    }
    reads += group.ids.reduce((sum, id) => sum + group.member(id).readStates.length, 0);
  }
  t.ok(reads > 10 * seeds.length, `${reads} reads were answered`);
  t.end();
});

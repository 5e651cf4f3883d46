import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { CheckedGroup } from './testing/checked-group.ts';

const heartbeatTicks = 10;
const electionTicks = 100;

/** Ticks from the death of a group's leader to a leader among the others that has committed, all having seen the close. */
function ticksWithoutLeader(seed: number, size: number): number {
  const group = new CheckedGroup(seededRandom(seed), size, 0, { heartbeatTicks, electionTicks });
  group.member('1').node.campaign('test');
  group.settle();
  const others = group.ids.filter((id) => id !== '1');
  for (const id of others) group.cut.add(`1>${id}`).add(`${id}>1`);
  for (const id of others) group.member(id).node.peerClosed('1');
  for (let tick = 1; tick < electionTicks; tick++) {
    for (const id of others) {
      group.member(id).node.tick();
      // What was said in this tick arrives in the next: a network and a disk as slow as a tick.
      group.takeReady(id);
      group.completeWrite(id);
    }
    const inFlight = group.network.length;
    for (let i = 0; i < inFlight; i++) group.deliver(0);
    if (others.some((id) => group.member(id).node.status().role === 'leader')) return tick;
  }
  return electionTicks;
}

for (const size of [3, 5]) {
  void t.test(
    `after a leader of ${size} is killed another leads within three heartbeats, in the median within one`,
    (t) => {
      const ticks = Array.from({ length: 300 }, (_, seed) => ticksWithoutLeader(seed, size)).sort((a, b) => a - b);
      const [median, worst] = [ticks[150]!, ticks.at(-1)!];
      t.ok(median <= heartbeatTicks, `median ${median} ticks`);
      t.ok(worst <= 3 * heartbeatTicks, `worst ${worst} ticks`);
      t.end();
    },
  );
}

void t.test('one broken connection never deposes a leader the others hear', (t) => {
  for (let seed = 0; seed < 100; seed++) {
    const group = new CheckedGroup(seededRandom(seed), 3, 0, { heartbeatTicks, electionTicks });
    group.member('1').node.campaign('test');
    group.settle();
    group.cut.add('1>2').add('2>1');
    for (let tick = 0; tick < 5 * electionTicks; tick++) {
      if (tick % 37 === 0) group.member('2').node.peerClosed('1');
      for (const id of group.ids) group.member(id).node.tick();
      group.settle();
    }
    t.match(group.member('1').node.status(), { role: 'leader', term: 2 }, `seed ${seed}`);
    t.equal(group.member('2').node.status().term, 2);
  }
  t.end();
});

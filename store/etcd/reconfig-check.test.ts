import t from 'tap';
import { reconfigFault } from './reconfig-check.ts';
import type { MemberChange } from './member-change.ts';

/**
 * `A3` this member; `B3` started and connected for long; `B2` for a moment; `B1` started, not connected; `B0` never
 * started; a small letter is a learner
 */
function view(text: string) {
  const parts = text.split(' ').map((part) => [part[0]!.toLowerCase(), part[0]!, Number(part[1])] as const);
  const levels = new Map(parts.map(([id, , level]) => [id, level]));
  return {
    id: 'a',
    members: new Map(
      parts.map(([id, letter, level]) => [
        id,
        { name: level > 0 ? id : '', peerUrls: [], clientUrls: [], learner: letter === id },
      ]),
    ),
    connectedMs: (id: string) => ({ 3: 60_000, 2: 100 })[levels.get(id) ?? 0],
    healthyAfterMs: 5000,
  };
}

const voter: MemberChange = { kind: 'add', id: 'z', peerUrls: ['http://z:1'] };
const learner: MemberChange = { ...voter, learner: true };
const remove = (id: string): MemberChange => ({ kind: 'remove', id });
const promote = (id: string): MemberChange => ({ kind: 'promote', id });

const cases: readonly [string, string, MemberChange, string | undefined][] = [
  ['a second voter for a cluster of one', 'A3', voter, undefined],
  ['a third voter while the second has not started', 'A3 B0', voter, 'not-enough-started'],
  ['a fourth voter for three that work', 'A3 B3 C3', voter, undefined],
  ['a fourth voter while one of three is down', 'A3 B3 C1', voter, 'unhealthy-cluster'],
  ['a learner while one of three is down', 'A3 B3 C1', learner, 'unhealthy-cluster'],
  ['a learner while one came back a moment ago', 'A3 B3 C2', learner, 'unhealthy-cluster'],
  ['a learner while another learner is down', 'A3 B3 c1', learner, undefined],
  ['a learner while a voter never started', 'A3 B3 C0', learner, 'unhealthy-cluster'],
  ['removal of the last voter', 'A3', remove('a'), 'not-enough-started'],
  ['removal of the last voter beside a learner', 'A3 b3', remove('a'), 'not-enough-started'],
  ['removal of a dead one of three', 'A3 B3 C1', remove('c'), undefined],
  ['removal of a working one of three while another is dead', 'A3 B3 C1', remove('b'), 'unhealthy-cluster'],
  ['removal of oneself while another of three is dead', 'A3 B3 C1', remove('a'), 'unhealthy-cluster'],
  ['removal of one of three that work', 'A3 B3 C3', remove('b'), undefined],
  ['removal of oneself of three that work', 'A3 B3 C3', remove('a'), undefined],
  ['removal of one of two that work', 'A3 B3', remove('b'), undefined],
  ['removal of a started one beside two that never were', 'A3 B0 C0', remove('a'), 'not-enough-started'],
  ['removal of a learner, whatever the others do', 'A3 B1 C1 d3', remove('d'), undefined],
  ['removal of one that is not there', 'A3 B3 C3', remove('x'), undefined],
  ['promotion in a cluster of one', 'A3 b3', promote('b'), undefined],
  ['promotion among two that work', 'A3 B3 c3', promote('c'), undefined],
  ['promotion while most voters never started', 'A3 B0 C0 d3', promote('d'), 'not-enough-started'],
  ['new URLs are always allowed', 'A3 B1 C1', { kind: 'update', id: 'b', peerUrls: ['http://b:2'] }, undefined],
];

for (const [name, members, change, expected] of cases) {
  void t.test(`strict reconfiguration check: ${name}`, (t) => {
    t.equal(reconfigFault(view(members), change), expected);
    t.end();
  });
}

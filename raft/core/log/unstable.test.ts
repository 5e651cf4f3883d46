import t from 'tap';
import type { Entry } from '../types.ts';
import { Unstable } from './unstable.ts';

const entry = (index: number, term: number): Entry => ({ index, term, type: 'normal', data: new Uint8Array(0) });
const entries = (...list: [number, number][]): Entry[] => list.map(([index, term]) => entry(index, term));
const held = (unstable: Unstable): string => unstable.entries.map((e) => `${e.index}@${e.term}`).join(' ');

void t.test('truncateAndAppend replaces from the first new entry on', (t) => {
  const cases: { name: string; before: Entry[]; appended: Entry[]; offset: number; held: string }[] = [
    { name: 'behind the end', before: entries([5, 1]), appended: entries([6, 1]), offset: 5, held: '5@1 6@1' },
    {
      name: 'in the middle',
      before: entries([5, 1], [6, 1], [7, 1]),
      appended: entries([6, 2]),
      offset: 5,
      held: '5@1 6@2',
    },
    { name: 'at the offset', before: entries([5, 1], [6, 1]), appended: entries([5, 2]), offset: 5, held: '5@2' },
    {
      name: 'before the offset',
      before: entries([5, 1]),
      appended: entries([4, 2], [5, 2]),
      offset: 4,
      held: '4@2 5@2',
    },
    { name: 'into nothing', before: [], appended: entries([5, 1]), offset: 5, held: '5@1' },
  ];
  for (const { name, before, appended, offset, held: expected } of cases) {
    const unstable = new Unstable(5);
    unstable.truncateAndAppend(before);
    unstable.truncateAndAppend(appended);
    t.equal(unstable.offset, offset, name);
    t.equal(held(unstable), expected, name);
  }
  t.end();
});

void t.test('handOut gives each entry once, and again only where it was overwritten', (t) => {
  const unstable = new Unstable(5);
  unstable.truncateAndAppend(entries([5, 1], [6, 1]));
  t.equal(unstable.handOut().entries.length, 2);
  t.notOk(unstable.hasNext());
  unstable.truncateAndAppend(entries([6, 2], [7, 2]));
  t.same(
    unstable.handOut().entries.map((e) => e.index),
    [6, 7],
  );
  t.end();
});

void t.test('acknowledge makes stable only what is still the log', (t) => {
  /** each write is appended and handed out; acks follow; `offset` is expected after each ack */
  const cases: { name: string; writes: Entry[][]; acks: [index: number, term: number, offset: number][] }[] = [
    {
      name: 'in order',
      writes: [entries([5, 1]), entries([6, 1])],
      acks: [
        [5, 1, 6],
        [6, 1, 7],
      ],
    },
    { name: 'one for several', writes: [entries([5, 1]), entries([6, 1])], acks: [[6, 1, 7]] },
    {
      name: 'twice',
      writes: [entries([5, 1]), entries([6, 1])],
      acks: [
        [5, 1, 6],
        [5, 1, 6],
      ],
    },
    {
      name: 'of an overwritten entry',
      writes: [entries([5, 1]), entries([5, 2])],
      acks: [
        [5, 1, 5],
        [5, 2, 6],
      ],
    },
    {
      name: 'A-B-A',
      writes: [entries([5, 1]), entries([5, 2]), entries([5, 1])],
      acks: [
        [5, 1, 5],
        [5, 2, 5],
        [5, 1, 6],
      ],
    },
    {
      name: 'of which the tail was overwritten',
      writes: [entries([5, 1], [6, 1]), entries([6, 2])],
      acks: [
        [6, 1, 6],
        [6, 2, 7],
      ],
    },
    {
      name: 'of something never written',
      writes: [entries([5, 1])],
      acks: [
        [6, 1, 5],
        [5, 2, 5],
      ],
    },
  ];
  for (const { name, writes, acks } of cases) {
    const unstable = new Unstable(5);
    for (const write of writes) {
      unstable.truncateAndAppend(write);
      unstable.handOut();
    }
    for (const [index, term, offset] of acks) {
      unstable.acknowledge(index, term);
      t.equal(unstable.offset, offset, `${name}: after ${index}@${term}`);
    }
  }
  t.end();
});

void t.test('a snapshot replaces all entries, and writes from before it prove nothing', (t) => {
  const unstable = new Unstable(5);
  unstable.truncateAndAppend(entries([5, 1], [6, 1]));
  unstable.handOut();
  const confState = { voters: ['1'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  unstable.restore({ index: 9, term: 3, confState });
  t.equal(unstable.termAt(9), 3);
  t.notOk(unstable.acknowledge(6, 1));
  t.equal(unstable.handOut().snapshot?.index, 9);
  t.equal(unstable.handOut().snapshot, undefined, 'it is handed out once');
  t.notOk(unstable.snapshotStable(8));
  t.ok(unstable.snapshotStable(9));
  t.equal(unstable.end, 10);
  t.end();
});

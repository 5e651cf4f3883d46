import t from 'tap';
import { checkKubeHistory } from './check-kube.ts';
import type { KubeEvent, KubeHistory, KubeRead, KubeWrite } from './kube-history.ts';

const write = (number: number, kind: KubeWrite['kind'], startMs: number, version?: number): KubeWrite => ({
  object: 'a',
  number,
  kind,
  startMs,
  endMs: startMs + 5,
  outcome: 'ok',
  ...(version !== undefined && { resourceVersion: version }),
});
const read = (startMs: number, number: number | undefined, resourceVersion: number, listed = false): KubeRead => ({
  object: 'a',
  startMs,
  endMs: startMs + 5,
  ...(number !== undefined && { number }),
  resourceVersion,
  listed,
});
const event = (type: KubeEvent['type'], number: number, resourceVersion: number): KubeEvent => ({
  type,
  object: 'a',
  number,
  resourceVersion,
});

/** create 1, update 2, delete 3, create 4; update 5 was never answered and update 6 was refused */
const good: KubeHistory = {
  writes: [
    write(1, 'create', 10, 100),
    write(2, 'update', 20, 110),
    write(3, 'delete', 30),
    write(4, 'create', 40, 130),
    { object: 'a', number: 5, kind: 'update', startMs: 50, outcome: 'unknown' },
    { ...write(6, 'update', 60), outcome: 'refused' },
  ],
  reads: [
    read(1, undefined, 90, true),
    read(16, 1, 100),
    read(22, 1, 105, true), // while update 2 was on its way
    read(26, 2, 110),
    read(36, undefined, 120, true),
    read(46, 4, 130),
    read(70, 5, 140, true),
  ],
  increments: [
    { counter: 'c', to: 1, outcome: 'ok' },
    { counter: 'c', to: 2, outcome: 'unknown' },
    { counter: 'c', to: 3, outcome: 'ok' },
    { counter: 'c', to: 3, outcome: 'refused' },
  ],
  counters: { c: 3 },
  watches: [
    {
      name: 'watcher',
      startVersion: 95,
      syncedVersion: 150,
      gaps: [],
      events: [
        event('ADDED', 1, 100),
        event('MODIFIED', 2, 110),
        event('DELETED', 2, 120),
        event('ADDED', 4, 130),
        event('MODIFIED', 5, 140),
      ],
    },
  ],
};

void t.test('checkKubeHistory finds nothing wrong with what a correct server may answer', (t) => {
  t.same(checkKubeHistory(good), []);
  t.end();
});

const watched = (events: readonly KubeEvent[]): Partial<KubeHistory> => ({
  watches: [{ ...good.watches[0]!, events }],
});
const events = good.watches[0]!.events;

const seeded: Readonly<Record<string, [change: Partial<KubeHistory>, told: RegExp]>> = {
  'a read that misses an acknowledged update': [
    { reads: [read(26, 1, 100)] },
    /a read of a shows write 1, but write 2 had been acknowledged/,
  ],
  'a read that does not find an acknowledged object': [
    { reads: [read(16, undefined, 0)] },
    /does not find a, but write 1 had been acknowledged/,
  ],
  'an object that is back after its deletion': [
    { reads: [read(36, 2, 110)] },
    /shows write 2, but write 3 had been acknowledged/,
  ],
  'a read from the future': [{ reads: [read(11, 4, 130)] }, /shows write 4, which had not begun/],
  'a refused write that is there': [{ reads: [read(80, 6, 150)] }, /shows write 6, which was never done/],
  'lists that go back in time': [
    { reads: [read(46, 4, 130, true), read(60, 4, 129, true)] },
    /a list is of version 129, but an earlier one was of version 130/,
  ],
  'a version that does not grow': [
    { writes: [write(1, 'create', 10, 100), write(2, 'update', 20, 100)], watches: [], reads: [] },
    /a: write 2 has version 100, write 1 before it 100/,
  ],
  'a lost increment': [{ counters: { c: 1 } }, /c is 1, but 2 increments were acknowledged and 1 are unknown/],
  'an increment done twice': [{ counters: { c: 4 } }, /c is 4, but 2 increments/],
  'two clients told of the same increment': [
    { increments: [...good.increments, { counter: 'c', to: 3, outcome: 'ok' }] },
    /two clients were told that they made it 3/,
  ],
  'a watch that left a write out': [
    watched(events.filter(({ number, type }) => number !== 2 || type === 'DELETED')),
    /never told of write 2 of a, version 110/,
  ],
  'a watch that told something twice': [
    watched([...events, event('MODIFIED', 5, 141)]),
    /told 2 times of write 5 of a/,
  ],
  'a watch whose versions go back': [
    watched([events[1]!, events[0]!, ...events.slice(2)]),
    /ADDED a of version 100 came after version 110/,
  ],
  'a watch that left a deletion out': [
    watched(events.filter(({ type }) => type !== 'DELETED')),
    /told 0 times that write 3 deleted a/,
  ],
  'a watch that told of a refused write': [
    watched([...events, event('MODIFIED', 6, 145)]),
    /told of write 6 of a, which was never done/,
  ],
  'a watch with another version than the answer': [
    watched([{ ...events[0]!, resourceVersion: 99 }, ...events.slice(1)]),
    /write 1 of a has version 99, its answer said 100/,
  ],
};
for (const [name, [change, told]] of Object.entries(seeded)) {
  void t.test(`checkKubeHistory finds ${name}`, (t) => {
    t.match(
      checkKubeHistory({ ...good, ...change })
        .map(({ text }) => text)
        .join('\n'),
      told,
    );
    t.end();
  });
}

void t.test('checkKubeHistory asks nothing of a watch for the time in which history was gone', (t) => {
  const log = { ...good.watches[0]!, gaps: [[105, 115] as const] };
  const rest = events.filter(({ number }) => number !== 2);
  t.same(checkKubeHistory({ ...good, watches: [{ ...log, events: rest }] }), []);
  t.end();
});

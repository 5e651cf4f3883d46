import t from 'tap';
import { checkHistory } from '../../sim/check/index.ts';
import type { Event, History, Kv, Operation } from '../../sim/check/history.ts';
import { withTimes } from './check-run.ts';
import { Projection } from './projection.ts';

const kv = (key: string, value: string, createRevision: number, modRevision: number, version = 1): Kv => ({
  key,
  value,
  createRevision,
  modRevision,
  version,
  lease: '0',
});
const put = (key: string, value: string, create: number, mod: number, version = 1): Event => ({
  type: 'put',
  kv: kv(key, value, create, mod, version),
});

const operation = (
  id: number,
  call: number,
  request: Operation['request'],
  outcome: Operation['outcome'],
): Operation => ({ id, client: 1, call, return: call + 1, request, outcome });

/** The store had other writers: the load's own writes are its revisions 8, 10 and 13. */
const history: History = {
  operations: [
    operation(1, 1, { kind: 'put', key: 'a', value: '1' }, { status: 'ok', response: { kind: 'put', revision: 8 } }),
    operation(
      2,
      3,
      { kind: 'range', key: 'a' },
      { status: 'ok', response: { kind: 'range', revision: 9, count: 1, kvs: [kv('a', '1', 8, 8)] } },
    ),
    operation(
      3,
      5,
      {
        kind: 'txn',
        compare: [{ key: 'a', target: 'mod', result: '=', operand: 8 }],
        success: [{ kind: 'put', key: 'a', value: '2', prevKv: true }],
        failure: [],
      },
      {
        status: 'ok',
        response: {
          kind: 'txn',
          revision: 10,
          succeeded: true,
          responses: [{ kind: 'put', prevKv: kv('a', '1', 8, 8) }],
        },
      },
    ),
    operation(4, 7, { kind: 'put', key: 'b', value: '3' }, { status: 'ok', response: { kind: 'put', revision: 13 } }),
    operation(
      5,
      9,
      { kind: 'range', key: 'a', revision: 9 },
      { status: 'ok', response: { kind: 'range', revision: 14, count: 1, kvs: [kv('a', '1', 8, 8)] } },
    ),
  ],
  watches: [
    {
      id: 6,
      client: 2,
      opened: 2,
      closed: 20,
      request: { key: 'a', startRevision: 9 },
      responses: [
        { time: 3, kind: 'created', revision: 9 },
        { time: 7, kind: 'events', revision: 12, events: [put('a', '2', 8, 10, 2)] },
      ],
    },
  ],
  revisions: [
    { revision: 8, events: [put('a', '1', 8, 8)] },
    { revision: 10, events: [put('a', '2', 8, 10, 2)] },
    { revision: 13, events: [put('b', '3', 13, 13)] },
  ],
};
const projected = (of: History): History =>
  new Projection((of.revisions ?? []).map(({ revision }) => revision)).history(of);

void t.test('Projection counts only the revisions that touched keys of the load', (t) => {
  const projection = new Projection([8, 10, 13]);
  t.same(
    [7, 8, 9, 10, 12, 13, 99].map((revision) => projection.revision(revision)),
    [1, 2, 2, 3, 3, 4, 4],
  );
  t.end();
});

void t.test('a projected history of a store with other writers passes the checks', (t) => {
  const { violations, stats } = checkHistory(projected(history));
  t.same(violations, []);
  t.equal(stats.byRevision, 'checked');
  t.end();
});

const wrong: Readonly<Record<string, (history: History) => History>> = {
  'an acknowledged write that no revision holds': (h) => ({ ...h, revisions: h.revisions!.slice(0, 2), watches: [] }),
  'a read of an old value': (h) => ({
    ...h,
    operations: [
      ...h.operations,
      operation(
        9,
        20,
        { kind: 'range', key: 'a' },
        { status: 'ok', response: { kind: 'range', revision: 15, count: 1, kvs: [kv('a', '1', 8, 8)] } },
      ),
    ],
  }),
  'a watch that left an event out': (h) => ({
    ...h,
    watches: [
      {
        ...h.watches![0]!,
        request: { key: 'a', rangeEnd: 'c', startRevision: 9 },
        responses: [{ time: 7, kind: 'events', revision: 13, events: [put('b', '3', 13, 13)] }],
      },
    ],
  }),
};
for (const [name, change] of Object.entries(wrong)) {
  void t.test(`the checks of a projected history find ${name}`, (t) => {
    t.not(checkHistory(projected(change(history))).violations.length, 0);
    t.end();
  });
}

void t.test('withTimes gives each revision the time at which anybody was told of it first', (t) => {
  const records = [
    { revision: 8, events: [put('a', '1', 8, 8)], time: 9 },
    { revision: 10, events: [put('a', '2', 8, 10, 2)], time: 9 },
  ];
  t.same(
    withTimes(records, history.watches!).map(({ time }) => time),
    [9, 7],
  );
  t.end();
});

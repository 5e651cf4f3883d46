import type { Event, Operation, Request, RevisionRecord, Watch, WatchResponse } from '../history.ts';
import type { Outcome } from '../history.ts';
import { ReferenceStore } from './reference-store.ts';

/** What can be changed can be changed wrongly. */
export type Mutable<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? Mutable<E>[]
    : { -readonly [name in keyof T]: Mutable<T[name]> };

export interface Story {
  operations: Mutable<Operation>[];
  revisions: Mutable<RevisionRecord>[];
  watches: Mutable<Watch>[];
}

/**
 * One client does one thing after another, operation n from time 10n to 10n + 5:
 *
 *     1 put a=1 (2)       6 list (5)            11 put p, q (9)       16 put d=8, never answered (11)
 *     2 put b=2 (3)       7 grant lease 7       12 stale get a (9)    17 get d (11)
 *     3 get a (3)         8 put l on it (6)     13 stale get a (9)    18 list at 3: compacted
 *     4 cas a=3 (4)       9 revoke it (7)       14 compact to 5       19 keep lease 7 alive: gone
 *     5 delete b (5)     10 put c=5 (8)         15 put c=7 (10)       20 list (11)
 *
 * Watch 1 sees all of a..z from revision 2 on, watch 2 the deletions from 5 on, watch 3 goes on after a watch 4 that
 * ended at revision 5.
 */
const requests: readonly Request[] = [
  { kind: 'put', key: 'a', value: '1' },
  { kind: 'put', key: 'b', value: '2' },
  { kind: 'range', key: 'a' },
  {
    kind: 'txn',
    compare: [{ key: 'a', target: 'mod', result: '=', operand: 2 }],
    success: [{ kind: 'put', key: 'a', value: '3' }],
    failure: [{ kind: 'range', key: 'a' }],
  },
  { kind: 'delete', key: 'b', prevKv: true },
  { kind: 'range', key: 'a', rangeEnd: 'z', limit: 5 },
  { kind: 'lease-grant', lease: '7', ttlSeconds: 100 },
  { kind: 'put', key: 'l', value: '4', lease: '7' },
  { kind: 'lease-revoke', lease: '7' },
  { kind: 'put', key: 'c', value: '5' },
  {
    kind: 'txn',
    compare: [],
    success: [
      { kind: 'put', key: 'p', value: '6' },
      { kind: 'put', key: 'q', value: '6' },
    ],
    failure: [],
  },
  { kind: 'range', key: 'a', serializable: true },
  { kind: 'range', key: 'a', serializable: true },
  { kind: 'compact', revision: 5 },
  { kind: 'put', key: 'c', value: '7', prevKv: true },
  { kind: 'put', key: 'd', value: '8' },
  { kind: 'range', key: 'd' },
  { kind: 'range', key: 'a', rangeEnd: 'z', revision: 3 },
  { kind: 'lease-keep-alive', lease: '7' },
  { kind: 'range', key: 'a', rangeEnd: 'z', limit: 3 },
];
const neverAnswered = 16;

/** A correct story, a fresh copy at each call; `more` goes on from it. */
export function tellStory(more: readonly Request[] = []): Story {
  const store = new ReferenceStore();
  const operations = [...requests, ...more].map((request, i): Operation => {
    const id = i + 1;
    const call = 10 * id;
    const answer = store.apply(request, call + 2);
    const outcome: Outcome =
      id === neverAnswered
        ? { status: 'unknown' }
        : 'error' in answer
          ? { status: 'error', ...answer }
          : { status: 'ok', response: answer };
    return { id, client: 1, member: 'm1', session: 1, call, return: call + 5, request, outcome };
  });
  const { revisions } = store;
  const all = { key: 'a', rangeEnd: 'z' };
  const watches: Watch[] = [
    watchOf(1, { ...all, startRevision: 2, prevKv: true }, revisions),
    watchOf(2, { ...all, startRevision: 5, filters: ['noput'] }, revisions),
    { ...watchOf(3, { ...all, startRevision: 6 }, revisions), resumes: 4 },
    {
      ...watchOf(
        4,
        { ...all },
        revisions.filter(({ revision }) => revision <= 5),
      ),
      closed: 60,
    },
  ];
  return JSON.parse(JSON.stringify({ operations, revisions, watches })) as Story; // nothing shared
}

function watchOf(id: number, request: Watch['request'], revisions: readonly RevisionRecord[]): Watch {
  const { startRevision = 0, prevKv = false, filters = [] } = request;
  const responses: WatchResponse[] = [{ time: 11, kind: 'created', revision: 1 }];
  for (const { revision, events: made, time = 0 } of revisions) {
    const events = made
      .filter(({ type }) => revision >= startRevision && !filters.includes(type === 'put' ? 'noput' : 'nodelete'))
      .map((event): Event => (prevKv ? event : { type: event.type, kv: event.kv }));
    if (events.length > 0) responses.push({ time: time + 1, kind: 'events', revision, events });
  }
  responses.push({ time: 1000, kind: 'progress', revision: revisions.at(-1)?.revision ?? 1 });
  return { id, client: 100 + id, member: 'm1', request, opened: 5, responses };
}

/** The answer of operation `id`, of the kind it has. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function answer<R extends object>(story: Story, id: number): R & { revision: number } {
  const { outcome } = operation(story, id);
  if (outcome.status !== 'ok') throw new Error(`operation ${id} has no answer`);
  return outcome.response as unknown as R & { revision: number };
}

export function operation(story: Story, id: number): Mutable<Operation> {
  return story.operations[id - 1]!;
}

/** The responses of watch `id` with events, or all of them. */
export function told(story: Story, id: number): Mutable<WatchResponse & { events: Event[] }>[] {
  const { responses } = story.watches[id - 1]!;
  return responses.filter(({ kind }) => kind === 'events') as Mutable<WatchResponse & { events: Event[] }>[];
}

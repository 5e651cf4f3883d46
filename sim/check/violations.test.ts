import t from 'tap';
import { checkHistory } from './index.ts';
import type { CheckOptions } from './index.ts';
import type {
  DeleteResult,
  Event,
  History,
  MemberState,
  PutResult,
  RangeResult,
  Request,
  TxnResult,
} from './history.ts';
import { answer, operation, tellStory, told } from './testing/story.ts';
import type { Mutable, Story } from './testing/story.ts';

interface Case {
  readonly checker: string;
  readonly says: RegExp;
  readonly more?: readonly Request[];
  readonly spoil: (story: Story) => void;
  readonly options?: CheckOptions;
  readonly ends?: Partial<History>;
}

type Range = Mutable<RangeResult>;
const put = (key: string, value: string): Request => ({ kind: 'put', key, value });
const events = (story: Story, revision: number): Mutable<Event>[] => story.revisions[revision - 2]!.events;
const member = (name: string, revision: number, hash: string): MemberState => ({
  member: name,
  revision,
  hash,
  compactRevision: 5,
});

const operationCases: Readonly<Record<string, Case>> = {
  'stale read': {
    checker: 'Linearizable',
    says: /stale read: answered from revision 2 though revision 3/,
    spoil: (story) => (answer(story, 3).revision = 2),
  },
  'read from the future': {
    checker: 'Linearizable',
    says: /read from the future: revision 3 was answered before/,
    spoil: (story) => Object.assign(operation(story, 3), { call: 16, return: 18 }),
  },
  'unanswered write seen before its call': {
    checker: 'Linearizable',
    says: /revision 11 .*seen before it was called/,
    spoil: (story) => (operation(story, 16).call = 500),
  },
  'unanswered write applied before its call': {
    checker: 'Linearizable',
    says: /revision 11 .*seen before it was called/,
    spoil: (story) => (operation(story, 16).call = 174),
  },
  'lost acknowledged write at the end': {
    checker: 'Durable',
    says: /acknowledged write is lost: revision 12, which never was/,
    more: [put('e', '9')],
    spoil: (story) => story.revisions.pop(),
  },
  'acknowledged write overwritten': {
    checker: 'Durable',
    says: /acknowledged write is lost: its revision 3 .*b=2.*b=other/s,
    spoil: (story) => (events(story, 3)[0]!.kv.value = 'other'),
  },
  'doubled write': {
    checker: 'Linearizable',
    says: /revision 12 .* doubled write: it was acknowledged with revision 10/,
    more: [put('c', '7')],
    spoil: (story) => story.operations.pop(),
  },
  'write that was reported as failed': {
    checker: 'Linearizable',
    says: /revision 11 .*reported as not applied/,
    spoil: (story) => (operation(story, 16).outcome = { status: 'failed' }),
  },
  'write nobody asked for': {
    checker: 'Linearizable',
    says: /revision 12 .*by no operation of the history/,
    more: [put('e', '9')],
    spoil: (story) => story.operations.pop(),
  },
  'two writes with the same revision': {
    checker: 'Linearizable',
    says: /two writes have the same revision 2/,
    spoil: (story) => (answer(story, 2).revision = 2),
  },
  'revision goes back': {
    checker: 'Linearizable',
    says: /revision goes back: 2 was made by a write that began after revision 3/,
    spoil: (story) => {
      Object.assign(operation(story, 1), { call: 20, return: 25 });
      Object.assign(operation(story, 2), { call: 10, return: 15 });
    },
  },
  'value nobody wrote': {
    checker: 'Linearizable',
    says: /wrong answer at revision 3: should have a=1 .*has a=99/,
    spoil: (story) => (answer<Range>(story, 3).kvs[0]!.value = '99'),
  },
  'lost update: two comparisons with the same revision succeed': {
    checker: 'Linearizable',
    says: /should have taken the else branch/,
    more: [{ ...(tellStory().operations[3]!.request as Request) }],
    spoil: (story) => {
      const txn = answer<Mutable<TxnResult>>(story, 21);
      Object.assign(txn, { succeeded: true, responses: [{ kind: 'put' }] });
    },
  },
  'comparison that should succeed does not': {
    checker: 'Linearizable',
    says: /#4 .*did not succeed/s,
    spoil: (story) =>
      Object.assign(answer<Mutable<TxnResult>>(story, 4), { succeeded: false, responses: [], revision: 3 }),
  },
  'half of a transaction applied': {
    checker: 'Durable',
    says: /its revision 9 .*put q=6/,
    spoil: (story) => events(story, 9).pop(),
  },
  'deleted count wrong': {
    checker: 'Linearizable',
    says: /should have deleted 1, says 2/,
    spoil: (story) => (answer<Mutable<DeleteResult>>(story, 5).deleted = 2),
  },
  'delete that found nothing': {
    checker: 'Linearizable',
    says: /revision 5 .*delete b/,
    spoil: (story) => Object.assign(answer<Mutable<DeleteResult>>(story, 5), { deleted: 0, prevKvs: [], revision: 4 }),
  },
  'previous value of a delete wrong': {
    checker: 'Linearizable',
    says: /should have b=2 .*has b=old/,
    spoil: (story) => (answer<Mutable<DeleteResult>>(story, 5).prevKvs![0]!.value = 'old'),
  },
  'previous value of a put wrong': {
    checker: 'Linearizable',
    says: /prevKv should be c=5 .*is c=old/,
    spoil: (story) => (answer<Mutable<PutResult>>(story, 15).prevKv!.value = 'old'),
  },
  'version wrong': {
    checker: 'Linearizable',
    says: /version 1\), has .*version 2\)/,
    spoil: (story) => (answer<Range>(story, 3).kvs[0]!.version = 2),
  },
  'create revision wrong': {
    checker: 'Linearizable',
    says: /create 2, .*create 3/,
    spoil: (story) => (answer<Range>(story, 3).kvs[0]!.createRevision = 3),
  },
  'key left out of a list': {
    checker: 'Linearizable',
    says: /should have c=7 .*has d=8/,
    spoil: (story) => answer<Range>(story, 20).kvs.splice(1, 1),
  },
  'deleted key comes back': {
    checker: 'Linearizable',
    says: /should have nothing, has b=2/,
    spoil: (story) => answer<Range>(story, 6).kvs.push(answer<Mutable<DeleteResult>>(story, 5).prevKvs![0]!),
  },
  'count of a list wrong': {
    checker: 'Linearizable',
    says: /should count 5 keys, counts 3/,
    spoil: (story) => (answer<Range>(story, 20).count = 3),
  },
  'more is not said': {
    checker: 'Linearizable',
    says: /should say more=true, says false/,
    spoil: (story) => (answer<Range>(story, 20).more = false),
  },
  'compacted, but was not': {
    checker: 'Linearizable',
    says: /refused as compacted, but no compaction went beyond 5/,
    spoil: (story) => Object.assign(operation(story, 18).request, { revision: 5 }),
  },
  'read of what was compacted': {
    checker: 'Linearizable',
    says: /read at revision 3, compacted away before \(to 5\)/,
    spoil: (story) => {
      const response = { kind: 'range' as const, kvs: [], count: 0, revision: 11 };
      operation(story, 18).outcome = { status: 'ok', response };
    },
  },
  'a past revision said to be in the future': {
    checker: 'Linearizable',
    says: /refused as a future revision, though revision 11/,
    spoil: (story) => {
      Object.assign(operation(story, 18).request, { revision: 6 });
      operation(story, 18).outcome = { status: 'error', error: 'future-revision' };
    },
  },
  'compaction goes back': {
    checker: 'Linearizable',
    says: /compacted to 4 after it was compacted to 5/,
    more: [{ kind: 'compact', revision: 6 }],
    spoil: (story) => Object.assign(operation(story, 21).request, { revision: 4 }),
  },
  'lease key survives the revocation': {
    checker: 'Linearizable',
    says: /should have changed something \(delete m/,
    more: [
      { kind: 'lease-grant', lease: '8', ttlSeconds: 100 },
      { kind: 'put', key: 'm', value: '1', lease: '8' },
      { kind: 'lease-revoke', lease: '8' },
    ],
    spoil: (story) => {
      answer(story, 23).revision = 12;
      story.revisions.pop();
    },
  },
  'lease ends before its time': {
    checker: 'Linearizable',
    says: /ended lease 7 before it can have run out/,
    spoil: (story) => (operation(story, 9).outcome = { status: 'failed' }),
    ends: { unitsPerSecond: 10 },
  },
  'put with a lease that is revoked': {
    checker: 'Lease',
    says: /lease 7 was revoked before \(#9\)/,
    more: [put('m', '1')],
    spoil: (story) => {
      Object.assign(operation(story, 21).request, { lease: '7' });
      events(story, 12)[0]!.kv.lease = '7';
      told(story, 1).at(-1)!.events[0]!.kv.lease = '7';
      told(story, 3).at(-1)!.events[0]!.kv.lease = '7';
    },
  },
  'keep-alive succeeds after a revocation (etcd 20271)': {
    checker: 'Lease',
    says: /lease 7 was revoked before/,
    spoil: (story) => Object.assign(answer(story, 19), { ttlSeconds: 3 }),
  },
  'keep-alive says that a live lease is gone': {
    checker: 'Lease',
    says: /lease 8 is said to be gone, but existed all the time/,
    more: [
      { kind: 'lease-grant', lease: '8', ttlSeconds: 100 },
      { kind: 'lease-keep-alive', lease: '8' },
    ],
    spoil: (story) => Object.assign(answer(story, 22), { ttlSeconds: 0 }),
    ends: { unitsPerSecond: 10 },
  },
  'a live lease is not found': {
    checker: 'Lease',
    says: /missing lease \(8\), which existed all the time/,
    more: [
      { kind: 'lease-grant', lease: '8', ttlSeconds: 100 },
      { kind: 'put', key: 'm', value: '1', lease: '8' },
    ],
    spoil: (story) => {
      operation(story, 22).outcome = { status: 'error', error: 'lease-not-found' };
      story.revisions.pop();
      story.watches = [];
    },
    ends: { unitsPerSecond: 10 },
  },
  'a lease exists that nobody granted': {
    checker: 'Lease',
    says: /lease 9 exists, which nobody granted/,
    more: [{ kind: 'lease-grant', lease: '9', ttlSeconds: 1 }],
    spoil: (story) => (operation(story, 21).outcome = { status: 'error', error: 'lease-exists' }),
  },
  'a key that exists is not found by ignore_value (the search)': {
    checker: 'Linearizable',
    says: /no order of the operations explains the answers.*should not be refused/s,
    more: [{ kind: 'range', key: 'a' }],
    spoil: (story) => {
      operation(story, 21).request = { kind: 'put', key: 'a', value: '', ignoreValue: true };
      operation(story, 21).outcome = { status: 'error', error: 'key-not-found' };
    },
  },
  'stale read made up': {
    checker: 'Serializable',
    says: /wrong answer at revision 9: should have a=3/,
    spoil: (story) => (answer<Range>(story, 12).kvs[0]!.value = 'x'),
  },
  'a member goes back in time': {
    checker: 'Serializable',
    says: /went back in time, from revision 9 to 7/,
    spoil: (story) => (answer(story, 13).revision = 7),
  },
  'stale read from the future': {
    checker: 'Serializable',
    says: /revision 10 was made by #15, called later/,
    spoil: (story) => (answer(story, 13).revision = 10),
  },
  'members differ': {
    checker: 'Converged',
    says: /differ at the same revision: m1: revision 11, hash aa; m2: revision 11, hash bb/,
    spoil: () => {},
    ends: { members: [member('m1', 11, 'aa'), member('m2', 11, 'bb'), member('m3', 11, 'aa')] },
  },
  'a member stays behind': {
    checker: 'Converged',
    says: /did not come to the same revision: m1.* m3: revision 9/,
    spoil: () => {},
    ends: { members: [member('m1', 11, 'aa'), member('m3', 9, 'cc')] },
  },
  'no write after the faults': {
    checker: 'Live',
    says: /no write was answered between the end of the faults \(155\) and 255/,
    spoil: () => {},
    options: { liveness: { recoveryMax: 100 } },
    ends: { faultsEndedAt: 155, endedAt: 1000 },
  },
  'an operation hangs long after the faults': {
    checker: 'Live',
    says: /not answered within 50/,
    spoil: () => {},
    options: { liveness: { recoveryMax: 10, answerMax: 50 } },
    ends: { faultsEndedAt: 100, endedAt: 1000 },
  },
  'history with a gap': {
    checker: 'History',
    says: /revision 5 comes after revision 3/,
    spoil: (story) => story.revisions.splice(2, 1),
  },
  'history with an impossible version': {
    checker: 'History',
    says: /revision 4: is a=3 .*version 7\) after a=1/,
    spoil: (story) => (events(story, 4)[0]!.kv.version = 7),
  },
};

const watchCases: Readonly<Record<string, Case>> = {
  'a key outside of the range': {
    checker: 'Filter',
    says: /outside of what was asked for: put a=1/,
    spoil: (story) => Object.assign(story.watches[0]!.request, { key: 'b' }),
  },
  'a put on a watch without puts': {
    checker: 'Filter',
    says: /outside of what was asked for: put c=5/,
    spoil: (story) => told(story, 2)[1]!.events.push(events(story, 8)[0]!),
  },
  'reordered events': {
    checker: 'Ordered',
    says: /put b at 3 came after put a at 4/,
    spoil: (story) => story.watches[0]!.responses.splice(2, 2, told(story, 1)[2]!, told(story, 1)[1]!),
  },
  'an event twice': {
    checker: 'Unique',
    says: /came twice: put b=2 at 3/,
    spoil: (story) => story.watches[0]!.responses.splice(3, 0, told(story, 1)[1]!),
  },
  'a transaction torn apart': {
    checker: 'Atomic',
    says: /revision 9 came in more than one response/,
    spoil: (story) => {
      const whole = told(story, 1)[7]!;
      const place = story.watches[0]!.responses.indexOf(whole);
      const [first, second] = whole.events;
      story.watches[0]!.responses.splice(place, 1, { ...whole, events: [first!] }, { ...whole, events: [second!] });
    },
  },
  'half of a transaction': {
    checker: 'Reliable',
    says: /left out: put q=6 at 9/,
    spoil: (story) => told(story, 1)[7]!.events.pop(),
  },
  'progress ahead of events (etcd 15220)': {
    checker: 'Bookmarkable',
    says: /progress at revision 4 came before put a at 4/,
    spoil: (story) => story.watches[0]!.responses.splice(3, 0, { time: 35, kind: 'progress', revision: 4 }),
  },
  'event after progress': {
    checker: 'Bookmarkable',
    says: /put a at 4 came after revision 4 had been announced as complete/,
    spoil: (story) => story.watches[0]!.responses.splice(3, 0, { time: 35, kind: 'progress', revision: 4 }),
  },
  'progress goes back': {
    checker: 'Bookmarkable',
    says: /progress went back from revision 11 to 9/,
    spoil: (story) => story.watches[0]!.responses.push({ time: 1001, kind: 'progress', revision: 9 }),
  },
  'progress behind an event': {
    checker: 'Bookmarkable',
    says: /progress at revision 2 after an event of revision 3/,
    spoil: (story) => story.watches[0]!.responses.splice(3, 0, { time: 35, kind: 'progress', revision: 2 }),
  },
  'response of a lower revision than its events': {
    checker: 'Bookmarkable',
    says: /put a at 4 came in a response of revision 3/,
    spoil: (story) => (told(story, 1)[2]!.revision = 3),
  },
  'old events on a watch from the future (etcd 20221)': {
    checker: 'Resumable',
    says: /put a at 2 came on a watch from revision 100 on/,
    spoil: (story) => Object.assign(story.watches[0]!.request, { startRevision: 100 }),
  },
  'first event left out': {
    checker: 'Resumable',
    says: /from revision 2 on began with put b at 3 and left out put a at 2/,
    spoil: (story) => story.watches[0]!.responses.splice(1, 1),
  },
  'delete at the compaction revision left out (etcd 19179)': {
    checker: 'Resumable',
    says: /from revision 5 on began with delete l at 7 and left out delete b at 5/,
    spoil: (story) => story.watches[1]!.responses.splice(1, 1),
  },
  'events lost between a watch and its resumption': {
    checker: 'Resumable',
    says: /goes on from revision 7 after watch 4 came to 5: put l=4 at 6 is lost/,
    spoil: (story) => {
      Object.assign(story.watches[2]!.request, { startRevision: 7 });
      story.watches[2]!.responses.splice(1, 1);
    },
  },
  'creation said to be an update': {
    checker: 'IsCreate',
    says: /put b=2 at 3 says .*version 2\), though there was nothing before/,
    spoil: (story) => Object.assign(told(story, 1)[1]!.events[0]!.kv, { createRevision: 2, version: 2 }),
  },
  'update said to be a creation': {
    checker: 'IsCreate',
    says: /put a=3 at 4 says .*though there was a=1/,
    spoil: (story) => Object.assign(told(story, 1)[2]!.events[0]!.kv, { createRevision: 4, version: 1 }),
  },
  'event left out': {
    checker: 'Reliable',
    says: /left out: put a=3 at 4/,
    spoil: (story) => story.watches[0]!.responses.splice(3, 1),
  },
  'last events never come': {
    checker: 'Reliable',
    says: /left out: put d=8 at 11/,
    spoil: (story) => story.watches[0]!.responses.splice(-2, 2),
    options: { watches: { caughtUp: true } },
  },
  'previous value wrong': {
    checker: 'PrevKV',
    says: /put a=3 at 4 came with the previous value a=old .*which was a=1/,
    spoil: (story) => (told(story, 1)[2]!.events[0]!.prevKv!.value = 'old'),
  },
  'previous value missing': {
    checker: 'PrevKV',
    says: /put c=7 at 10 came without its previous value c=5/,
    spoil: (story) => delete told(story, 1)[8]!.events[0]!.prevKv,
  },
  'previous value where nothing was': {
    checker: 'PrevKV',
    says: /put b=2 at 3 came with the previous value b=2 .*which was nothing/,
    spoil: (story) => (told(story, 1)[1]!.events[0]!.prevKv = { ...told(story, 1)[1]!.events[0]!.kv }),
  },
  'value that was never written': {
    checker: 'Genuine',
    says: /put of b=x .* never happened; it was a put of b=2/,
    spoil: (story) => (told(story, 1)[1]!.events[0]!.kv.value = 'x'),
  },
  'put told as a delete': {
    checker: 'Genuine',
    says: /delete of .*b.* never happened; it was a put/,
    spoil: (story) => (told(story, 1)[1]!.events[0]!.type = 'delete'),
  },
  'event of a revision that never was': {
    checker: 'Genuine',
    says: /event of revision 12, which never was: put e=9/,
    more: [put('e', '9')],
    spoil: (story) => {
      story.revisions.pop();
      story.operations.pop();
    },
  },
  'event before its write was asked for': {
    checker: 'Genuine',
    says: /put b=2 at 3 came at 12, before its write \(#2\) was asked for at 20/,
    spoil: (story) => (told(story, 1)[1]!.time = 12),
  },
  'cancelled for a compaction that took nothing it needs': {
    checker: 'CompactCancel',
    says: /cancelled for a compaction to 5, though it needs revisions from 12 on/,
    spoil: (story) =>
      story.watches[0]!.responses.push({ time: 1001, kind: 'canceled', revision: 11, compactRevision: 5 }),
  },
  'cancelled for a compaction that never was': {
    checker: 'CompactCancel',
    says: /cancelled for a compaction to 50; there was none beyond 5/,
    spoil: (story) =>
      story.watches[0]!.responses.push({ time: 1001, kind: 'canceled', revision: 11, compactRevision: 50 }),
  },
};

for (const [subject, cases] of Object.entries({ operations: operationCases, watches: watchCases })) {
  void t.test(`each of ${Object.keys(cases).length} seeded violations of ${subject} is found and named`, (t) => {
    for (const [name, { checker, says, more, spoil, options, ends }] of Object.entries(cases)) {
      const good = tellStory(more);
      t.same(checkHistory({ ...good, unitsPerSecond: 10 }).violations, [], `${name}: the story without it is right`);
      const story = tellStory(more);
      spoil(story);
      const { violations } = checkHistory({ ...story, ...ends }, options);
      const found = violations.some((violation) => violation.checker === checker && says.test(violation.text));
      if (!found) t.same(violations, { checker, says: String(says) }, name);
      else t.pass(name);
    }
    t.end();
  });
}

void t.test('a lease that ends by itself deletes its keys at any time after it ran out', (t) => {
  const story = tellStory();
  Object.assign(operation(story, 7).request, { ttlSeconds: 1 });
  Object.assign(answer(story, 7), { ttlSeconds: 1 });
  operation(story, 9).outcome = { status: 'failed' };
  t.same(checkHistory({ ...story, unitsPerSecond: 10 }).violations, []);
  t.end();
});

void t.test(
  'compactions that the history does not hold explain refusals, missing previous values and cancellations',
  (t) => {
    const story = tellStory();
    Object.assign(operation(story, 18).request, { revision: 6 });
    delete told(story, 1)[8]!.events[0]!.prevKv;
    story.watches[1]!.responses.push({ time: 1001, kind: 'canceled', revision: 11, compactRevision: 50 });
    const checkers = checkHistory({ ...story, unitsPerSecond: 10 }).violations.map(({ checker }) => checker);
    t.same(checkers.sort(), ['CompactCancel', 'Linearizable', 'PrevKV']);
    t.same(checkHistory({ ...story, unitsPerSecond: 10, compactedByOthers: true }).violations, []);
    t.end();
  },
);

void t.test('a stale member may refuse a serializable read of a revision that others have', (t) => {
  const story = tellStory();
  operation(story, 12).request = { kind: 'range', key: 'a', revision: 9, serializable: true };
  operation(story, 12).outcome = { status: 'error', error: 'future-revision' };
  t.same(checkHistory({ ...story, unitsPerSecond: 10 }).violations, []);
  t.end();
});

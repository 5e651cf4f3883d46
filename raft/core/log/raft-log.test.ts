import t from 'tap';
import { LogCorruptionError } from '../errors.ts';
import { emptyConfState, MemoryStorage } from '../memory-storage.ts';
import type { Entry } from '../types.ts';
import { RaftLog } from './raft-log.ts';

const entry = (index: number, term: number, size = 0): Entry => ({
  index,
  term,
  type: 'normal',
  data: new Uint8Array(size),
});
const ofTerms = (terms: number[], first = 1): Entry[] => terms.map((term, i) => entry(first + i, term));
const large = 1 << 20;

function logOf(terms: number[], committed = 0, maxHandedOutBytes = large): RaftLog {
  const storage = new MemoryStorage();
  storage.append(ofTerms(terms));
  return new RaftLog(storage, committed, 0, maxHandedOutBytes);
}

const termsOf = (log: RaftLog): number[] => (log.entriesFrom(1, large) ?? []).map((e) => e.term);

void t.test('isUpToDate compares the last term, then the length (section 5.4.1)', (t) => {
  const log = logOf([1, 2, 2]);
  const cases: [name: string, index: number, term: number, expected: boolean][] = [
    ['greater term, shorter', 1, 3, true],
    ['equal term, equal length', 3, 2, true],
    ['equal term, longer', 4, 2, true],
    ['equal term, shorter', 2, 2, false],
    ['smaller term, longer', 9, 1, false],
  ];
  for (const [name, index, term, expected] of cases) t.equal(log.isUpToDate(index, term), expected, name);
  t.end();
});

void t.test('maybeAppend keeps what matches, replaces from the first conflict on, and never shortens', (t) => {
  type Case = {
    name: string;
    prev: [number, number];
    sent: number[];
    commit: number;
    last?: number;
    terms: number[];
    committed: number;
  };
  const cases: Case[] = [
    { name: 'no match at the place before', prev: [3, 2], sent: [4], commit: 3, terms: [1, 2, 3], committed: 1 },
    { name: 'beyond the end', prev: [4, 3], sent: [4], commit: 4, terms: [1, 2, 3], committed: 1 },
    { name: 'nothing new', prev: [3, 3], sent: [], commit: 3, last: 3, terms: [1, 2, 3], committed: 3 },
    { name: 'an old, shorter append', prev: [1, 1], sent: [2], commit: 1, last: 2, terms: [1, 2, 3], committed: 1 },
    {
      name: 'commit no further than what was sent',
      prev: [1, 1],
      sent: [2],
      commit: 9,
      last: 2,
      terms: [1, 2, 3],
      committed: 2,
    },
    { name: 'new at the end', prev: [3, 3], sent: [4, 4], commit: 4, last: 5, terms: [1, 2, 3, 4, 4], committed: 4 },
    { name: 'a conflict', prev: [1, 1], sent: [4, 4, 4], commit: 2, last: 4, terms: [1, 4, 4, 4], committed: 2 },
    { name: 'a conflict in the last', prev: [1, 1], sent: [2, 4], commit: 1, last: 3, terms: [1, 2, 4], committed: 1 },
  ];
  for (const { name, prev, sent, commit, last, terms, committed } of cases) {
    const log = logOf([1, 2, 3], 1);
    t.equal(log.maybeAppend(prev[0], prev[1], commit, ofTerms(sent, prev[0] + 1)), last, name);
    t.same(termsOf(log), terms, name);
    t.equal(log.committed, committed, name);
  }
  t.throws(
    () => logOf([1, 2, 3], 3).maybeAppend(1, 1, 0, ofTerms([4], 2)),
    LogCorruptionError,
    'over a committed entry',
  );
  t.end();
});

void t.test('findConflictByTerm skips what has a greater term', (t) => {
  const cases: [name: string, terms: number[], index: number, term: number, found: number][] = [
    ['equal term', [1, 1, 3, 3], 4, 3, 4],
    ['a whole term too much', [1, 1, 3, 3], 4, 2, 2],
    ['beyond the end', [1, 1, 3, 3], 9, 3, 4],
    ['nothing small enough', [3, 3], 2, 2, 0],
  ];
  for (const [name, terms, index, term, found] of cases) {
    t.equal(logOf(terms).findConflictByTerm(index, term).index, found, name);
  }
  t.end();
});

void t.test('maybeCommit ignores entries of earlier terms (section 5.4.2)', (t) => {
  const log = logOf([1, 2, 3]);
  t.notOk(log.maybeCommit(2, 3));
  t.ok(log.maybeCommit(3, 3));
  t.notOk(log.maybeCommit(3, 3), 'nothing new');
  t.equal(log.committed, 3);
  t.end();
});

void t.test('handOutCommitted gives what is durable here, within the bound until it is applied', (t) => {
  const storage = new MemoryStorage();
  storage.append(ofTerms([1, 1, 1]));
  const log = new RaftLog(storage, 0, 0, 60);
  log.append([entry(4, 1)]);
  log.unstable.handOut();
  log.commitTo(4);
  const taken = (): number[] => log.handOutCommitted().map((e) => e.index);
  t.same(taken(), [1, 2], 'about 60 bytes');
  t.same(taken(), [3], 'one entry may go over the bound');
  t.same(taken(), []);
  log.appliedTo(3);
  t.same(taken(), [], '4 is committed, but not on our disk');
  storage.append([entry(4, 1)]);
  log.unstable.acknowledge(4, 1);
  t.same(taken(), [4]);
  t.end();
});

void t.test('entriesFrom joins stored and unstable entries, in about maxBytes and at least one', (t) => {
  const log = logOf([1, 1]);
  log.append([entry(3, 1), entry(4, 1, 100)]);
  const indexes = (low: number, bytes: number): number[] => (log.entriesFrom(low, bytes) ?? []).map((e) => e.index);
  t.same(indexes(1, large), [1, 2, 3, 4]);
  t.same(indexes(1, 72), [1, 2, 3]);
  t.same(indexes(1, 0), [1]);
  t.same(indexes(2, 30), [2]);
  t.same(indexes(4, 0), [4]);
  t.same(indexes(5, large), []);
  t.end();
});

void t.test('entriesFrom answers undefined below a compaction, and termAt knows the last index that was cut', (t) => {
  const storage = new MemoryStorage();
  storage.append(ofTerms([1, 1, 2, 2]));
  storage.compact(2);
  const log = new RaftLog(storage, 2, 2, large);
  t.equal(log.entriesFrom(2, large), undefined);
  t.equal(log.termAt(1), undefined);
  t.equal(log.termAt(2), 1);
  t.equal(log.termAt(5), undefined);
  t.end();
});

void t.test('a log that ends before what is committed is refused', (t) => {
  const storage = new MemoryStorage(emptyConfState);
  storage.append(ofTerms([1]));
  t.throws(() => new RaftLog(storage, 2, 0, large), {
    name: 'LogCorruptionError',
    message: /ends at 1, but 2 is committed/,
  });
  t.throws(() => logOf([1]).commitTo(2), LogCorruptionError);
  t.end();
});

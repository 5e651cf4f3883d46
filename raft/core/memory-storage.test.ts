import t from 'tap';
import { LogCompactedError, LogCorruptionError, LogUnavailableError } from './errors.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { ConfState, Entry } from './types.ts';

const entry = (index: number, term: number): Entry => ({ index, term, type: 'normal', data: Uint8Array.of(index) });
const confState: ConfState = { voters: ['1'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

function storageOf(first: number, terms: number[]): MemoryStorage {
  const storage = new MemoryStorage(confState);
  if (first > 1) storage.applySnapshot({ index: first - 1, term: terms[0]!, confState });
  storage.append(terms.map((term, i) => entry(first + i, term)));
  return storage;
}

const termsOf = (storage: MemoryStorage): number[] => {
  const { length } = { length: storage.lastIndex() - storage.firstIndex() + 1 };
  return Array.from({ length }, (_, i) => storage.term(storage.firstIndex() + i));
};

void t.test('append replaces from its first entry on, ignores what is cut off, and refuses a gap', (t) => {
  const cases: { name: string; appended: Entry[]; terms: number[] }[] = [
    { name: 'at the end', appended: [entry(6, 3)], terms: [1, 1, 2, 3] },
    { name: 'over the tail', appended: [entry(4, 3)], terms: [1, 3] },
    { name: 'over all', appended: [entry(3, 3)], terms: [3] },
    { name: 'partly cut off', appended: [entry(2, 1), entry(3, 3)], terms: [3] },
    { name: 'all cut off', appended: [entry(1, 1), entry(2, 1)], terms: [1, 1, 2] },
    { name: 'nothing', appended: [], terms: [1, 1, 2] },
  ];
  for (const { name, appended, terms } of cases) {
    const storage = storageOf(3, [1, 1, 2]);
    storage.append(appended);
    t.same(termsOf(storage), terms, name);
  }
  t.throws(() => storageOf(3, [1, 1, 2]).append([entry(7, 3)]), LogCorruptionError);
  t.end();
});

void t.test('compact cuts, remembers the last term cut, and asks below or above are refused by kind', (t) => {
  const storage = storageOf(1, [1, 1, 2, 2]);
  storage.compact(2);
  t.same([storage.firstIndex(), storage.lastIndex(), storage.term(2)], [3, 4, 1]);
  t.throws(() => storage.term(1), LogCompactedError);
  t.throws(() => storage.term(5), LogUnavailableError);
  t.throws(() => storage.entries(2, 4, 100), LogCompactedError);
  t.throws(() => storage.entries(3, 6, 100), LogUnavailableError);
  t.throws(() => storage.compact(9), LogUnavailableError);
  storage.compact(1);
  t.equal(storage.firstIndex(), 3, 'an older compaction changes nothing');
  t.same(
    storage.entries(3, 5, 0).map((e) => e.index),
    [3],
    'at least one',
  );
  t.end();
});

void t.test('applySnapshot restarts the log behind it; an older one is ignored', (t) => {
  const storage = storageOf(1, [1, 1, 2]);
  storage.applySnapshot({ index: 9, term: 4, confState });
  t.same([storage.firstIndex(), storage.lastIndex(), storage.term(9)], [10, 9, 4]);
  t.equal(storage.snapshot()?.index, 9);
  storage.applySnapshot({ index: 5, term: 2, confState });
  t.equal(storage.lastIndex(), 9);
  t.end();
});

import { group } from '../parity-case.ts';
import { op } from '../session.ts';

const starts = group('watch, start', [
  [
    'from now',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a' });
      await s.put('a', '1');
      await w.events(1);
      await s.del('a');
      await w.events(1);
    },
  ],
  [
    'from a revision before',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '2');
      await s.del('a');
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(1) });
      await w.events(3);
    },
  ],
  [
    'from the middle of the past, and on',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '2');
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(2) });
      await w.events(1);
      await s.put('a', '3');
      await w.events(1);
    },
  ],
  [
    'from the current revision',
    async (s) => {
      await s.put('a', '1');
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(1) });
      await w.events(1);
    },
  ],
  [
    'from the next revision',
    async (s) => {
      await s.put('a', '1');
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(2) });
      await s.put('a', '2');
      await w.events(1);
    },
  ],
  [
    'from the future: nothing older comes',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(3) });
      for (const value of ['1', '2', '3', '4']) await s.put('a', value);
      await w.events(2);
    },
  ],
  [
    'from before the compaction',
    async (s) => {
      for (const value of ['1', '2', '3']) await s.put('a', value);
      await s.compact(3);
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(1) });
      await w.next();
    },
  ],
  [
    'from the compaction on',
    async (s) => {
      for (const value of ['1', '2', '3']) await s.put('a', value);
      await s.compact(2);
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(2) });
      await w.events(2);
    },
  ],
  [
    'from a deletion at the compaction',
    async (s) => {
      await s.put('a', '1');
      await s.del('a');
      await s.compact(2, true);
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(2) });
      await w.events(1);
    },
    { since: '3.6' },
  ],
  [
    'from before the compaction, and another goes on',
    async (s) => {
      for (const value of ['1', '2', '3']) await s.put('a', value);
      await s.compact(3);
      const w = s.watch();
      await w.created({ key: 'a', startRevision: s.at(1) });
      await w.next();
      await w.created({ key: 'a' });
      await s.put('a', '4');
      await w.events(1);
    },
  ],
  [
    'from a negative revision',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', startRevision: -1 });
    },
    { since: '3.6' },
  ],
  [
    'from revision 1 after a compaction',
    async (s) => {
      await s.put('a', '1');
      await s.compact(1);
      const w = s.watch();
      await w.created({ key: 'a', startRevision: 1 });
      await w.next();
    },
  ],
]);

const ranges = group('watch, range', [
  [
    'of a prefix',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'p/', rangeEnd: 'p0' });
      for (const key of ['p', 'p/a', 'p/b', 'p0', 'p/c']) await s.put(key, '1');
      await w.events(3);
    },
  ],
  [
    'of everything from a key on',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'b', rangeEnd: '\0' });
      for (const key of ['a', 'b', 'z']) await s.put(key, '1');
      await w.events(2);
    },
  ],
  [
    'without key: everything',
    async (s) => {
      const w = s.watch();
      await w.created({ key: '', rangeEnd: '\0' });
      await s.put('\x01', '1');
      await s.put('z', '1');
      await w.events(2);
    },
  ],
  [
    'without key and end',
    async (s) => {
      const w = s.watch();
      await w.created({ key: '' });
      await s.put('\0', '1');
      await w.events(1);
    },
  ],
  [
    'the wrong way round',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'b', rangeEnd: 'a' });
      await w.created({ key: 'b' });
      await s.put('b', '1');
      await w.events(1);
    },
  ],
  [
    'both ends equal',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'b', rangeEnd: 'b' });
    },
  ],
  [
    'all changes of a transaction come together, in their order',
    async (s) => {
      await s.put('c', '1');
      const w = s.watch();
      await w.created({ key: 'a', rangeEnd: 'z' });
      await s.txn({ success: [op.put('b', '1'), op.put('a', '1'), op.del('c')] });
      await w.next();
    },
  ],
  [
    'all keys of a deletion come together',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      const w = s.watch();
      await w.created({ key: 'a', rangeEnd: 'z' });
      await s.del('a', { rangeEnd: 'c' });
      await w.next();
    },
  ],
  [
    'a revoked lease deletes its keys in one revision',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.put('b', '1', { lease: 7n });
      const w = s.watch();
      await w.created({ key: 'a', rangeEnd: 'z', prevKv: true });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await w.next();
    },
  ],
]);

const options = group('watch, options', [
  [
    'the value before',
    async (s) => {
      await s.put('a', '1');
      const w = s.watch();
      await w.created({ key: 'a', prevKv: true });
      await s.put('a', '2');
      await s.del('a');
      await s.put('a', '3');
      await w.events(3);
    },
  ],
  [
    'the value before, of the past',
    async (s) => {
      for (const value of ['1', '2', '3']) await s.put('a', value);
      const w = s.watch();
      await w.created({ key: 'a', prevKv: true, startRevision: s.at(1) });
      await w.events(3);
    },
  ],
  [
    'the value before, which was compacted',
    async (s) => {
      for (const value of ['1', '2', '3']) await s.put('a', value);
      await s.compact(2, true);
      const w = s.watch();
      await w.created({ key: 'a', prevKv: true, startRevision: s.at(2) });
      await w.events(2);
    },
  ],
  [
    'no puts',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', filters: [0] });
      await s.put('a', '1');
      await s.del('a');
      await w.events(1);
    },
  ],
  [
    'no deletions',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', filters: [1] });
      await s.put('a', '1');
      await s.del('a');
      await s.put('a', '2');
      await w.events(2);
    },
  ],
  [
    'no puts, from the past',
    async (s) => {
      await s.put('a', '1');
      await s.del('a');
      const w = s.watch();
      await w.created({ key: 'a', filters: [0], startRevision: s.at(1) });
      await w.events(1);
    },
  ],
  [
    'a filter that is none',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', filters: [7] });
      await s.put('a', '1');
      await w.events(1);
    },
  ],
  [
    'progress, asked for on a quiet stream',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a' });
      await s.put('b', '1');
      w.askProgress();
      await w.next();
    },
  ],
  [
    'progress comes after the events before it',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a' });
      await s.put('a', '1');
      await w.events(1);
      w.askProgress();
      await w.next();
    },
  ],
  [
    'fragments where the events are small',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', fragment: true });
      await s.put('a', '1');
      await w.next();
    },
  ],
]);

export const watchCases = [...starts, ...ranges, ...options];

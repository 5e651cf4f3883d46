import { group } from '../parity-case.ts';
import { op } from '../session.ts';

export const compactCases = group('compact', [
  [
    'and reads before, at and after it',
    async (s) => {
      for (const value of ['1', '2', '3']) await s.put('a', value);
      await s.compact(2);
      for (const offset of [1, 2, 3]) await s.range({ key: 'a', revision: s.at(offset) });
      await s.range({ key: 'a' });
    },
  ],
  [
    'twice',
    async (s) => {
      await s.putAll('a', 'b');
      await s.compact(1);
      await s.compact(1);
      await s.compact(2);
    },
  ],
  [
    'before an earlier one',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.compact(3);
      await s.compact(2);
    },
  ],
  [
    'the future',
    async (s) => {
      await s.put('a', '1');
      await s.compact(2);
      await s.call('KV/Compact', { revision: 9_000_000 });
    },
  ],
  [
    'zero and negative',
    async (s) => {
      await s.call('KV/Compact', { revision: 0 });
      await s.call('KV/Compact', { revision: -1 });
      await s.call('KV/Compact', { revision: 1 });
    },
  ],
  [
    'the current revision',
    async (s) => {
      await s.putAll('a', 'b');
      await s.compact(2);
      await s.range({ key: 'a', rangeEnd: 'z' });
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(2) });
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(1) });
    },
  ],
  [
    'physically',
    async (s) => {
      await s.putAll('a', 'a', 'b');
      await s.compact(2, true);
      await s.range({ key: 'a', revision: s.at(1) });
      await s.range({ key: 'a', revision: s.at(2) });
    },
  ],
  [
    'physically, refused',
    async (s) => {
      await s.put('a');
      await s.compact(1, true);
      await s.compact(1, true);
      await s.compact(5, true);
    },
  ],
  [
    'at a deletion: the key is not there before, at or after it',
    async (s) => {
      await s.put('a', '1');
      await s.del('a');
      await s.put('b', '1');
      await s.compact(2, true);
      await s.range({ key: 'a', revision: s.at(2) });
      await s.range({ key: 'a' });
      await s.put('a', '2');
      await s.range({ key: 'a' });
    },
  ],
  [
    'before a deletion: the key is still there then',
    async (s) => {
      await s.put('a', '1');
      await s.put('b', '1');
      await s.del('a');
      await s.compact(2, true);
      await s.range({ key: 'a', revision: s.at(2) });
      await s.range({ key: 'a', revision: s.at(3) });
    },
  ],
  [
    'keeps versions and creation',
    async (s) => {
      for (const value of ['1', '2', '3']) await s.put('a', value);
      await s.compact(3, true);
      await s.put('a', '4', { prevKv: true });
      await s.range({ key: 'a' });
    },
  ],
  [
    'and a transaction that reads what is gone',
    async (s) => {
      await s.putAll('a', 'b');
      await s.compact(2);
      await s.txn({ success: [op.range({ key: 'a', revision: s.at(1) })] });
      await s.txn({ success: [op.range({ key: 'a', revision: s.at(2) })] });
    },
  ],
  [
    'counts and keys of what is gone',
    async (s) => {
      await s.putAll('a', 'b');
      await s.compact(2);
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(1), countOnly: true });
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(1), keysOnly: true, serializable: true });
    },
  ],
]);

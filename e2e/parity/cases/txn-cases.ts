import { group } from '../parity-case.ts';
import type { ParityCase } from '../parity-case.ts';
import { op } from '../session.ts';
import type { CompareIn, OpIn, Session } from '../session.ts';

const results = { equal: 0, greater: 1, less: 2, 'not equal': 3 } as const;
const targets = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;
type Target = keyof typeof targets;

const yes = [op.put('yes', '1')];
const no = [op.put('no', '1')];

/** operands below, at and above what key `a` has after `threeKeys` */
const operands: Readonly<Record<Target, readonly ((s: Session) => CompareIn)[]>> = {
  version: [0, 1, 2, 3].map((version) => () => ({ version })),
  create: [0, 1, 2].map((offset) => (s) => ({ createRevision: s.at(offset) })),
  mod: [2, 3, 4].map((offset) => (s) => ({ modRevision: s.at(offset) })),
  value: ['', '1', '2', '3'].map((value) => () => ({ value })),
  lease: [0n, 6n, 7n, 8n].map((lease) => () => ({ lease })),
};

/** a: put at +1 and, with lease 7, at +3; b at +2; c at +4 */
async function threeKeys(s: Session): Promise<void> {
  await s.quietly('Lease/LeaseGrant', { ID: 7n, TTL: 1000 });
  await s.quietly('KV/Put', { key: 'a', value: '1' });
  await s.quietly('KV/Put', { key: 'b', value: '2' });
  await s.quietly('KV/Put', { key: 'a', value: '2', lease: 7n });
  await s.quietly('KV/Put', { key: 'c', value: '2' });
}

const compares = Object.entries(targets).flatMap(([target, number]) =>
  Object.entries(results).map(([result, resultNumber]): ParityCase => ({
    name: `txn, compare: ${target} ${result}`,
    run: async (s) => {
      await threeKeys(s);
      for (const operand of operands[target as Target]) {
        await s.txn({ compare: [{ key: 'a', target: number, result: resultNumber, ...operand(s) }] });
      }
      const [first] = operands[target as Target];
      // of a key that is not there, and of a range
      await s.txn({ compare: [{ key: 'none', target: number, result: resultNumber, ...first?.(s) }] });
      await s.txn({ compare: [{ key: 'a', rangeEnd: 'd', target: number, result: resultNumber, ...first?.(s) }] });
      await s.txn({ compare: [{ key: 'x', rangeEnd: 'z', target: number, result: resultNumber, ...first?.(s) }] });
      // without an operand
      await s.txn({ compare: [{ key: 'a', target: number, result: resultNumber }] });
      await s.txn({ compare: [{ key: 'none', target: number, result: resultNumber }] });
    },
  })),
);

const comparing = group('txn, compares', [
  ['none: success', (s) => s.txn({ success: yes, failure: no })],
  [
    'two that hold',
    (s) =>
      s.txn({
        compare: [
          { key: 'q', version: 0 },
          { key: 'r', version: 0 },
        ],
        success: yes,
        failure: no,
      }),
  ],
  [
    'one of two that holds',
    (s) =>
      s.txn({
        compare: [
          { key: 'q', version: 0 },
          { key: 'r', version: 1 },
        ],
        success: yes,
        failure: no,
      }),
  ],
  ['no key', (s) => s.txn({ compare: [{ key: '', version: 0 }], success: yes })],
  ['no key, with an end', (s) => s.txn({ compare: [{ key: '', rangeEnd: 'z', version: 0 }], success: yes })],
  [
    'a target that is none',
    (s) => s.txn({ compare: [{ key: 'a', target: 5, version: 0 }], success: yes, failure: no }),
  ],
  [
    'a result that is none',
    (s) => s.txn({ compare: [{ key: 'a', result: 4, version: 0 }], success: yes, failure: no }),
  ],
  [
    'an operand of another target',
    async (s) => {
      await threeKeys(s);
      await s.txn({ compare: [{ key: 'a', target: 3, version: 2 }], success: yes, failure: no });
      await s.txn({ compare: [{ key: 'a', target: 0, value: '2' }], success: yes, failure: no });
      await s.txn({ compare: [{ key: 'none', target: 0, value: '2' }], success: yes, failure: no });
    },
  ],
  [
    'from a key on',
    async (s) => {
      await threeKeys(s);
      await s.txn({ compare: [{ key: 'a', rangeEnd: '\0', target: 0, result: 1, version: 0 }] });
      await s.txn({ compare: [{ key: 'b', rangeEnd: '\0', target: 0, result: 0, version: 1 }] });
      await s.txn({ compare: [{ key: 'a', rangeEnd: '\0', target: 0, result: 0, version: 1 }] });
    },
  ],
  [
    'the wrong way round',
    (s) => s.txn({ compare: [{ key: 'd', rangeEnd: 'a', version: 5 }], success: yes, failure: no }),
  ],
  [
    'of an empty value with an empty value',
    async (s) => {
      await s.put('e', '');
      await s.txn({ compare: [{ key: 'e', target: 3, value: '' }], success: yes, failure: no });
      await s.txn({ compare: [{ key: 'none', target: 3, value: '' }], success: yes, failure: no });
    },
  ],
  [
    'of a deleted key',
    async (s) => {
      await s.put('d', '1');
      await s.del('d');
      await s.txn({ compare: [{ key: 'd', target: 1, createRevision: 0 }] });
      await s.txn({ compare: [{ key: 'd', target: 2, modRevision: 0 }] });
    },
  ],
  [
    'as kube-apiserver creates and updates',
    async (s) => {
      const mod = (modRevision: number): CompareIn => ({ key: 'k', target: 2, modRevision });
      await s.txn({ compare: [mod(0)], success: [op.put('k', '1')] });
      await s.txn({ compare: [mod(0)], success: [op.put('k', '2')], failure: [op.range({ key: 'k' })] });
      await s.txn({ compare: [mod(s.at(1))], success: [op.put('k', '2')], failure: [op.range({ key: 'k' })] });
      await s.txn({ compare: [mod(s.at(1))], success: [op.del('k')], failure: [op.range({ key: 'k' })] });
      await s.txn({ compare: [mod(s.at(2))], success: [op.del('k')], failure: [op.range({ key: 'k' })] });
    },
  ],
]);

const operations = group('txn, operations', [
  ['none at all', (s) => s.txn({})],
  [
    'reads see the writes before them',
    (s) =>
      s.txn({
        success: [
          op.range({ key: 'a' }),
          op.put('a', '1'),
          op.range({ key: 'a' }),
          op.put('b', '2'),
          op.range({ key: 'a', rangeEnd: 'z' }),
        ],
      }),
  ],
  [
    'a put and a delete of other keys',
    async (s) => {
      await s.putAll('a', 'b');
      await s.txn({
        success: [
          op.del('a', { prevKv: true }),
          op.put('c', '1', { prevKv: true }),
          op.put('b', '2', { prevKv: true }),
        ],
      });
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
  [
    'deletes that overlap',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.txn({
        success: [op.del('a', { rangeEnd: 'c' }), op.del('b', { rangeEnd: 'z', prevKv: true }), op.del('a')],
      });
    },
  ],
  [
    'only reads',
    async (s) => {
      await s.putAll('a', 'b');
      await s.txn({ success: [op.range({ key: 'a' }), op.range({ key: 'a', rangeEnd: 'z', countOnly: true })] });
    },
  ],
  [
    'reads with all options',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.txn({
        success: [
          op.range({ key: 'a', rangeEnd: 'z', limit: 1 }),
          op.range({ key: 'a', rangeEnd: 'z', sortOrder: 2, limit: 2, keysOnly: true }),
          op.range({ key: 'a', rangeEnd: 'z', revision: s.at(2) }),
          op.range({ key: 'a', rangeEnd: 'z', minModRevision: s.at(2) }),
        ],
      });
    },
  ],
  [
    'a delete of what is not there is no revision',
    async (s) => {
      await s.txn({ success: [op.del('a')] });
      await s.txn({ success: [op.del('a'), op.range({ key: 'a' })] });
      await s.put('a', '1');
    },
  ],
  [
    'a delete, then a read',
    async (s) => {
      await s.putAll('a');
      await s.txn({ success: [op.del('a'), op.range({ key: 'a' }), op.range({ key: 'a', revision: s.at(1) })] });
    },
  ],
  [
    'a read at the revision it makes is of the future',
    async (s) => {
      await s.txn({ success: [op.put('a', '1'), op.range({ key: 'a', revision: s.at(1) })] });
      await s.range({ key: 'a' });
    },
  ],
  [
    'a read at the revision before',
    async (s) => {
      await s.put('a', '0');
      await s.txn({ success: [op.put('a', '1'), op.range({ key: 'a', revision: s.at(1) })] });
    },
  ],
  [
    'a read of a compacted revision, after a put',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.compact(3);
      await s.txn({ success: [op.put('d', '1'), op.range({ key: 'a', revision: s.at(1) })] });
      await s.range({ key: 'd' });
    },
  ],
  [
    'a read of a future revision, alone',
    async (s) => {
      await s.txn({ success: [op.range({ key: 'a', revision: s.at(9) })] });
    },
  ],
  [
    'in the branch that is not taken, a read of a future revision',
    async (s) => {
      await s.txn({ success: yes, failure: [op.range({ key: 'a', revision: s.at(9) })] });
    },
  ],
  [
    'puts with a lease',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.txn({ success: [op.put('a', '1', { lease: 7n }), op.range({ key: 'a' })] });
      await s.txn({ success: [op.put('b', '1'), op.put('c', '1', { lease: 99n })] });
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
  [
    'puts that ignore',
    async (s) => {
      await s.put('a', '1');
      await s.txn({ success: [op.put('a', '', { ignoreValue: true, prevKv: true })] });
      await s.txn({ success: [op.put('b', '', { ignoreValue: true })] });
      await s.txn({ success: [op.put('b', '1', { ignoreLease: true })] });
      await s.txn({ success: [op.put('a', 'x', { ignoreValue: true })] });
      await s.txn({ success: [op.put('a', 'x', { ignoreLease: true, lease: 3n })] });
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
  [
    'one without content',
    async (s) => {
      await s.txn({ success: [{}] });
      await s.txn({ success: [op.put('a', '1'), {}] });
      await s.txn({ failure: [{}] });
    },
  ],
]);

const refused = group('txn, refused', [
  ['no key in a put', (s) => s.txn({ success: [op.put('')] })],
  ['no key in a range', (s) => s.txn({ success: [op.range({ key: '' })] })],
  ['no key in a delete', (s) => s.txn({ failure: [op.del('')] })],
  ['a sort option that is none', (s) => s.txn({ success: [op.range({ key: 'a', sortOrder: 9 })] }), { since: '3.6' }],
  ['a key put twice', (s) => s.txn({ success: [op.put('a', '1'), op.put('a', '2')] })],
  ['a key put twice in the branch that is not taken', (s) => s.txn({ failure: [op.put('a', '1'), op.put('a', '2')] })],
  ['a key put in each branch', (s) => s.txn({ success: [op.put('a', '1')], failure: [op.put('a', '2')] })],
  ['a key put and deleted', (s) => s.txn({ success: [op.put('a', '1'), op.del('a')] })],
  ['a key deleted and put', (s) => s.txn({ success: [op.del('a'), op.put('a', '1')] })],
  ['a key put and its range deleted', (s) => s.txn({ success: [op.put('b', '1'), op.del('a', { rangeEnd: 'c' })] })],
  [
    'a key put at the end of a range deleted',
    (s) => s.txn({ success: [op.put('c', '1'), op.del('a', { rangeEnd: 'c' })] }),
  ],
  [
    'a key put and all from a key on deleted',
    (s) => s.txn({ success: [op.put('z', '1'), op.del('a', { rangeEnd: '\0' })] }),
    { differs: 'A key put and, by a `range_end` of `\\0`, deleted in one transaction' },
  ],
  [
    'a key put, and a range deleted the wrong way round',
    (s) => s.txn({ success: [op.put('b', '1'), op.del('c', { rangeEnd: 'a' })] }),
  ],
]);

const many = (count: number): OpIn[] => Array.from({ length: count }, (_, i) => op.range({ key: `k${i}` }));
const manyCompares = (count: number): CompareIn[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, version: 0 }));

const limits = group('txn, 128 operations', [
  ['are taken', (s) => s.txn({ success: many(128) })],
  ['and one more are not', (s) => s.txn({ success: many(129) })],
  ['and one more are not, in the other branch', (s) => s.txn({ failure: many(129) })],
  ['compares', (s) => s.txn({ compare: manyCompares(128) })],
  ['compares and one more', (s) => s.txn({ compare: manyCompares(129) })],
  ['in each branch', (s) => s.txn({ compare: manyCompares(128), success: many(128), failure: many(128) })],
  ['of which one is a transaction of none', (s) => s.txn({ success: [...many(127), op.txn({})] })],
  ['of which one is a transaction of one', (s) => s.txn({ success: [...many(127), op.txn({ success: many(1) })] })],
  ['one, a transaction of 127', (s) => s.txn({ success: [op.txn({ success: many(127) })] })],
  ['one, a transaction of 128', (s) => s.txn({ success: [op.txn({ success: many(128) })] })],
  ['puts', (s) => s.txn({ success: Array.from({ length: 128 }, (_, i) => op.put(`k${i}`, String(i))) })],
]);

export const txnCases = [...compares, ...comparing, ...operations, ...refused, ...limits];

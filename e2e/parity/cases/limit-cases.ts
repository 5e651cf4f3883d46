import { group } from '../parity-case.ts';
import type { ParityCase } from '../parity-case.ts';

// a JavaScript number holds both exactly
const largest = 2 ** 62;
const lowest = -(2 ** 63);

const numbers = group('limits, 64-bit numbers', [
  [
    'a very large revision, and the lowest',
    async (s) => {
      await s.put('a', '1');
      await s.call('KV/Range', { key: 'a', revision: largest });
      await s.call('KV/Range', { key: 'a', revision: lowest });
      await s.call('KV/Compact', { revision: largest });
      await s.call('KV/Compact', { revision: lowest });
    },
  ],
  [
    'a very large limit, and the lowest',
    async (s) => {
      await s.put('a', '1');
      await s.call('KV/Range', { key: 'a', rangeEnd: 'z', limit: largest });
      await s.call('KV/Range', { key: 'a', rangeEnd: 'z', limit: lowest });
    },
  ],
  [
    'revisions of filters',
    async (s) => {
      await s.put('a', '1');
      await s.call('KV/Range', { key: 'a', rangeEnd: 'z', minModRevision: largest });
      await s.call('KV/Range', { key: 'a', rangeEnd: 'z', maxModRevision: largest });
      await s.call('KV/Range', { key: 'a', rangeEnd: 'z', maxCreateRevision: lowest });
    },
  ],
  [
    'operands of a comparison',
    async (s) => {
      await s.put('a', '1');
      const one = { requestRange: { key: Buffer.from('a') } };
      const key = Buffer.from('a');
      await s.call('KV/Txn', { compare: [{ key, target: 0, result: 2, version: largest }], success: [one] });
      await s.call('KV/Txn', { compare: [{ key, target: 2, result: 1, modRevision: lowest }], success: [one] });
    },
  ],
  [
    'leases',
    async (s) => {
      await s.call('Lease/LeaseGrant', { TTL: largest });
      await s.call('Lease/LeaseGrant', { TTL: lowest });
      await s.call('Lease/LeaseRevoke', { ID: BigInt(largest) });
      await s.call('Lease/LeaseTimeToLive', { ID: BigInt(lowest) });
      await s.call('KV/Put', { key: 'a', value: '1', lease: BigInt(largest) });
    },
  ],
]);

const many = (count: number, one: object): object[] => Array.from({ length: count }, () => one);

const operations = group(
  'limits, operations',
  (
    [
      ['a hundred thousand operations', { success: many(100_000, { requestRange: {} }) }],
      ['a hundred thousand comparisons', { compare: many(100_000, {}) }],
      ['a million operations', { success: many(1_000_000, { requestRange: {} }) }],
    ] as const
  ).map(([what, request]) => [
    what,
    async (s) => s.note(`Txn of ${what} → ${s.show(await s.client.call('KV/Txn', request))}`),
    { byLibrary: true },
  ]),
);

const empty = group('limits, nothing at all', [
  [
    'requests without a field',
    async (s) => {
      for (const method of ['KV/Range', 'KV/Put', 'KV/DeleteRange', 'KV/Txn']) await s.call(method, {});
      for (const method of ['Lease/LeaseRevoke', 'Lease/LeaseTimeToLive']) await s.call(method, {});
    },
  ],
]);

/** Numbers, counts and requests at and beyond what they may be. */
export const limitCases: readonly ParityCase[] = [...numbers, ...operations, ...empty];

import { group } from '../parity-case.ts';
import type { CaseOptions, ParityCase } from '../parity-case.ts';
import type { RangeIn, Session } from '../session.ts';

const orders = { none: 0, ascending: 1, descending: 2 } as const;
const targets = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;

/** Four keys whose order differs by each target. */
async function fourKeys(s: Session): Promise<void> {
  for (const [key, value] of [
    ['c', '1'],
    ['a', '4'],
    ['d', '2'],
    ['b', '3'],
    ['a', '4'],
    ['c', '1'],
    ['c', '1'],
    ['b', '9'],
  ] as const) {
    await s.quietly('KV/Put', { key, value });
  }
}

const sorted = Object.entries(targets).flatMap(([target, sortTarget]) =>
  Object.entries(orders).flatMap(([order, sortOrder]) =>
    [0, 2].map((limit): ParityCase => ({
      name: `range, sorted: by ${target}, ${order}${limit > 0 ? `, limit ${limit}` : ''}`,
      run: async (s) => {
        await fourKeys(s);
        await s.range({ key: 'a', rangeEnd: 'e', sortTarget, sortOrder, limit });
      },
    })),
  ),
);

/** `[what, request]` on the keys a to e, each written once at +1 to +5. */
type OnFiveKeys = readonly [string, RangeIn | ((s: Session) => RangeIn), CaseOptions?];
const onFiveKeys = (subject: string, written: readonly OnFiveKeys[]): ParityCase[] =>
  group(
    subject,
    written.map(([what, request, options]) => [
      what,
      async (s: Session) => {
        await s.putAll('a', 'b', 'c', 'd', 'e');
        await s.range(typeof request === 'function' ? request(s) : request);
      },
      options,
    ]),
  );

const ends = onFiveKeys('range, ends', [
  ['one key', { key: 'b' }],
  ['one key that is not there', { key: 'bb' }],
  ['from b to d', { key: 'b', rangeEnd: 'd' }],
  ['from between keys', { key: 'aa', rangeEnd: 'cc' }],
  ['from b on', { key: 'b', rangeEnd: '\0' }],
  ['everything', { key: '\0', rangeEnd: '\0' }],
  ['up to the end by 0xff', { key: 'b', rangeEnd: '\xff' }],
  ['the wrong way round', { key: 'd', rangeEnd: 'b' }],
  ['of nothing: both ends equal', { key: 'b', rangeEnd: 'b' }],
  ['no key', { key: '' }],
  ['no key, with an end', { key: '', rangeEnd: 'c' }],
  ['an end of two zeros is a key', { key: 'a', rangeEnd: '\0\0' }],
]);

const limits = onFiveKeys('range, limit', [
  ['below the number of keys', { key: 'a', rangeEnd: 'z', limit: 2 }],
  ['the number of keys', { key: 'a', rangeEnd: 'z', limit: 5 }],
  ['above the number of keys', { key: 'a', rangeEnd: 'z', limit: 6 }],
  ['1 on one key', { key: 'a', limit: 1 }],
  ['negative', { key: 'a', rangeEnd: 'z', limit: -1 }],
  ['with keys only', { key: 'a', rangeEnd: 'z', limit: 2, keysOnly: true }],
  ['with the count only', { key: 'a', rangeEnd: 'z', limit: 2, countOnly: true }],
  ['with a filter that leaves fewer', (s) => ({ key: 'a', rangeEnd: 'z', limit: 2, maxModRevision: s.at(2) })],
  ['with a filter that leaves more', (s) => ({ key: 'a', rangeEnd: 'z', limit: 2, minModRevision: s.at(2) })],
  ['at a revision before', (s) => ({ key: 'a', rangeEnd: 'z', limit: 2, revision: s.at(3) })],
  ['as many as there were at a revision before', (s) => ({ key: 'a', rangeEnd: 'z', limit: 3, revision: s.at(3) })],
  ['serializable', { key: 'a', rangeEnd: 'z', limit: 3, serializable: true }],
]);

const parts = onFiveKeys('range, parts', [
  ['keys only', { key: 'a', rangeEnd: 'z', keysOnly: true }],
  ['keys only of one key', { key: 'a', keysOnly: true }],
  ['count only', { key: 'a', rangeEnd: 'z', countOnly: true }],
  ['count only of one key', { key: 'a', countOnly: true }],
  ['count only of a key that is not there', { key: 'q', countOnly: true }],
  ['count only of everything', { key: '\0', rangeEnd: '\0', countOnly: true }],
  ['count only of from b on', { key: 'b', rangeEnd: '\0', countOnly: true }],
  ['count only of nothing', { key: 'd', rangeEnd: 'b', countOnly: true }],
  ['count only at a revision before', (s) => ({ key: 'a', rangeEnd: 'z', countOnly: true, revision: s.at(3) })],
  ['count and keys only', { key: 'a', rangeEnd: 'z', countOnly: true, keysOnly: true }],
  ['keys only, sorted by value', { key: 'a', rangeEnd: 'z', keysOnly: true, sortTarget: 4, sortOrder: 2 }],
  ['count only, sorted', { key: 'a', rangeEnd: 'z', countOnly: true, sortTarget: 1, sortOrder: 2 }],
  ['count only, filtered', (s) => ({ key: 'a', rangeEnd: 'z', countOnly: true, minModRevision: s.at(4) })],
]);

const filters = onFiveKeys('range, filters', [
  ['least mod revision', (s) => ({ key: 'a', rangeEnd: 'z', minModRevision: s.at(3) })],
  ['most mod revision', (s) => ({ key: 'a', rangeEnd: 'z', maxModRevision: s.at(3) })],
  ['mod revision between', (s) => ({ key: 'a', rangeEnd: 'z', minModRevision: s.at(2), maxModRevision: s.at(4) })],
  [
    'mod revisions the wrong way round',
    (s) => ({ key: 'a', rangeEnd: 'z', minModRevision: s.at(4), maxModRevision: s.at(2) }),
  ],
  ['least create revision', (s) => ({ key: 'a', rangeEnd: 'z', minCreateRevision: s.at(3) })],
  ['most create revision', (s) => ({ key: 'a', rangeEnd: 'z', maxCreateRevision: s.at(3) })],
  ['both kinds', (s) => ({ key: 'a', rangeEnd: 'z', minModRevision: s.at(2), maxCreateRevision: s.at(3) })],
  ['that leave nothing', (s) => ({ key: 'a', rangeEnd: 'z', minModRevision: s.at(50) })],
  ['on one key', (s) => ({ key: 'a', maxModRevision: s.at(0) })],
  ['negative least', { key: 'a', rangeEnd: 'z', minModRevision: -5 }],
  ['negative most', { key: 'a', rangeEnd: 'z', maxModRevision: -5 }],
  ['negative most create', { key: 'a', rangeEnd: 'z', maxCreateRevision: -5 }],
]);

const badOrders = onFiveKeys('range, sort options', [
  ['an order that is none', { key: 'a', rangeEnd: 'z', sortOrder: 3 }, { since: '3.6' }],
  // on these two etcd 3.4 dies
  ['a target that is none', { key: 'a', rangeEnd: 'z', sortTarget: 5 }, { since: '3.6' }],
  ['a negative order', { key: 'a', rangeEnd: 'z', sortOrder: -1 }, { since: '3.6' }],
  ['a negative target', { key: 'a', rangeEnd: 'z', sortTarget: -1 }, { since: '3.6' }],
  ['an order that is none, and no key', { key: '', sortOrder: 3 }],
  ['of one key', { key: 'a', sortOrder: 2, sortTarget: 3 }],
]);

const leased = group('range, lease', [
  [
    'of a key that has one',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.range({ key: 'a' });
    },
  ],
  [
    'of a key that has one, keys only',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.range({ key: 'a', keysOnly: true });
    },
    { since: '3.7', differs: '`keys_only` and leases' },
  ],
]);

const revisions = group('range, revision', [
  [
    'of each revision of a key',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '2');
      await s.del('a');
      await s.put('a', '3');
      for (const offset of [0, 1, 2, 3, 4]) await s.range({ key: 'a', revision: s.at(offset) });
    },
  ],
  [
    'of the current one, and the next',
    async (s) => {
      await s.put('a', '1');
      await s.range({ key: 'a', revision: s.at(1) });
      await s.range({ key: 'a', revision: s.at(2) });
      await s.range({ key: 'a', revision: s.at(2), serializable: true });
      await s.range({ key: 'a', revision: 9_000_000 });
      await s.range({ key: 'a', revision: 9_000_000, countOnly: true });
    },
  ],
  [
    'negative',
    async (s) => {
      await s.put('a', '1');
      await s.range({ key: 'a', revision: -1 });
      await s.range({ key: 'a', revision: -9_000_000 });
    },
  ],
  [
    'of a range whose keys came and went',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.del('b');
      await s.put('b', 'again');
      await s.del('a', { rangeEnd: 'z' });
      for (const offset of [2, 3, 4, 5, 6]) await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(offset) });
    },
  ],
  [
    'sorted by version, at a revision before',
    async (s) => {
      await fourKeys(s);
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(6), sortTarget: 1, sortOrder: 2 });
    },
  ],
  [
    'before a key was there, from everything',
    async (s) => {
      await s.put('a', '1');
      await s.range({ key: '\0', rangeEnd: '\0', revision: s.at(0) });
    },
  ],
  [
    'no key, and one of the future',
    async (s) => {
      await s.range({ key: '', revision: s.at(5) });
    },
  ],
]);

const binary = group('range, bytes', [
  [
    'keys of all kinds of bytes stand in the order of bytes',
    async (s) => {
      await s.putAll('\x00', '\x01', '\x7f', '\x80', '\xff', '\xff\xff', 'a\x00', 'a', 'a\xff', 'b');
      await s.range({ key: '\0', rangeEnd: '\0' });
      await s.range({ key: 'a', rangeEnd: 'b' });
      await s.range({ key: '\x80', rangeEnd: '\0' });
      await s.range({ key: '\0', rangeEnd: '\0', sortTarget: 4, sortOrder: 2 });
    },
  ],
  [
    'a prefix that ends with 0xff',
    async (s) => {
      await s.putAll('p\xfe', 'p\xff', 'p\xff\x01', 'q');
      await s.range({ key: 'p\xff', rangeEnd: 'q' });
    },
  ],
  [
    'values that are empty, and equal',
    async (s) => {
      await s.put('a', '');
      await s.put('b', '');
      await s.put('c', 'x');
      await s.range({ key: 'a', rangeEnd: 'z', sortTarget: 4, sortOrder: 2 });
      await s.range({ key: 'a', rangeEnd: 'z', sortTarget: 4, sortOrder: 1 });
      await s.range({ key: 'a', rangeEnd: 'z', sortTarget: 4 });
    },
  ],
  [
    'equal versions keep the order of keys',
    async (s) => {
      await s.putAll('d', 'b', 'a', 'c');
      await s.range({ key: 'a', rangeEnd: 'z', sortTarget: 1, sortOrder: 1 });
      await s.range({ key: 'a', rangeEnd: 'z', sortTarget: 1, sortOrder: 1, limit: 3 });
    },
  ],
]);

export const rangeCases = [
  ...ends,
  ...limits,
  ...parts,
  ...filters,
  ...badOrders,
  ...leased,
  ...revisions,
  ...binary,
  ...sorted,
];

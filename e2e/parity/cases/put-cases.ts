import { group } from '../parity-case.ts';

const put = group('put', [
  [
    'a new key, and again',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '2');
      await s.range({ key: 'a' });
    },
  ],
  [
    'an empty value',
    async (s) => {
      await s.put('a');
      await s.range({ key: 'a' });
    },
  ],
  [
    'no key',
    async (s) => {
      await s.put('');
      await s.put('', 'x', { prevKv: true });
    },
  ],
  [
    'the previous value, where there is one',
    async (s) => {
      await s.put('a', '1', { prevKv: true });
      await s.put('a', '2', { prevKv: true });
      await s.del('a');
      await s.put('a', '3', { prevKv: true });
    },
  ],
  [
    'a key after its deletion begins anew',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '2');
      await s.del('a');
      await s.put('a', '3');
      await s.range({ key: 'a' });
    },
  ],
]);

const ignoring = group('put, ignoring', [
  [
    'the value',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '', { ignoreValue: true });
      await s.range({ key: 'a' });
    },
  ],
  [
    'the value, with the previous one',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '', { ignoreValue: true, prevKv: true });
    },
  ],
  [
    'the value, and giving one',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '2', { ignoreValue: true });
    },
  ],
  [
    'the value of a key that is not there',
    async (s) => {
      await s.put('a', '', { ignoreValue: true });
    },
  ],
  [
    'the value of a key that was deleted',
    async (s) => {
      await s.put('a', '1');
      await s.del('a');
      await s.put('a', '', { ignoreValue: true });
    },
  ],
  [
    'the lease',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.put('a', '2', { ignoreLease: true });
      await s.range({ key: 'a' });
      await s.call('Lease/LeaseTimeToLive', { ID: 7n, keys: true });
    },
  ],
  [
    'the lease, and giving one',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1');
      await s.put('a', '2', { ignoreLease: true, lease: 7n });
    },
  ],
  [
    'the lease of a key that is not there',
    async (s) => {
      await s.put('a', '2', { ignoreLease: true });
    },
  ],
  [
    'both',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.put('a', '', { ignoreLease: true, ignoreValue: true });
      await s.range({ key: 'a' });
    },
  ],
  [
    'both, and giving both',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', 'x', { ignoreLease: true, ignoreValue: true, lease: 7n });
    },
  ],
  [
    'the value, giving a lease that is not there',
    async (s) => {
      await s.put('a', '1');
      await s.put('a', '', { ignoreValue: true, lease: 99n });
      await s.put('b', '', { ignoreValue: true, lease: 99n });
    },
  ],
]);

const leased = group('put, lease', [
  [
    'that is not there',
    async (s) => {
      await s.put('a', '1', { lease: 99n });
      await s.put('a', '1', { lease: -1n });
      await s.range({ key: 'a' });
    },
  ],
  [
    'then none: the key stays when the lease goes',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.put('a', '2');
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.range({ key: 'a' });
    },
  ],
  [
    'then another: the key goes with the second',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.grant({ ID: 8n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.put('a', '2', { lease: 8n });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.range({ key: 'a' });
      await s.call('Lease/LeaseRevoke', { ID: 8n });
      await s.range({ key: 'a' });
    },
  ],
]);

const del = group('delete', [
  [
    'one key',
    async (s) => {
      await s.putAll('a', 'b');
      await s.del('a');
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
  [
    'a key that is not there',
    async (s) => {
      await s.del('a');
      await s.put('b', '1');
      await s.del('a');
      await s.del('a', { prevKv: true });
    },
  ],
  [
    'a key twice',
    async (s) => {
      await s.put('a', '1');
      await s.del('a');
      await s.del('a');
    },
  ],
  [
    'a range',
    async (s) => {
      await s.putAll('a', 'b', 'c', 'd');
      await s.del('b', { rangeEnd: 'd' });
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
  [
    'a range, with what was there',
    async (s) => {
      await s.putAll('a', 'b', 'c', 'd');
      await s.del('b', { rangeEnd: 'd', prevKv: true });
    },
  ],
  [
    'one key, with what was there',
    async (s) => {
      await s.put('a', '1');
      await s.del('a', { prevKv: true });
    },
  ],
  [
    'from a key on',
    async (s) => {
      await s.putAll('a', 'b', 'c', 'd');
      await s.del('c', { rangeEnd: '\0' });
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
  [
    'everything',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.del('\0', { rangeEnd: '\0' });
      await s.range({ key: '\0', rangeEnd: '\0', countOnly: true });
    },
  ],
  [
    'the wrong way round',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.del('c', { rangeEnd: 'a' });
    },
  ],
  [
    'both ends equal',
    async (s) => {
      await s.putAll('a', 'b');
      await s.del('a', { rangeEnd: 'a' });
    },
  ],
  [
    'no key',
    async (s) => {
      await s.del('');
      await s.del('', { rangeEnd: 'z' });
      await s.del('', { rangeEnd: '\0' });
    },
  ],
  [
    'of several keys is one revision',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.del('a', { rangeEnd: 'z' });
      await s.put('d', '1');
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(3) });
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(4) });
    },
  ],
]);

export const putCases = [...put, ...ignoring, ...leased, ...del];

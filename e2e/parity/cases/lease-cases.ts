import { group } from '../parity-case.ts';
import type { Session } from '../session.ts';

const grants = group('lease, grant', [
  [
    'with an id of the server',
    async (s) => {
      await s.grant({ TTL: 1000 });
    },
  ],
  [
    'with an id of the client',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
    },
  ],
  [
    'of an id that is there',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.grant({ ID: 7n, TTL: 2000 });
      await s.call('Lease/LeaseTimeToLive', { ID: 7n });
    },
  ],
  [
    'of an id again after its revocation',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.grant({ ID: 7n, TTL: 2000 });
    },
  ],
  [
    'with a negative id',
    async (s) => {
      await s.grant({ ID: -7n, TTL: 1000 });
      await s.put('a', '1', { lease: -7n });
      await s.call('Lease/LeaseRevoke', { ID: -7n });
    },
  ],
  [
    'for no time',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 0 });
    },
  ],
  [
    'for a negative time',
    async (s) => {
      await s.grant({ ID: 7n, TTL: -5 });
    },
  ],
  [
    'for one second',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1 });
    },
  ],
  [
    'for two seconds',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 2 });
    },
  ],
  [
    'for the longest time',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 9_000_000_000 });
    },
  ],
  [
    'for longer than that',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 9_000_000_001 });
    },
  ],
  [
    'makes no revision',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.grant({ ID: 8n, TTL: 1000 });
      await s.call('Lease/LeaseRevoke', { ID: 8n });
    },
  ],
]);

const ends = group('lease, revoke', [
  [
    'what is not there',
    async (s) => {
      await s.call('Lease/LeaseRevoke', { ID: 99n });
      await s.call('Lease/LeaseRevoke', { ID: 0n });
    },
  ],
  [
    'deletes its keys',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.put('b', '1', { lease: 7n });
      await s.put('c', '1');
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.range({ key: 'a', rangeEnd: 'z' });
      await s.range({ key: 'a', rangeEnd: 'z', revision: s.at(3) });
    },
  ],
  [
    'twice',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
    },
  ],
  [
    'a key deleted before is not deleted again',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.del('a');
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.put('b', '1');
    },
  ],
]);

const looks = group('lease, time to live', [
  [
    'of what is not there',
    async (s) => {
      await s.call('Lease/LeaseTimeToLive', { ID: 99n });
      await s.call('Lease/LeaseTimeToLive', { ID: 99n, keys: true });
      await s.call('Lease/LeaseTimeToLive', { ID: 0n });
    },
  ],
  [
    'without and with keys',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.call('Lease/LeaseTimeToLive', { ID: 7n });
      await s.call('Lease/LeaseTimeToLive', { ID: 7n, keys: true });
    },
  ],
  [
    'without keys attached',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.call('Lease/LeaseTimeToLive', { ID: 7n, keys: true });
    },
  ],
  [
    'of a key put again without it',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1', { lease: 7n });
      await s.put('a', '2');
      await s.call('Lease/LeaseTimeToLive', { ID: 7n, keys: true });
    },
  ],
  [
    'the list',
    async (s) => {
      await s.call('Lease/LeaseLeases', {});
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.grant({ ID: 8n, TTL: 500 });
      await s.grant({ ID: 9n, TTL: 2000 });
      await s.call('Lease/LeaseLeases', {});
      await s.call('Lease/LeaseRevoke', { ID: 8n });
      await s.call('Lease/LeaseLeases', {});
    },
  ],
]);

async function keepAlive(s: Session, ...ids: readonly bigint[]): Promise<void> {
  const stream = s.stream('Lease/LeaseKeepAlive');
  for (const ID of ids) {
    stream.send({ ID });
    s.note(`LeaseKeepAlive → ${s.show(await stream.next())}`);
  }
  stream.halfClose();
  s.note(`LeaseKeepAlive, half-closed → ${s.show(await stream.next())}`);
}

const alive = group('lease, keep alive', [
  [
    'one',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await keepAlive(s, 7n);
    },
  ],
  ['what is not there', (s) => keepAlive(s, 99n)],
  ['zero', (s) => keepAlive(s, 0n)],
  [
    'several on one stream',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.grant({ ID: 8n, TTL: 500 });
      await keepAlive(s, 7n, 99n, 8n, 7n);
    },
  ],
  [
    'after its revocation',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await keepAlive(s, 7n);
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await keepAlive(s, 7n);
    },
  ],
  [
    'makes no revision',
    async (s) => {
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.put('a', '1');
      await keepAlive(s, 7n);
      await s.put('a', '2');
    },
  ],
]);

export const leaseCases = [...grants, ...ends, ...looks, ...alive];

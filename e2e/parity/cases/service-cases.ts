import type { RangeResponse } from '../../../proto/etcd-types.ts';
import { group } from '../parity-case.ts';
import type { ParityCase } from '../parity-case.ts';
import type { RangeIn, Session } from '../session.ts';

const name = Buffer.from('n');
const lock = (s: Session, lease: bigint): Promise<object | undefined> => s.call('/v3lockpb.Lock/Lock', { name, lease });
const unlock = (s: Session, key: string): Promise<object | undefined> =>
  s.call('/v3lockpb.Lock/Unlock', { key: Buffer.from(key) });
const campaign = (s: Session, lease: bigint, value: string): Promise<object | undefined> =>
  s.call('/v3electionpb.Election/Campaign', { name, lease, value: Buffer.from(value) });

async function leases(s: Session): Promise<void> {
  for (const ID of [7n, 8n]) await s.quietly('Lease/LeaseGrant', { ID, TTL: 1000 });
}

const locks = group('lock', [
  [
    'taken, taken again by its holder, given back',
    async (s) => {
      await leases(s);
      await lock(s, 7n);
      await lock(s, 7n);
      await s.range({ key: 'n/', rangeEnd: 'n0' });
      await unlock(s, 'n/7');
      await unlock(s, 'n/7');
      await s.range({ key: 'n/', rangeEnd: 'n0' });
    },
  ],
  [
    'by a second, who waits for the first',
    async (s) => {
      await leases(s);
      await lock(s, 7n);
      const second = lock(s, 8n);
      await unlock(s, 'n/7').then(() => s.lines.pop());
      await second;
    },
  ],
  [
    'by a second, when the lease of the first is revoked',
    async (s) => {
      await leases(s);
      await lock(s, 7n);
      const second = lock(s, 8n);
      await s.quietly('Lease/LeaseRevoke', { ID: 7n });
      await second;
    },
  ],
  [
    'by a lease that is not there',
    async (s) => {
      await lock(s, 99n);
    },
    { differs: 'Errors of the store in `Lock` and `Campaign`' },
  ],
]);

const elections = group('election', [
  [
    'a leader: proclaims, is seen, resigns',
    async (s) => {
      await leases(s);
      await s.call('/v3electionpb.Election/Leader', { name });
      const won = (await campaign(s, 7n, 'first')) as { leader: object } | undefined;
      await s.call('/v3electionpb.Election/Leader', { name });
      await s.call('/v3electionpb.Election/Proclaim', { leader: won?.leader, value: Buffer.from('second') });
      await s.call('/v3electionpb.Election/Leader', { name });
      await s.call('/v3electionpb.Election/Resign', { leader: won?.leader });
      await s.call('/v3electionpb.Election/Leader', { name });
    },
  ],
  [
    'a second candidate wins when the first resigns',
    async (s) => {
      await leases(s);
      const won = (await campaign(s, 7n, 'first')) as { leader: object } | undefined;
      const second = campaign(s, 8n, 'second');
      await s.quietly('KV/Range', { key: 'n/8' });
      await s.call('/v3electionpb.Election/Resign', { leader: won?.leader }).then(() => s.lines.pop());
      await second;
      await s.call('/v3electionpb.Election/Leader', { name });
    },
  ],
  [
    'proclaiming and resigning without leading',
    async (s) => {
      await leases(s);
      await s.call('/v3electionpb.Election/Proclaim', { value: Buffer.from('x') });
      await s.call('/v3electionpb.Election/Resign', {});
      const leader = { name, key: Buffer.from('n/7'), rev: s.at(0), lease: 7n };
      await s.call('/v3electionpb.Election/Proclaim', { leader, value: Buffer.from('x') });
      await s.call('/v3electionpb.Election/Resign', { leader });
    },
  ],
  [
    'a lease that is not there',
    async (s) => {
      await campaign(s, 99n, 'x');
    },
    { differs: 'Errors of the store in `Lock` and `Campaign`' },
  ],
]);

/** The pieces put together; where they are cut is each server's affair. */
async function rangeStream(s: Session, request: RangeIn): Promise<void> {
  const stream = s.stream('KV/RangeStream');
  stream.send(request);
  stream.halfClose();
  let whole: Partial<RangeResponse> = {};
  for (;;) {
    const answer = await stream.next();
    if ('end' in answer) {
      s.note(`RangeStream → ${s.show({ message: whole })}, ${s.show(answer)}`);
      return;
    }
    const { rangeResponse: part } = answer.message as { rangeResponse?: RangeResponse };
    whole = {
      header: part?.header ?? whole.header,
      kvs: [...(whole.kvs ?? []), ...(part?.kvs ?? [])],
      more: part?.more || whole.more,
      count: part?.count || whole.count,
    };
  }
}

const five = (what: string, request: RangeIn | ((s: Session) => RangeIn)) =>
  [
    what,
    async (s: Session) => {
      await s.putAll('a', 'b', 'c', 'd', 'e');
      await rangeStream(s, typeof request === 'function' ? request(s) : request);
    },
    { since: '3.7' },
  ] as const;

const streams = group('range stream', [
  five('one key', { key: 'a' }),
  five('all keys', { key: 'a', rangeEnd: 'z' }),
  five('a limit', { key: 'a', rangeEnd: 'z', limit: 2 }),
  five('keys only', { key: 'a', rangeEnd: 'z', keysOnly: true }),
  five('the count only', { key: 'a', rangeEnd: 'z', countOnly: true }),
  five('of nothing', { key: 'x', rangeEnd: 'z' }),
  five('at a revision', (s) => ({ key: 'a', rangeEnd: 'z', revision: s.at(3) })),
  five('at a revision of the future', (s) => ({ key: 'a', rangeEnd: 'z', revision: s.at(9) })),
  five('no key', { key: '' }),
  five('sorted', { key: 'a', rangeEnd: 'z', sortOrder: 2 }),
  five('sorted by value', { key: 'a', rangeEnd: 'z', sortTarget: 4, sortOrder: 1 }),
  [
    'with a target and no order',
    async (s) => {
      await s.quietly('KV/Put', { key: 'a', value: '2' });
      await s.quietly('KV/Put', { key: 'b', value: '1' });
      await rangeStream(s, { key: 'a', rangeEnd: 'z', sortTarget: 4 });
    },
    { since: '3.7', differs: '`RangeStream` with a sort target and no order' },
  ],
  five('filtered', (s) => ({ key: 'a', rangeEnd: 'z', minModRevision: s.at(3) })),
  five('serializable', { key: 'a', rangeEnd: 'z', serializable: true }),
]);

const health = group('health', [
  [
    'of the whole, and of a service that is not there',
    async (s) => {
      await s.call('/grpc.health.v1.Health/Check', {});
      await s.call('/grpc.health.v1.Health/Check', { service: 'nothing' });
    },
  ],
]);

const downgrades = group('downgrade', [
  [
    'to what is no version',
    async (s) => {
      await s.call('Maintenance/Downgrade', {});
      await s.call('Maintenance/Downgrade', { version: 'x' });
      await s.call('Maintenance/Downgrade', { version: '2.0.0' });
      await s.call('Maintenance/Downgrade', { action: 7, version: '3.5.0' });
    },
    { since: '3.6' },
  ],
]);

/** etcd 3.4 has not all of it */
export const serviceCases = [...locks, ...elections, ...streams, ...health, ...downgrades].map((one): ParityCase => ({
  since: '3.6',
  ...one,
}));

import { group } from '../parity-case.ts';
import type { Secured } from '../secured.ts';
import { secured } from '../secured.ts';
import { op } from '../session.ts';

/** a lease on keys that u may write, and one on a key more */
async function leases(s: Secured): Promise<void> {
  for (const [ID, keys] of [
    [1n, ['w1']],
    [2n, ['w2', 'x']],
    [3n, ['k1', 'r1']],
  ] as const) {
    await s.quietly('root', 'Lease/LeaseGrant', { ID, TTL: 1000 });
    for (const key of keys) await s.quietly('root', 'KV/Put', { key, value: '1', lease: ID });
  }
}

const keys = group('auth, keys', [
  [
    'reads',
    secured(async (s) => {
      for (const key of ['r1', 'w1', 'k1', 'x']) await s.quietly('root', 'KV/Put', { key, value: '1' });
      for (const key of ['r1', 'w1', 'k1', 'x']) await s.asAll('KV/Range', { key });
      await s.as('u', 'KV/Range', { key: 'r', rangeEnd: 's' });
      await s.as('u', 'KV/Range', { key: 'r', rangeEnd: 's\0' });
      await s.as('u', 'KV/Range', { key: 'k', rangeEnd: 's' });
      await s.as('u', 'KV/Range', { key: '\0', rangeEnd: '\0' });
      await s.as('u', 'KV/Range', { key: 'r', rangeEnd: '\0', countOnly: true });
      await s.as('u', 'KV/Range', { key: 'x', serializable: true });
      await s.as('root', 'KV/Range', { key: '\0', rangeEnd: '\0', keysOnly: true });
    }),
  ],
  [
    'reads over several permissions that touch',
    secured(async (s) => {
      const grant = (key: string, rangeEnd: string): Promise<unknown> =>
        s.as('root', 'Auth/RoleGrantPermission', { name: 'r', perm: { key, rangeEnd, permType: 0 } });
      await grant('a', 'b');
      await grant('b', 'c');
      await s.as('u', 'KV/Range', { key: 'a', rangeEnd: 'c' });
      await s.as('u', 'KV/Range', { key: 'a', rangeEnd: 'd' });
      await grant('c', 'd');
      await s.as('u', 'KV/Range', { key: 'a', rangeEnd: 'd' });
      await grant('x', '\0');
      await s.as('u', 'KV/Range', { key: 'y', rangeEnd: '\0' });
      await s.as('u', 'KV/Range', { key: 'w', rangeEnd: '\0' });
      await s.as('u', 'KV/Range', { key: 'zzz' });
    }),
  ],
  [
    'puts and deletions',
    secured(async (s) => {
      for (const key of ['w1', 'k1', 'r1', 'x']) await s.asAll('KV/Put', { key, value: '1' });
      await s.as('u', 'KV/Put', { key: 'w1', prevKv: true });
      await s.as('u', 'KV/Put', { key: 'k1', prevKv: true });
      for (const key of ['r1', 'x', 'w1']) await s.asAll('KV/DeleteRange', { key });
      await s.as('u', 'KV/DeleteRange', { key: 'w', rangeEnd: 'x', prevKv: true });
      await s.as('u', 'KV/DeleteRange', { key: 'k', rangeEnd: 'l', prevKv: true });
      await s.as('u', 'KV/DeleteRange', { key: 'w', rangeEnd: '\0' });
    }),
  ],
  [
    'bad requests are told before rights',
    secured(async (s) => {
      await s.asAll('KV/Put', { key: '' });
      await s.asAll('KV/Range', { key: '' });
      await s.asAll('KV/DeleteRange', {});
      await s.asAll('KV/Txn', { success: [op.put('x'), op.put('x')] });
    }),
  ],
  [
    'transactions',
    secured(async (s) => {
      await s.as('u', 'KV/Txn', {
        compare: [{ key: 'r1' }],
        success: [op.put('w1')],
        failure: [op.range({ key: 'k1' })],
      });
      await s.asAll('KV/Txn', { compare: [{ key: 'w1' }] });
      await s.asAll('KV/Txn', { success: [op.range({ key: 'w1' })] });
      await s.asAll('KV/Txn', { failure: [op.range({ key: 'w1' })] });
      await s.asAll('KV/Txn', { failure: [op.put('r1')] });
      await s.asAll('KV/Txn', { success: [op.del('r1')] });
      await s.asAll('KV/Txn', {});
    }),
  ],
  [
    'nested transactions (CVE-2026-33343)',
    secured(async (s) => {
      const nested = (...success: Parameters<typeof op.txn>[0]['success'] & object): object => ({
        success: [op.txn({ success })],
      });
      await s.as('u', 'KV/Txn', nested(op.put('w1'), op.range({ key: 'r1' })));
      await s.asAll('KV/Txn', nested(op.put('x')));
      await s.asAll('KV/Txn', nested(op.range({ key: 'x' })));
      await s.asAll('KV/Txn', { failure: [op.txn({ failure: [op.txn({ success: [op.del('x')] })] })] });
      await s.asAll('KV/Txn', { success: [op.txn({ compare: [{ key: 'x' }] })] });
    }),
    { since: '3.6' },
  ],
  [
    'transactions that read by what they write',
    secured(async (s) => {
      await leases(s);
      await s.as('u', 'KV/Txn', { success: [op.put('w1', '', { prevKv: true })] });
      await s.as('u', 'KV/Txn', { success: [op.del('w1', { prevKv: true })] });
      await s.as('u', 'KV/Txn', { success: [op.put('w1', '', { lease: 2n })] });
      await s.as('u', 'KV/Txn', { success: [op.put('w1', '', { lease: 1n })] });
    }),
    { since: '3.6' },
  ],
  [
    'compaction',
    secured(async (s) => {
      await s.quietly('root', 'KV/Put', { key: 'k1' });
      await s.asAll('KV/Compact', { revision: s.session.at(1) });
      await s.as('root', 'KV/Compact', { revision: s.session.at(1) });
    }),
    { since: '3.6' },
  ],
]);

/** The first message of a stream that answers one request, or how it ended. */
async function firstOf(s: Secured, user: string, method: string, request: object): Promise<void> {
  const stream = s.session.stream(method, user === '' ? undefined : await s.token(user));
  stream.send(request);
  stream.halfClose();
  const answer = await stream.next();
  const told = 'message' in answer ? 'answered' : s.session.show(answer);
  s.session.note(`${method}${user && ` as ${user}`} → ${told}`);
}

const streams = group('auth, streams', [
  [
    'of a range',
    secured(async (s) => {
      await s.quietly('root', 'KV/Put', { key: 'r1', value: '1' });
      for (const user of ['u', 'n', '']) await firstOf(s, user, 'KV/RangeStream', { key: 'r', rangeEnd: 's' });
      await firstOf(s, 'u', 'KV/RangeStream', { key: 'r', rangeEnd: '\0' });
    }),
    { since: '3.7' },
  ],
  [
    'of a snapshot',
    secured(async (s) => {
      for (const user of ['root', 'u', 'n', '']) await firstOf(s, user, 'Maintenance/Snapshot', {});
    }),
    { since: '3.6' },
  ],
]);

const watches = group('auth, watches', [
  [
    'of what may be read, and of other keys',
    secured(async (s) => {
      const watch = s.session.watch(await s.token('u'));
      await watch.created({ key: 'r', rangeEnd: 's' });
      await s.quietly('root', 'KV/Put', { key: 'r1', value: '1' });
      await watch.events(1);
      const other = s.session.watch(await s.token('n'));
      await other.created({ key: 'r' });
    }),
    { since: '3.6' },
  ],
  [
    'without a name, and with a wrong one',
    secured(async (s) => {
      await s.session.watch().created({ key: 'r' });
      await s.session.watch({ token: 'garbage.1' }).created({ key: 'r' });
      await s.session.watch().created({ key: 'r', startRevision: -1 });
    }),
    { since: '3.6' },
  ],
  [
    'one that runs when the right is taken away',
    secured(async (s) => {
      const watch = s.session.watch(await s.token('u'));
      await watch.created({ key: 'r1' });
      await s.quietly('root', 'Auth/UserRevokeRole', { name: 'u', role: 'r' });
      await s.quietly('root', 'KV/Put', { key: 'r1', value: '1' });
      await watch.events(1);
      await watch.created({ key: 'r1' });
    }),
    { since: '3.6' },
  ],
]);

const keepAlive = async (s: Secured, user: string, ID: bigint): Promise<void> => {
  const stream = s.session.stream('Lease/LeaseKeepAlive', user === '' ? undefined : await s.token(user));
  stream.send({ ID });
  s.session.note(`LeaseKeepAlive${user && ` as ${user}`} → ${s.session.show(await stream.next())}`);
};

const leaseCases = group('auth, leases', [
  [
    'granted',
    secured(async (s) => {
      for (const [i, user] of ['u', 'n'].entries())
        await s.as(user, 'Lease/LeaseGrant', { ID: 10n + BigInt(i), TTL: 1000 });
      await s.session.call('Lease/LeaseGrant', { ID: 12n, TTL: 1000 });
    }),
    { since: '3.6' },
  ],
  [
    'put to use',
    secured(async (s) => {
      await leases(s);
      for (const lease of [1n, 2n, 3n]) await s.as('u', 'KV/Put', { key: 'w9', lease });
      await s.as('u', 'KV/Put', { key: 'w9', lease: 99n });
    }),
  ],
  [
    'revoked',
    secured(async (s) => {
      await leases(s);
      for (const ID of [1n, 2n, 3n, 99n]) await s.as('u', 'Lease/LeaseRevoke', { ID });
      await s.as('n', 'Lease/LeaseRevoke', { ID: 2n });
      await s.as('root', 'Lease/LeaseRevoke', { ID: 2n });
    }),
  ],
  [
    'revoked by nobody',
    secured(async (s) => {
      await leases(s);
      for (const ID of [1n, 99n]) await s.session.call('Lease/LeaseRevoke', { ID });
    }),
    { since: '3.6' },
  ],
  [
    'kept alive',
    secured(async (s) => {
      await leases(s);
      for (const [user, ID] of [
        ['root', 2n],
        ['u', 1n],
        ['u', 2n],
        ['u', 99n],
        ['n', 1n],
        ['', 1n],
      ] as const) {
        await keepAlive(s, user, ID);
      }
    }),
    { since: '3.6' },
  ],
  [
    'looked at',
    secured(async (s) => {
      await leases(s);
      await s.quietly('root', 'Lease/LeaseGrant', { ID: 4n, TTL: 1000 });
      await s.quietly('root', 'KV/Put', { key: 'r1', value: '1', lease: 4n });
      for (const ID of [1n, 4n, 99n]) {
        await s.asAll('Lease/LeaseTimeToLive', { ID });
        await s.asAll('Lease/LeaseTimeToLive', { ID, keys: true });
      }
      await s.as('root', 'Lease/LeaseTimeToLive', { ID: 1n, keys: true });
    }),
    { since: '3.6' },
  ],
  [
    'listed',
    secured(async (s) => {
      await s.asAll('Lease/LeaseLeases', {});
      await s.quietly('root', 'Lease/LeaseGrant', { ID: 3n, TTL: 1000 });
      await s.quietly('root', 'KV/Put', { key: 'r1', lease: 3n });
      await s.as('u', 'Lease/LeaseLeases', {});
      await s.quietly('root', 'KV/Put', { key: 'w1', lease: 3n });
      await s.asAll('Lease/LeaseLeases', {});
    }),
    { since: '3.6' },
  ],
]);

const services = group('auth, administration', [
  [
    'of users and roles is for root',
    secured(async (s) => {
      const calls: readonly [string, object][] = [
        ['AuthEnable', {}],
        ['AuthDisable', {}],
        ['UserAdd', { name: 'x', password: 'pw' }],
        ['UserDelete', { name: 'root' }],
        ['UserChangePassword', { name: 'root', password: 'pw' }],
        ['UserGrantRole', { user: 'u', role: 'root' }],
        ['UserRevokeRole', { name: 'root', role: 'root' }],
        ['UserList', {}],
        ['UserGet', { name: 'root' }],
        ['UserGet', { name: 'u' }],
        ['UserGet', { name: '' }],
        ['UserGet', { name: 'nothere' }],
        ['RoleAdd', { name: '' }],
        ['RoleGet', { role: 'r' }],
        ['RoleGet', { role: 'root' }],
        ['RoleGet', { role: 'nothere' }],
        ['RoleList', {}],
        ['RoleDelete', { role: 'r' }],
        ['RoleGrantPermission', { name: 'r' }],
        ['RoleRevokePermission', { role: 'r', key: 'r', rangeEnd: 's' }],
      ];
      for (const [method, request] of calls) await s.asAll(`Auth/${method}`, request);
    }),
  ],
  [
    'of the members is for root',
    secured(async (s) => {
      await s.asAll('Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:1'] });
      await s.asAll('Cluster/MemberRemove', { ID: 1n });
      await s.asAll('Cluster/MemberUpdate', { ID: 1n, peerURLs: ['http://127.0.0.1:1'] });
      await s.asAll('Cluster/MemberPromote', { ID: 1n });
      await s.as('root', 'Cluster/MemberRemove', { ID: 1n });
    }),
  ],
  [
    'maintenance is for root',
    secured(async (s) => {
      await s.asAll('Maintenance/Hash', {});
      await s.asAll('Maintenance/HashKV', {});
      await s.asAll('Maintenance/Defragment', {});
      await s.asAll('Maintenance/MoveLeader', { targetID: 1n });
    }),
    { since: '3.6' },
  ],
  [
    'the members, the status and alarms are for all who say who they are',
    secured(async (s) => {
      await s.session.call('Cluster/MemberList', {});
      await s.session.call('Maintenance/Status', {});
      await s.session.call('Maintenance/Alarm', { action: 0 });
      await s.as('u', 'Maintenance/Alarm', { action: 0 });
      await s.asAll('Maintenance/Alarm', { action: 1, alarm: 1 });
      await s.asAll('Maintenance/Alarm', { action: 2, alarm: 1 });
      for (const user of ['u', 'n', 'root']) {
        const told = await s.session.client.call('Maintenance/Status', {}, await s.token(user));
        s.session.note(`Status as ${user} → ${'message' in told ? 'is told' : s.session.show(told)}`);
      }
    }),
    { since: '3.6' },
  ],
]);

export const authAccessCases = [...keys, ...streams, ...watches, ...leaseCases, ...services];

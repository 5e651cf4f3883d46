import t from 'tap';
import { eventually } from '../../client/testing/eventually.ts';
import type { CampaignResponse, LeaderKey, LeaderResponse, LockResponse } from '../../proto/etcd-services-types.ts';
import type { LeaseGrantResponse, RangeResponse } from '../../proto/etcd-types.ts';
import { addUser, answerOf, enableAuth, tokenOf } from './auth/test-auth.ts';
import type { Fields } from './auth/test-auth.ts';
import { bytes, TestClient, text } from './test-client.ts';
import type { StartedCall } from './test-client.ts';
import type { EtcdMemberOptions } from './member.ts';
import { TestCluster } from './test-cluster.ts';

type Test = Pick<typeof t, 'teardown' | 'equal' | 'rejects' | 'match' | 'ok' | 'same'>;

async function threeMembers(
  t: Test,
  size = 3,
  more: Partial<EtcdMemberOptions> = {},
): Promise<{ cluster: TestCluster; clients: TestClient[] }> {
  const cluster = await TestCluster.start(size, more);
  const clients = Array.from({ length: size }, (_, i) => new TestClient(cluster.clientUrl(i)));
  t.teardown(async () => {
    for (const client of clients) client.close();
    await cluster.stop();
  });
  return { cluster, clients };
}

const lock = (client: TestClient, name: string, lease = 0n): StartedCall<LockResponse> =>
  client.start('/v3lockpb.Lock/Lock', { name: bytes(name), lease });
const unlock = (client: TestClient, { key }: { key: Uint8Array }): Promise<object> =>
  client.call('/v3lockpb.Lock/Unlock', { key });
const campaign = (client: TestClient, value: string, lease = 0n): StartedCall<CampaignResponse> =>
  client.start('/v3electionpb.Election/Campaign', { name: bytes('e'), value: bytes(value), lease });
const grant = async (client: TestClient, TTL: number): Promise<bigint> =>
  (await client.call<LeaseGrantResponse>('Lease/LeaseGrant', { TTL })).ID;

/** how many stand in the line of the name, as seen by any member */
async function inLine(client: TestClient, name: string): Promise<number> {
  const request = { key: bytes(`${name}/`), rangeEnd: bytes(`${name}0`), countOnly: true };
  return (await client.call<RangeResponse>('KV/Range', request)).count;
}

const standing = (client: TestClient, name: string, count: number): Promise<void> =>
  eventually(`${count} in line`, async () => (await inLine(client, name)) === count, 30_000);

void t.test(
  'Lock: the oldest key holds it, on whatever member it was asked for; Unlock lets the next one in',
  async (t) => {
    const { clients: [a, b, c] } = await threeMembers(t); // prettier-ignore
    const lease = await grant(a!, 60);
    const first = await lock(a!, 'm', lease).answer;
    t.equal(text(first.key), `m/${lease.toString(16)}`, 'etcd names keys so');
    t.same(
      (await lock(a!, 'm', lease).answer).key,
      first.key,
      'locking again with the same lease is no more than once',
    );

    const order: string[] = [];
    const second = lock(b!, 'm');
    void second.answer.then(
      () => order.push('second'),
      () => {},
    );
    await standing(a!, 'm', 2);
    const third = lock(c!, 'm');
    void third.answer.then(
      () => order.push('third'),
      () => {},
    );
    await standing(a!, 'm', 3);
    t.same(order, []);
    await unlock(c!, first);
    const held = await second.answer;
    t.same(order, ['second']);
    await unlock(b!, held);
    await third.answer;
    t.match(await unlock(c!, { key: bytes('m/nobody') }), { header: {} }, 'unlocking what is not there is no error');
    await t.rejects(unlock(c!, { key: bytes('') }), { code: 3, details: 'etcdserver: key is not provided' });
    await t.rejects(lock(a!, 'm', 12345n).answer, { code: 5, details: 'etcdserver: requested lease not found' });
  },
);

void t.test('Lock: who gives up leaves the line; who loses the lease is told so at once', async (t) => {
  const { clients: [a, b] } = await threeMembers(t, 2); // prettier-ignore
  const holder = await lock(a!, 'm').answer;
  const waiting = lock(b!, 'm');
  await standing(a!, 'm', 2);
  waiting.cancel();
  await t.rejects(waiting.answer, { code: 1 });
  await standing(a!, 'm', 1);

  const lease = await grant(a!, 60);
  const doomed = lock(b!, 'm', lease);
  const told = t.rejects(doomed.answer, { code: 2, details: 'mutex: session is expired' });
  await standing(a!, 'm', 2);
  await a!.call('Lease/LeaseRevoke', { ID: lease });
  await told;
  await unlock(a!, holder);
});

void t.test('Lock: a waiting call outlives the leader, and the lock of a lease that runs out is free', async (t) => {
  const { cluster, clients } = await threeMembers(t);
  const leader = await cluster.leader();
  const [a, b] = clients.filter((_, i) => i !== leader);
  const lease = await grant(a!, 2);
  await lock(a!, 'm', lease).answer;
  const waiting = lock(b!, 'm');
  await standing(a!, 'm', 2);
  await cluster.stopMember(leader);
  t.match(text((await waiting.answer).key), /^m\//);
});

void t.test('Election: campaign, leader, proclaim, observe and resign', async (t) => {
  const { clients: [a, b, c] } = await threeMembers(t); // prettier-ignore
  const ask = (): Promise<LeaderResponse> => c!.call('/v3electionpb.Election/Leader', { name: bytes('e') });
  await t.rejects(ask(), { code: 2, details: 'election: no leader' });
  const seen = c!.serverStream<LeaderResponse>('/v3electionpb.Election/Observe', { name: bytes('e') });
  const next = async (): Promise<string> => text((await seen.next()).kv?.value);

  const won = await campaign(a!, 'one').answer;
  const held = won.leader as LeaderKey;
  t.match(text(held.key), /^e\/[0-9a-f]+$/);
  t.equal(text(held.name), 'e');
  t.equal(text((await ask()).kv?.value), 'one');
  t.equal(await next(), 'one');

  const waiting = campaign(b!, 'two');
  await standing(a!, 'e', 2);
  await a!.call('/v3electionpb.Election/Proclaim', { leader: held, value: bytes('one again') });
  t.equal(await next(), 'one again');
  const again = await campaign(a!, 'same lease', held.lease).answer;
  t.equal(again.leader?.rev, held.rev, 'who campaigns again with the lease that leads, leads');
  t.equal(await next(), 'same lease');
  await a!.call('/v3electionpb.Election/Resign', { leader: held });
  const successor = (await waiting.answer).leader as LeaderKey;
  t.equal(await next(), 'two');

  await t.rejects(a!.call('/v3electionpb.Election/Proclaim', { leader: held, value: bytes('late') }), {
    code: 2,
    details: 'election: not leader',
  });
  t.match(
    await a!.call('/v3electionpb.Election/Resign', { leader: held }),
    { header: {} },
    'resigning twice does nothing',
  );
  await t.rejects(a!.call('/v3electionpb.Election/Resign', {}), {
    code: 2,
    details: '"leader" field must be provided',
  });
  t.equal(text((await ask()).kv?.value), 'two');
  await b!.call('Lease/LeaseRevoke', { ID: successor.lease });
  await t.rejects(ask(), { code: 2, details: 'election: no leader' });
  seen.cancel();
});

void t.test('Election: who gives up leaves the line; who loses the lease is told so', async (t) => {
  const { clients: [a] } = await threeMembers(t, 1); // prettier-ignore
  await campaign(a!, 'leads').answer;
  const waiting = campaign(a!, 'waits');
  await standing(a!, 'e', 2);
  waiting.cancel();
  await t.rejects(waiting.answer, { code: 1 });
  await standing(a!, 'e', 1);
  const lease = await grant(a!, 60);
  const told = t.rejects(campaign(a!, 'doomed', lease).answer, { code: 2, details: 'election: session is expired' });
  await standing(a!, 'e', 2);
  await a!.call('Lease/LeaseRevoke', { ID: lease });
  await told;
});

void t.test(
  'while authentication is enabled, names are keys: who may not write under them may not lock them',
  async (t) => {
    const { cluster, clients } = await threeMembers(t, 1);
    const client = clients[0]!;
    const root = await enableAuth(client);
    await addUser(client, 'u', 'mine/', 2, root);
    const u = await tokenOf(client, 'u', 'pw');
    const leader = { key: bytes('mine/x/1'), rev: 1, lease: 1n };
    const rows: readonly (readonly [path: string, mine: object, others: object, allowed: RegExp])[] = [
      ['/v3lockpb.Lock/Lock', { name: bytes('mine/a') }, { name: bytes('a') }, /^OK$/],
      ['/v3lockpb.Lock/Unlock', { key: bytes('mine/a/1') }, { key: bytes('a/1') }, /^OK$/],
      ['/v3electionpb.Election/Campaign', { name: bytes('mine/b') }, { name: bytes('b') }, /^OK$/],
      ['/v3electionpb.Election/Leader', { name: bytes('mine/b') }, { name: bytes('b') }, /^OK$/],
      ['/v3electionpb.Election/Observe', { name: bytes('mine/b') }, { name: bytes('b') }, /^OK$/],
      [
        '/v3electionpb.Election/Proclaim',
        { leader },
        { leader: { ...leader, key: bytes('x') } },
        /election: not leader/,
      ],
      ['/v3electionpb.Election/Resign', { leader }, { leader: { ...leader, key: bytes('x') } }, /^OK$/],
    ];
    const ask = (path: string, request: object, fields: Fields): Promise<string> =>
      answerOf(cluster.clientUrl(0), path, request, fields);
    for (const [path, mine, others, allowed] of rows) {
      t.match(await ask(path, mine, u), allowed, `${path} with the right`);
      t.equal(await ask(path, others, u), 'PERMISSION_DENIED: etcdserver: permission denied', `${path} without it`);
      t.equal(await ask(path, mine, {}), 'INVALID_ARGUMENT: etcdserver: user name is empty', `${path} without a name`);
    }
  },
);

void t.test('Election: Observe and a waiting Campaign outlive the leader of the members', async (t) => {
  const { cluster, clients } = await threeMembers(t);
  const leads = await cluster.leader();
  const [a, b] = clients.filter((_, i) => i !== leads);
  const seen = b!.serverStream<LeaderResponse>('/v3electionpb.Election/Observe', { name: bytes('e') });
  const held = (await campaign(a!, 'one').answer).leader as LeaderKey;
  t.equal(text((await seen.next()).kv?.value), 'one');
  const waiting = campaign(b!, 'two');
  await standing(a!, 'e', 2);
  await cluster.stopMember(leads);
  await cluster.leader();
  await a!.call('/v3electionpb.Election/Proclaim', { leader: held, value: bytes('still one') });
  t.equal(text((await seen.next()).kv?.value), 'still one');
  await a!.call('/v3electionpb.Election/Resign', { leader: held });
  await waiting.answer;
  t.equal(text((await seen.next()).kv?.value), 'two');
  seen.cancel();
});

void t.test('Lock and Election behind --grpc-server=grpc-js: waiting, giving up, observing', async (t) => {
  const { clients } = await threeMembers(t, 1, { grpcServer: 'grpc-js' });
  const client = clients[0]!;
  const holder = await lock(client, 'm').answer;
  const gone = lock(client, 'm');
  await standing(client, 'm', 2);
  const next = lock(client, 'm');
  await standing(client, 'm', 3);
  gone.cancel();
  await t.rejects(gone.answer, { code: 1 });
  await standing(client, 'm', 2);
  await unlock(client, holder);
  t.match(text((await next.answer).key), /^m\//);
  const seen = client.serverStream<LeaderResponse>('/v3electionpb.Election/Observe', { name: bytes('e') });
  await campaign(client, 'one').answer;
  t.equal(text((await seen.next()).kv?.value), 'one');
  seen.cancel();
});

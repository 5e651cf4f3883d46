import t from 'tap';
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Lease } from '../mvcc/types.ts';
import { Lessor } from './lessor.ts';

function make() {
  let nowMs = 0;
  const leases = new Map<bigint, Lease>();
  const world = { term: undefined as number | undefined, confirmed: true, revoked: [] as string[] };
  const lessor = new Lessor({
    clock: { ...systemClock, monotonicMs: () => nowMs, every: () => () => {} },
    log: silentLog,
    leases: () => leases,
    leadingTerm: () => world.term,
    confirm: async () => {
      await Promise.resolve();
      if (!world.confirmed) throw new Error('no quorum');
    },
    revoke: (id, { term, renewals }) => {
      world.revoked.push(`${id} term ${term} renewals ${renewals}`);
      return Promise.resolve();
    },
  });
  const grant = (id: bigint, ttl: number): void => {
    const lease: Lease = { id, ttl, renewals: 0, keys: new Set() };
    leases.set(id, lease);
    lessor.started(lease);
  };
  return { lessor, world, leases, grant, pass: (ms: number) => void (nowMs += ms) };
}

void t.test('the leader revokes what is over, and nothing else', async (t) => {
  const { lessor, world, grant, pass } = make();
  world.term = 3;
  grant(1n, 5);
  grant(2n, 60);
  pass(4999);
  await lessor.check();
  t.same([world.revoked, lessor.remainingS(1n), lessor.remainingS(2n)], [[], 0, 55]);
  pass(1);
  await lessor.check();
  t.same(world.revoked, ['1 term 3 renewals 0']);
  t.equal(lessor.remainingS(1n), undefined);
});

void t.test('a follower, or a leader without a quorum, revokes nothing (etcd PR 17425)', async (t) => {
  const { lessor, world, grant, pass } = make();
  grant(1n, 5);
  pass(9000);
  await lessor.check();
  world.term = 3;
  world.confirmed = false;
  await lessor.check();
  world.confirmed = true;
  const checking = lessor.check();
  world.term = 4;
  await checking;
  t.same(world.revoked, [], 'nor one whose term ended while it asked');
});

void t.test('with a new leader every lease begins anew', async (t) => {
  const { lessor, world, grant, pass } = make();
  grant(1n, 5);
  pass(4000);
  lessor.extendAll();
  world.term = 4;
  pass(4000);
  await lessor.check();
  t.same(world.revoked, []);
  t.equal(lessor.remainingS(1n), 1);
});

import t from 'tap';
import { systemClock } from '../../base/clock.ts';
import { EtcdError } from './etcd-client.ts';
import { leaseObjectsMax, leaseReuseSeconds, SharedLeases } from './shared-leases.ts';

function leases(): { shared: SharedLeases; granted: number[]; pass: (ms: number) => void; failNext: () => void } {
  let nowMs = 0;
  let fails = false;
  const granted: number[] = [];
  const client = {
    leaseGrant: async (ttlSeconds: number): Promise<string> => {
      if (fails) {
        fails = false;
        throw new EtcdError('unavailable', 'no leader');
      }
      return String(granted.push(ttlSeconds));
    },
  };
  const shared = new SharedLeases(client, { ...systemClock, monotonicMs: () => nowMs });
  return {
    shared,
    granted,
    pass: (ms) => {
      nowMs += ms;
    },
    failNext: () => {
      fails = true;
    },
  };
}

const same = async (lease: string): Promise<string> => lease;

void t.test('SharedLeases', async (t) => {
  await t.test('gives many objects one lease, which outlives the last of them by their time', async (t) => {
    const { shared, granted, pass } = leases();
    t.same(await Promise.all([shared.write(3600, same), shared.write(3600, same)]), ['1', '1']);
    pass(leaseReuseSeconds * 1000 - 1);
    t.equal(await shared.write(3600, same), '1');
    pass(1);
    t.equal(await shared.write(3600, same), '2');
    t.equal(await shared.write(60, same), '3', 'another time to live is another lease');
    t.same(granted, [3600 + leaseReuseSeconds, 3600 + leaseReuseSeconds, 60 + leaseReuseSeconds]);
  });

  await t.test(`gives a lease at most ${leaseObjectsMax} objects`, async (t) => {
    const { shared, granted } = leases();
    for (let i = 0; i <= leaseObjectsMax; i++) await shared.write(5, same);
    t.equal(granted.length, 2);
  });

  await t.test('takes another lease where the one at hand is gone, once', async (t) => {
    const { shared, granted } = leases();
    await shared.write(5, same);
    const gone = new EtcdError('lease-not-found', 'etcdserver: requested lease not found');
    const write = async (lease: string): Promise<string> => {
      if (lease === '1') throw gone;
      return lease;
    };
    t.equal(await shared.write(5, write), '2');
    await t.rejects(
      shared.write(5, async () => Promise.reject(gone)),
      gone,
    );
    t.equal(granted.length, 3);
  });

  await t.test('asks anew after a grant that failed; other errors of a write keep the lease', async (t) => {
    const { shared, failNext } = leases();
    failNext();
    await t.rejects(shared.write(5, same), { message: 'no leader' });
    t.equal(await shared.write(5, same), '1');
    await t.rejects(shared.write(5, async () => Promise.reject(new Error('conflict'))));
    t.equal(await shared.write(5, same), '1');
  });
});

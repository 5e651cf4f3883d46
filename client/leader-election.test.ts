import t from 'tap';
import type { Test } from 'tap';
import { createKubeClient } from './kube-client.ts';
import { startLeaderElection } from './leader-election.ts';
import type { LeaderElector } from './leader-election.ts';
import { leases } from './resources.ts';
import { eventually } from './testing/eventually.ts';
import { FakeApiServer, FakeStatus } from './testing/fake-api-server.ts';
import { FakeStore } from './testing/fake-store.ts';
import type { Lease } from '../api/types/coordination-v1.ts';

const timing = { leaseDurationMs: 2000, renewDeadlineMs: 1200, retryPeriodMs: 100 };

/** Each candidate has a server of its own on one store, so that one alone can lose its server. */
async function cluster(test: Test, identities: string[]) {
  const store = new FakeStore();
  const leading = new Set<string>();
  let mostAtOnce = 0;
  const candidates = await Promise.all(
    identities.map(async (identity) => {
      const server = new FakeApiServer([leases], store);
      const client = createKubeClient({ servers: [await server.listen()] });
      const options = { client, namespace: 'kube-system', name: 'x', identity, ...timing };
      const elector: LeaderElector = startLeaderElection(options, async (signal) => {
        leading.add(identity);
        mostAtOnce = Math.max(mostAtOnce, leading.size);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        leading.delete(identity);
      });
      return { identity, server, client, elector };
    }),
  );
  test.teardown(async () => {
    await Promise.all(candidates.map((c) => c.elector.stop()));
    await Promise.all(candidates.map((c) => c.client.close()));
    await Promise.all(candidates.map((c) => c.server.close()));
  });
  const lease = (): Lease['spec'] => (store.find(leases, 'kube-system', 'x') as Lease)?.spec;
  const leader = () => candidates.find((c) => leading.has(c.identity));
  return { candidates, leading, leader, lease, mostAtOnce: () => mostAtOnce };
}

void t.test('one of several candidates leads and keeps renewing', async (test) => {
  const { leading, leader, lease, mostAtOnce } = await cluster(test, ['a', 'b', 'c']);
  await eventually('a leader', () => leading.size === 1);
  const first = leader()?.identity;
  const renewTime = lease()?.renewTime;
  await eventually(
    'renewals past the duration',
    () => Date.parse(lease()?.renewTime ?? '') - Date.parse(renewTime ?? '') > 2200,
  );
  test.equal(leader()?.identity, first);
  test.equal(lease()?.holderIdentity, first);
  test.equal(lease()?.leaseDurationSeconds, 2);
  test.equal(lease()?.leaseTransitions, 0);
  test.equal(mostAtOnce(), 1);
});

void t.test('stop gives the lease back and another takes it at once', async (test) => {
  const { leading, leader, lease } = await cluster(test, ['a', 'b']);
  await eventually('a leader', () => leading.size === 1);
  const first = leader();
  await first?.elector.stop();
  await eventually('another leader', () => leading.size === 1, 1_500);
  test.not(leader()?.identity, first?.identity);
  test.equal(lease()?.leaseTransitions, 1);
});

void t.test('a leader that cannot renew steps down before another may lead, and campaigns again', async (test) => {
  const { leading, leader, candidates, mostAtOnce } = await cluster(test, ['a', 'b']);
  await eventually('a leader', () => leading.size === 1);
  const first = leader();
  if (!first) throw new Error('no leader');
  first.server.intercept = () => new FakeStatus(500, '', 'away');
  await eventually('stepped down', () => !leading.has(first.identity));
  test.notOk(first.elector.isLeader());
  await eventually('the other leads', () => leading.size === 1);
  test.equal(mostAtOnce(), 1);
  first.server.intercept = () => undefined;
  await candidates.find((c) => c !== first)?.elector.stop();
  await eventually('the first leads again', () => leading.has(first.identity));
});

void t.test("a candidate with another clock waits for the lease's duration by its own", async (test) => {
  const store = new FakeStore();
  const server = new FakeApiServer([leases], store);
  const client = createKubeClient({ servers: [await server.listen()] });
  // The dead holder's clock was a day ahead.
  const spec = { holderIdentity: 'dead', leaseDurationSeconds: 1, renewTime: '2999-01-01T00:00:00.000000Z' };
  store.create(leases, 'kube-system', { metadata: { name: 'x' }, spec } as Lease);
  let led = false;
  const options = { client, namespace: 'kube-system', name: 'x', identity: 'a', ...timing };
  const elector = startLeaderElection(options, async (signal) => {
    led = true;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  });
  await eventually('leads', () => led, 5_000);
  test.ok(elector.isLeader());
  test.equal(elector.leader(), 'a');
  await elector.stop();
  await client.close();
  await server.close();
});

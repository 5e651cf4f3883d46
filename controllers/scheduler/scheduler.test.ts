import t from 'tap';
import type { Test } from 'tap';
import type { Node, Pod } from '../../api/types/core-v1.ts';
import { systemClock } from '../../base/clock.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { events, leases, namespaces, nodes, pods, replicaSets, services } from '../../client/resources.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { FakeApiServer, FakeStatus } from '../../client/testing/fake-api-server.ts';
import { startScheduler } from './scheduler.ts';

async function cluster(test: Test, nodeNames: string[], leaderElect = false) {
  const server = new FakeApiServer([pods, nodes, services, replicaSets, namespaces, events, leases]);
  const client = createKubeClient({ servers: [await server.listen()] });
  for (const name of nodeNames) server.store.create(nodes, '', node(name));
  const scheduler = startScheduler({ client, identity: 'test', leaderElect });
  test.teardown(async () => {
    await scheduler.stop();
    await client.close();
    await server.close();
  });
  const create = (name: string, cpu: string): Pod =>
    server.store.create(pods, 'default', {
      metadata: { name },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] },
    } as Pod);
  const get = (name: string): Pod => server.store.get(pods, 'default', name);
  const isBound = (name: string): boolean => get(name).spec?.nodeName !== undefined;
  return { server, scheduler, client, create, get, isBound };
}
const node = (name: string): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
});

void t.test('a pod is bound to a node that has room, and an event says so', async (t) => {
  const { create, get, isBound, server } = await cluster(t, ['n1']);
  create('a', '1');
  await eventually('the pod is bound', () => isBound('a'));
  t.equal(get('a').spec?.nodeName, 'n1');
  await eventually('an event', () => server.store.list(events, 'default').length > 0);
  t.match(server.store.list(events, 'default'), [
    {
      reason: 'Scheduled',
      message: 'Successfully assigned default/a to n1',
      source: { component: 'default-scheduler' },
    },
  ]);
});

void t.test('a pod that cannot be understood does not keep others waiting', async (t) => {
  const { create, isBound, server } = await cluster(t, ['n1']);
  const labelSelector = { matchExpressions: [{ key: 'a', operator: 'NoOperator' }] };
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector };
  server.store.create(pods, 'default', {
    metadata: { name: 'strange' },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    },
  } as Pod);
  create('a', '1');
  await eventually('the other pod is bound', () => isBound('a'));
  t.notOk(isBound('strange'));
});

void t.test('a pod that fits nowhere says why, and is bound once there is room', async (t) => {
  const { create, get, isBound, server } = await cluster(t, ['n1']);
  create('big', '5');
  await eventually('the condition', () => get('big').status?.conditions !== undefined);
  t.match(get('big').status?.conditions, [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/1 nodes are available: 1 Insufficient cpu.',
    },
  ]);
  await eventually('an event', () =>
    server.store.list(events, 'default').some((event) => (event as { reason?: string }).reason === 'FailedScheduling'),
  );
  const large = node('n2');
  large.status = { allocatable: { cpu: '8', memory: '8Gi', pods: '110' } };
  server.store.create(nodes, '', large);
  await eventually('the pod is bound', () => isBound('big'));
  t.equal(get('big').spec?.nodeName, 'n2');
});

void t.test('a binding that fails is tried again, and room is given back meanwhile', async (t) => {
  const { create, isBound, server } = await cluster(t, ['n1']);
  let refusals = 1;
  server.intercept = (_, path) =>
    path.endsWith('/binding') && refusals-- > 0 ? new FakeStatus(500, 'InternalError', 'try again') : undefined;
  create('a', '3');
  await eventually('the pod is bound', () => isBound('a'));
  t.ok(refusals < 0);
});

void t.test('hundreds of pods a second, and no node gets more than it has', async (t) => {
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  const { create, isBound, server } = await cluster(t, names);
  const startedMs = systemClock.monotonicMs();
  for (let i = 0; i < 400; i++) create(`p${i}`, '200m');
  await eventually(
    'all are bound',
    () => Array.from({ length: 400 }, (_, i) => isBound(`p${i}`)).every(Boolean),
    20_000,
  );
  const tookMs = systemClock.monotonicMs() - startedMs;
  t.comment(`400 pods on 20 nodes in ${Math.round(tookMs)} ms`);
  const perNode = new Map<string, number>();
  for (const pod of server.store.list(pods, 'default') as Pod[]) {
    const name = pod.spec?.nodeName ?? '';
    perNode.set(name, (perNode.get(name) ?? 0) + 1);
  }
  t.same(new Set(perNode.values()), new Set([20]), 'each node is filled to the brim');
});

void t.test('with leader election the holder of kube-system/kube-scheduler works', async (t) => {
  const { scheduler, server, create, isBound } = await cluster(t, ['n1'], true);
  await eventually('it leads', () => scheduler.isLeader());
  create('a', '1');
  await eventually('the pod is bound', () => isBound('a'));
  t.match(server.store.get(leases, 'kube-system', 'kube-scheduler'), { spec: { holderIdentity: 'test' } });
});

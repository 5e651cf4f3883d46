import t from 'tap';
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.ts';
import type { ConfigMap, Endpoints, Namespace, Node, Pod } from '../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../api/types/discovery-v1.ts';
import * as refs from '../../client/resources.ts';
import { systemClock } from '../../base/clock.ts';
import type { KubeObject } from '../../client/types.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { chosenControllers, controllerNames, startControllerManager } from './controller-manager.ts';
import { log, startCluster, template, timing, web } from './testing/cluster.ts';

const {
  configMaps,
  deployments,
  endpoints,
  endpointSlices,
  namespaces,
  nodes,
  pods,
  replicaSets,
  serviceAccounts,
  services,
} = refs;
void t.test('a Deployment comes up, scales, rolls, rolls back and goes away with all that it owns', async (test) => {
  const { store, list, create, patch, runPods } = await startCluster(test);
  create(nodes, { metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  create(deployments, web(3));
  const deployment = (): Deployment => store.get(deployments, 'default', 'web');
  const settled = (replicas: number) => () => {
    runPods();
    const { status, metadata } = deployment();
    return (
      status?.availableReplicas === replicas &&
      status.updatedReplicas === replicas &&
      status.replicas === replicas &&
      status.observedGeneration === metadata?.generation &&
      list(pods).length === replicas
    );
  };
  await eventually('3 available', settled(3));
  const first = list(replicaSets)[0];
  test.match(first?.metadata?.name, /^web-[b-z2-9]{8,10}$/);
  test.match(deployment(), {
    metadata: { annotations: { 'deployment.kubernetes.io/revision': '1' } },
    status: {
      conditions: [
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
      ],
    },
  });
  patch(deployments, 'web', { spec: { replicas: 5 } });
  await eventually('5 available', settled(5));
  test.equal(list(replicaSets).length, 1);

  patch(deployments, 'web', { spec: { template: template('web:2') } });
  await eventually('rolled', settled(5));
  test.ok(list(pods).every((pod) => pod.spec?.containers[0]?.image === 'web:2'));
  test.same(
    list(replicaSets)
      .map((set: ReplicaSet) => set.spec?.replicas ?? 1)
      .sort((a, b) => a - b),
    [0, 5],
  );
  test.equal(deployment().metadata?.annotations?.['deployment.kubernetes.io/revision'], '2');

  patch(deployments, 'web', { spec: { template: template('web:1') } });
  await eventually('rolled back', settled(5));
  test.equal(list(replicaSets).length, 2);
  test.match(store.get(replicaSets, 'default', first?.metadata?.name ?? ''), {
    metadata: {
      annotations: { 'deployment.kubernetes.io/revision': '3', 'deployment.kubernetes.io/revision-history': '1' },
    },
    spec: { replicas: 5 },
  });

  const victim = list(pods)[0]?.metadata?.name ?? '';
  store.delete(pods, 'default', victim, undefined);
  await eventually('replaced', settled(5));

  store.delete(deployments, 'default', 'web', undefined);
  await eventually('all gone', () => list(replicaSets).length + list(pods).length === 0);
});

void t.test('foreground deletion removes dependents first, orphaning lets them go', async (test) => {
  const { store, list, create, runPods } = await startCluster(test);
  create(nodes, { metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  create(deployments, web(2));
  await eventually('2 pods', () => list(pods).length === 2);
  runPods();
  store.delete(deployments, 'default', 'web', { propagationPolicy: 'Orphan' });
  await eventually('deployment gone', () => list(deployments).length === 0);
  test.same(list(replicaSets)[0]?.metadata?.ownerReferences ?? [], []);
  test.equal(list(pods).length, 2);
  const set = list(replicaSets)[0]?.metadata?.name ?? '';
  store.delete(replicaSets, 'default', set, { propagationPolicy: 'Foreground' });
  test.ok(store.find(replicaSets, 'default', set), 'the owner waits');
  await eventually('all gone', () => list(replicaSets).length + list(pods).length === 0);
});

void t.test('an object whose owner never existed is collected, one with a living owner stays', async (test) => {
  const { store, list, create } = await startCluster(test);
  const owner = create(configMaps, { metadata: { name: 'owner' } });
  const ownedBy = (uid: string, name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid });
  create(configMaps, { metadata: { name: 'kept', ownerReferences: [ownedBy(owner.metadata?.uid ?? '', 'owner')] } });
  create(configMaps, { metadata: { name: 'lost', ownerReferences: [ownedBy('no-such-uid', 'owner')] } });
  const both = [ownedBy('no-such-uid', 'x'), ownedBy(owner.metadata?.uid ?? '', 'owner')];
  create(configMaps, { metadata: { name: 'half', ownerReferences: both } });
  const names = (): string[] => list(configMaps).map((map: ConfigMap) => map.metadata?.name ?? '');
  await eventually('lost is gone', () => !names().includes('lost'));
  const half = (): KubeObject => store.get(configMaps, 'default', 'half');
  await eventually('half has one owner', () => half().metadata?.ownerReferences?.length === 1);
  test.ok(names().includes('kept'));
  store.delete(configMaps, 'default', 'owner', undefined);
  await eventually('all gone', () => !names().includes('kept') && !names().includes('half'));
});

void t.test('Endpoints and EndpointSlices follow the pods of a service', async (test) => {
  const { store, list, create, patch, runPods } = await startCluster(test);
  create(nodes, { metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  const ports = [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' }];
  create(services, { metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports, ipFamilies: ['IPv4'] } });
  create(deployments, web(2));
  await eventually('2 pods', () => list(pods).length === 2);
  runPods();
  const ready = (): number =>
    list(endpointSlices)
      .flatMap((s: EndpointSlice) => s.endpoints ?? [])
      .filter((e) => e.conditions?.ready).length;
  await eventually('2 ready', () => ready() === 2);
  const found = (): Endpoints | undefined => store.find(endpoints, 'default', 'web');
  const addresses = (): number => found()?.subsets?.[0]?.addresses?.length ?? 0;
  await eventually('2 addresses', () => addresses() === 2);
  test.match(list(endpointSlices), [
    {
      metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: 'web', port: 8080 }],
    },
  ]);
  patch(pods, list(pods)[0]?.metadata?.name ?? '', { status: { conditions: [{ type: 'Ready', status: 'False' }] } });
  await eventually('1 ready', () => ready() === 1 && addresses() === 1);
  store.delete(services, 'default', 'web', undefined);
  await eventually('gone', () => list(endpointSlices).length + list(endpoints).length === 0);
});

void t.test('a namespace gets its account and CA, and is emptied before it goes', async (test) => {
  const { store, create, server } = await startCluster(test);
  create(namespaces, { metadata: { name: 'team' } });
  const map = (): ConfigMap | undefined => store.find(configMaps, 'team', 'kube-root-ca.crt');
  await eventually('account', () => store.find(serviceAccounts, 'team', 'default') !== undefined);
  await eventually('CA', () => map()?.data?.['ca.crt'] === 'CA');
  store.create(configMaps, 'team', { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
  store.delete(namespaces, '', 'team', undefined);
  const space = (): Namespace | undefined => store.find(namespaces, '', 'team');
  const remaining = () => space()?.status?.conditions?.find((c) => c.type === 'NamespaceFinalizersRemaining');
  await eventually('it waits for the finalizer', () => remaining()?.status === 'True');
  test.match(remaining()?.message, /example.com\/hold in 1 resource instances/);
  store.patch(configMaps, 'team', 'held', { metadata: { finalizers: null } }, '');
  await eventually('gone', () => space() === undefined);
  test.notOk(server.requests.some((r) => r.includes('/namespaces/default/configmaps/') && r.startsWith('DELETE')));
});

void t.test(
  'a silent node becomes Unknown, is tainted, and its pods are not ready, evicted, and collected',
  async (test) => {
    const { store, create, list, patch } = await startCluster(test, { nodeMonitorGraceMs: 600 });
    for (const name of ['n1', 'n2']) {
      const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: 'a' }];
      create(nodes, { metadata: { name }, status: { conditions } });
      store.create(refs.leases, 'kube-node-lease', { metadata: { name }, spec: { renewTime: '0' } } as KubeObject);
    }
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    create(pods, { metadata: { name: 'p' }, spec: { nodeName: 'n1' }, status });
    const tolerations = [{ operator: 'Exists' }];
    create(pods, { metadata: { name: 'daemon' }, spec: { nodeName: 'n1', tolerations }, status });
    // n2's kubelet: also on a slow machine it reports its node well again.
    let beats = 0;
    const stopHeart = systemClock.every(20, () => {
      store.patch(refs.leases, 'kube-node-lease', 'n2', { spec: { renewTime: String(++beats) } }, '');
      if (node('n2').status?.conditions?.[0]?.status === 'True') return;
      patch(nodes, 'n2', {
        status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: String(beats) }] },
      });
    });
    test.teardown(stopHeart);
    const node = (name: string): Node => store.get(nodes, '', name);
    await eventually('unknown', () => node('n1').status?.conditions?.[0]?.status === 'Unknown');
    test.match(node('n1').status?.conditions?.[0], {
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    const taints = (): string[] => (node('n1').spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
    await eventually('tainted', () => taints().length === 2);
    test.same(taints().sort(), [
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
    ]);
    await eventually('evicted', () => list(pods).length === 1);
    const daemon = (): Pod => store.get(pods, 'default', 'daemon');
    await eventually('daemon not ready', () => daemon().status?.conditions?.[0]?.status === 'False');
    test.notOk((node('n2').spec?.taints ?? []).some((taint) => taint.effect === 'NoExecute'));
    patch(nodes, 'n1', { status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: 'b' }] } });
    await eventually('untainted', () => taints().length === 0);
    store.delete(nodes, '', 'n1', undefined);
    await eventually('pods of a deleted node are collected', () => list(pods).length === 0);
  },
);

void t.test('another manager takes over when the leader stops', async (test) => {
  const { store, list, create, manager, client } = await startCluster(test);
  await eventually('leads', () => manager.isLeader());
  const second = startControllerManager({ client, identity: 'm2', log, ...timing });
  test.teardown(() => second.stop());
  await manager.stop();
  test.notOk(manager.isLeader());
  await eventually('the second leads', () => second.isLeader());
  create(deployments, web(1));
  await eventually('a pod', () => list(pods).length === 1);
  test.ok(store.find(refs.leases, 'kube-system', 'kube-controller-manager'));
});

void t.test('chosenControllers', (test) => {
  test.equal(chosenControllers().length, controllerNames.length);
  test.same(chosenControllers(['deployment-controller']), ['deployment-controller']);
  test.equal(chosenControllers(['*', '-deployment-controller']).length, controllerNames.length - 1);
  test.throws(() => chosenControllers(['nonsense']), /"nonsense" is not in the list of known controllers/);
  test.end();
});

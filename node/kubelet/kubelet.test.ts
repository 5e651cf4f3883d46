import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import type { Event, Node, Pod, PodSpec } from '../../api/types/core-v1.ts';
import { systemClock } from '../../base/clock.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { configMaps, events, leases, nodes, pods, secrets, services } from '../../client/resources.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { FakeApiServer, FakeStatus } from '../../client/testing/fake-api-server.ts';
import { createCriClient } from '../cri/client.ts';
import { startKubelet } from './kubelet.ts';
import type { Kubelet, KubeletOptions } from './kubelet.ts';

async function node(test: Test, options: Partial<KubeletOptions> = {}) {
  const server = new FakeApiServer([pods, nodes, services, configMaps, secrets, events, leases]);
  const client = createKubeClient({ servers: [await server.listen()] });
  const dataDir = await mkdtemp(join(tmpdir(), 'kuorum-kubelet-'));
  const start = (): Promise<Kubelet> =>
    startKubelet({
      client,
      nodeName: 'n1',
      nodeIp: '127.0.0.1',
      runtimeEndpoint: 'embedded',
      dataDir,
      podCidr: '10.9.1.0/24',
      capacity: { cpu: '4', memory: '8Gi' },
      ...options,
    });
  let kubelet = await start();
  test.teardown(async () => {
    await kubelet.stop();
    await client.close();
    await server.close();
    await rm(dataDir, { recursive: true });
  });
  const get = (name: string): Pod | undefined => {
    try {
      return server.store.get(pods, 'default', name);
    } catch {
      return undefined;
    }
  };
  return {
    server,
    client,
    dataDir,
    get,
    async restart() {
      await kubelet.stop();
      kubelet = await start();
    },
    get kubelet() {
      return kubelet;
    },
    create: (name: string, spec: Partial<PodSpec> = {}, annotations = {}): Pod =>
      server.store.create(pods, 'default', {
        metadata: { name, annotations },
        spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'app' }], ...spec },
      } as Pod),
    phase: (name: string): string => get(name)?.status?.phase ?? '',
    condition: (name: string, type: string): string | undefined =>
      get(name)?.status?.conditions?.find((condition) => condition.type === type)?.status,
    reasons: (): (string | undefined)[] =>
      (server.store.list(events, 'default') as Event[]).map(({ reason }) => reason),
  };
}
const container = (command: string[], more = {}) => ({ name: 'c', image: 'app', command, ...more });

void t.test('the node registers itself, is Ready, and keeps its lease', async (t) => {
  const { server, kubelet } = await node(t, { labels: { disk: 'ssd' }, leaseMs: 50 });
  await kubelet.registered;
  const registered = server.store.get(nodes, '', 'n1') as Node;
  t.match(registered.metadata?.labels, { 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux', disk: 'ssd' });
  t.match(registered.spec, { podCIDR: '10.9.1.0/24' });
  t.match(registered.status, {
    capacity: { cpu: '4', memory: '8Gi', pods: '110' },
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: 'n1' },
    ],
    nodeInfo: { containerRuntimeVersion: 'kuorum-embedded://0.1.0-simulated' },
  });
  await eventually('the node is Ready', () => {
    const { status } = server.store.get(nodes, '', 'n1') as Node;
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  });
  const renewTime = (): string | undefined => {
    const found = server.store.list(leases, 'kube-node-lease')[0] as { spec?: { renewTime?: string } } | undefined;
    return found?.spec?.renewTime;
  };
  await eventually('the lease is there', () => renewTime() !== undefined);
  const first = renewTime();
  await eventually('the lease is renewed', () => renewTime() !== first);
});

void t.test('a pod becomes Running and Ready in well under a second', async (t) => {
  const { create, get, condition } = await node(t);
  const startedMs = systemClock.monotonicMs();
  create('a');
  await eventually('the pod is ready', () => condition('a', 'Ready') === 'True');
  t.ok(systemClock.monotonicMs() - startedMs < 2000);
  const { status } = get('a') ?? {};
  t.match(status, {
    phase: 'Running',
    hostIP: '127.0.0.1',
    podIP: '10.9.1.2',
    qosClass: 'BestEffort',
    containerStatuses: [
      {
        name: 'c',
        ready: true,
        started: true,
        restartCount: 0,
        image: 'docker.io/library/app:latest',
        containerID: /^kuorum-embedded:\/\/[0-9a-f]{64}$/,
        state: { running: {} },
      },
    ],
  });
  t.same(
    status?.conditions?.map(({ type, status: value }) => [type, value]),
    ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => [
      type,
      'True',
    ]),
  );
});

void t.test('a pod that is deleted ends its containers, reports it, and is gone', async (t) => {
  const { create, client, get, phase, condition, dataDir, server } = await node(t);
  create('a', {}, { 'kuorum.dev/simulate': 'term=0 stop-after=300ms' });
  await eventually('the pod runs', () => phase('a') === 'Running');
  const uid = get('a')?.metadata?.uid ?? '';
  const states: (string | undefined)[] = [];
  const cancel = server.store.watch(server.store.revision, ({ object }) => {
    const { status, metadata } = object as Pod;
    if (metadata?.uid === uid && status?.containerStatuses) {
      states.push(`${status.phase} ${Object.keys(status.containerStatuses[0]?.state ?? {}).join()}`);
    }
  });
  await client.resource(pods).delete('a', 'default', { gracePeriodSeconds: 30 });
  t.equal(condition('a', 'Ready'), 'True', 'it stays ready until it ended');
  await eventually('the pod is gone', () => get('a') === undefined);
  cancel();
  t.same([...new Set(states)], ['Running running', 'Succeeded terminated'], 'the end is reported before it is gone');
  await eventually('its files are gone', async () => {
    return (await readFile(join(dataDir, 'pods', uid, 'etc-hosts')).catch(() => undefined)) === undefined;
  });
});

void t.test('a container that ignores SIGTERM is killed when the grace ends', async (t) => {
  const { create, client, get, phase } = await node(t);
  create('a', { terminationGracePeriodSeconds: 60 }, { 'kuorum.dev/simulate': 'term=ignore' });
  await eventually('the pod runs', () => phase('a') === 'Running');
  await client.resource(pods).delete('a', 'default', { gracePeriodSeconds: 60 });
  await eventually('the deletion is seen', () => get('a')?.metadata?.deletionTimestamp !== undefined);
  await client.resource(pods).delete('a', 'default', { gracePeriodSeconds: 1 });
  await eventually('a shorter grace counts', () => get('a') === undefined);
});

void t.test('restart policies decide what a finished container means', async (t) => {
  const { create, phase, get } = await node(t);
  create('done', { restartPolicy: 'Never', containers: [container(['true'])] });
  create('failed', { restartPolicy: 'Never', containers: [container(['sh', '-c', 'exit 3'])] });
  create('tried', { restartPolicy: 'OnFailure', containers: [container(['false'])] });
  create('again', { restartPolicy: 'Always', containers: [container(['true'])] });
  await eventually('done', () => phase('done') === 'Succeeded');
  await eventually('failed', () => phase('failed') === 'Failed');
  t.match(get('failed')?.status?.containerStatuses, [{ state: { terminated: { exitCode: 3, reason: 'Error' } } }]);
  t.match(get('done')?.status?.conditions, [{}, {}, { type: 'Ready', status: 'False', reason: 'PodCompleted' }]);
  const backsOff = (name: string): boolean =>
    get(name)?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff';
  await eventually('both back off', () => backsOff('tried') && backsOff('again'));
  t.match(get('tried')?.status, {
    phase: 'Running',
    containerStatuses: [
      {
        restartCount: 1,
        ready: false,
        state: { waiting: { message: /^back-off 10s restarting failed container=c pod=tried_default\(/ } },
        lastState: { terminated: { exitCode: 1 } },
      },
    ],
  });
});

void t.test('init containers run one after the other, before the containers', async (t) => {
  const { create, phase, get } = await node(t);
  create('a', {
    initContainers: [
      { name: 'one', image: 'app', command: ['sleep', '0.2'] },
      { name: 'two', image: 'app', command: ['true'] },
      { name: 'side', image: 'app', restartPolicy: 'Always' },
    ],
  });
  await eventually('the first runs', () => get('a')?.status?.initContainerStatuses?.[0]?.state?.running !== undefined);
  t.match(get('a')?.status, {
    phase: 'Pending',
    initContainerStatuses: [{}, { state: { waiting: { reason: 'PodInitializing' } } }, {}],
    containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
    conditions: [{}, { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized' }],
  });
  await eventually('the pod runs', () => phase('a') === 'Running');
  t.match(get('a')?.status?.initContainerStatuses, [
    { ready: true, state: { terminated: { exitCode: 0 } } },
    { ready: true, state: { terminated: { exitCode: 0 } } },
    { ready: true, started: true, state: { running: {} } },
  ]);
});

void t.test('probes, hooks and scripts of the annotation decide readiness', async (t) => {
  const { create, phase, condition, get, reasons } = await node(t);
  const probed = {
    readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 },
    lifecycle: { postStart: { exec: {} } },
  };
  create('up', { containers: [container([], probed)] });
  create('down', { containers: [container([], probed)] }, { 'kuorum.dev/simulate': 'ready=false' });
  create('nopull', {}, { 'kuorum.dev/simulate': 'pull=fail' });
  await eventually('up is ready', () => condition('up', 'Ready') === 'True');
  await eventually('down runs', () => phase('down') === 'Running');
  await eventually('down was probed', () => reasons().includes('Unhealthy'));
  t.equal(condition('down', 'Ready'), 'False');
  await eventually(
    'the pull failed',
    () => get('nopull')?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
  );
  t.equal(phase('nopull'), 'Pending');
});

void t.test('a pod that does not fit is refused in Kubernetes’ words', async (t) => {
  const { create, phase, get } = await node(t);
  const asks = (cpu: string): Partial<PodSpec> => ({
    containers: [container([], { resources: { requests: { cpu } } })],
  });
  create('first', asks('3'));
  await eventually('the first runs', () => phase('first') === 'Running');
  create('second', asks('2'));
  await eventually('the second is refused', () => phase('second') === 'Failed');
  t.match(get('second')?.status, {
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000",
  });
});

void t.test('a missing ConfigMap keeps the container waiting until it is there', async (t) => {
  const { create, phase, get, server } = await node(t);
  create('a', { containers: [container([], { envFrom: [{ configMapRef: { name: 'settings' } }] })] });
  const waiting = () => get('a')?.status?.containerStatuses?.[0]?.state?.waiting;
  await eventually('it waits', () => waiting()?.reason === 'CreateContainerConfigError');
  t.equal(waiting()?.message, 'configmap "settings" not found');
  server.store.create(configMaps, 'default', { metadata: { name: 'settings' } });
  await eventually('the pod runs', () => phase('a') === 'Running');
});

void t.test('a changed ConfigMap reaches the volumes of running pods', async (t) => {
  const { create, phase, server, dataDir, get } = await node(t, { volumeRefreshMs: 20 });
  const settings = (a: string) => ({ metadata: { name: 'settings' }, data: { a } });
  server.store.create(configMaps, 'default', settings('1'));
  create('a', {
    containers: [container([], { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    volumes: [{ name: 'v', configMap: { name: 'settings' } }],
  });
  await eventually('the pod runs', () => phase('a') === 'Running');
  const file = join(dataDir, 'pods', get('a')?.metadata?.uid ?? '', 'volumes/v/a');
  server.store.update(configMaps, 'default', 'settings', settings('2'), '');
  await eventually('the file has the new words', async () => (await readFile(file, 'utf8')) === '2');
});

void t.test('containers are restarted while no API server answers, and it is told later', async (t) => {
  const { create, phase, get, server, kubelet } = await node(t);
  create('a', { containers: [container(['sleep', '0.3'])] });
  await eventually('the pod runs', () => phase('a') === 'Running');
  server.intercept = () => new FakeStatus(503, 'ServiceUnavailable', 'not now');
  const cri = createCriClient(kubelet.runtimeEndpoint);
  t.teardown(() => cri.close());
  await eventually('the container was restarted', async () => {
    const { containers } = await cri.call('ListContainers', {});
    return containers.some(({ metadata }) => metadata.attempt === 1);
  });
  server.intercept = () => undefined;
  await eventually('the API server is told', () => get('a')?.status?.containerStatuses?.[0]?.restartCount === 1);
});

void t.test('a restart of the kubelet keeps running pods, and ends those deleted meanwhile', async (t) => {
  const cluster = await node(t);
  cluster.create('kept');
  cluster.create('removed');
  await eventually('both run', () => cluster.phase('kept') === 'Running' && cluster.phase('removed') === 'Running');
  const before = cluster.get('kept')?.status?.containerStatuses?.[0]?.containerID;
  await cluster.kubelet.stop();
  cluster.server.store.delete(pods, 'default', 'removed', undefined);
  await cluster.restart();
  cluster.create('next');
  await eventually('a new pod runs', () => cluster.phase('next') === 'Running');
  t.equal(cluster.get('kept')?.status?.containerStatuses?.[0]?.containerID, before);
  t.equal(cluster.get('kept')?.status?.containerStatuses?.[0]?.restartCount, 0);
});

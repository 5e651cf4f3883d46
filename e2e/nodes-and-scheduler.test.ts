import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import type { Deployment } from '../api/types/apps-v1.ts';
import type { Node, Pod, PodSpec } from '../api/types/core-v1.ts';
import { MemoryEtcd } from '../apiserver/storage/memory-etcd.ts';
import { startApiServer } from '../apiserver/server.ts';
import { systemClock } from '../base/clock.ts';
import { createLog, silentLog } from '../base/log.ts';
import { createCa, issueCertificate } from '../cli/pki/certificate.ts';
import { createKubeClient } from '../client/kube-client.ts';
import { deployments, events, nodes, pods } from '../client/resources.ts';
import { eventually } from '../client/testing/eventually.ts';
import type { KubeClient } from '../client/types.ts';
import { startControllerManager } from '../controllers/manager/controller-manager.ts';
import { startScheduler } from '../controllers/scheduler/scheduler.ts';
import { startKubelet } from '../node/kubelet/kubelet.ts';

const log = process.env['KUORUM_TEST_LOG'] ? createLog('test', 'debug') : silentLog;

const signingKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** An API server with its store in memory, the controllers, the scheduler, and nodes, each with its own identity. */
async function start(test: Test, nodeCount: number) {
  const ca = await createCa('test', 1);
  const tls = await issueCertificate(ca, { commonName: 'kube-apiserver', names: ['127.0.0.1'], usages: ['server'] }, 1);
  const server = await startApiServer({
    etcdServers: [],
    etcdClient: new MemoryEtcd().client(),
    securePort: 0,
    tls,
    clientCa: ca.cert,
    serviceAccounts: { signingKey: signingKey() },
    log,
  });
  const clients: KubeClient[] = [];
  const clientOf = async (commonName: string, organizations: string[] = []): Promise<KubeClient> => {
    const identity = await issueCertificate(ca, { commonName, organizations, usages: ['client'] }, 1);
    const client = createKubeClient({ servers: [`https://127.0.0.1:${server.port}`], ca: ca.cert, ...identity });
    clients.push(client);
    return client;
  };
  const admin = await clientOf('admin', ['system:masters']);
  const isReady = (): Promise<boolean> =>
    admin
      .request('GET', '/readyz')
      .then(() => true)
      .catch(() => false);
  await eventually('the API server is ready', isReady);
  const manager = startControllerManager({
    client: await clientOf('system:kube-controller-manager'),
    identity: 'm',
    leaderElect: false,
    settings: { rootCa: ca.cert },
    log,
  });
  const scheduler = startScheduler({ client: await clientOf('system:kube-scheduler'), identity: 's', log });
  const dataDir = await mkdtemp(join(tmpdir(), 'kuorum-nodes-'));
  const kubelets = await Promise.all(
    Array.from({ length: nodeCount }, async (_, i) =>
      startKubelet({
        client: await clientOf(`system:node:n${i}`, ['system:nodes']),
        nodeName: `n${i}`,
        nodeIp: '127.0.0.1',
        runtimeEndpoint: 'embedded',
        podCidr: `10.77.${i}.0/24`,
        dataDir: join(dataDir, `n${i}`),
        capacity: { cpu: '4', memory: '8Gi' },
        log,
      }),
    ),
  );
  test.teardown(async () => {
    await Promise.all([scheduler.stop(), manager.stop(), ...kubelets.map((kubelet) => kubelet.stop())]);
    await Promise.all(clients.map((client) => client.close()));
    await server.stop(0);
    await rm(dataDir, { recursive: true });
  });
  const podsOf = async (app: string): Promise<Pod[]> =>
    (await admin.resource(pods).list({ namespace: 'default', labelSelector: `app=${app}` })).items;
  return { admin, podsOf, ca: ca.cert, dataDir };
}

const template = (app: string, image: string, spec: Partial<PodSpec> = {}) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 1, ...spec },
});
const deployment = (app: string, replicas: number): Deployment => ({
  metadata: { name: app, namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app } }, template: template(app, 'nginx:1') },
});

void t.test('a Deployment runs on the nodes: spread, rolled, repaired and removed', async (t) => {
  const { admin, podsOf } = await start(t, 2);
  const nodesReady = async (): Promise<boolean> => {
    const { items } = await admin.resource<Node>(nodes).list();
    const ready = items.filter(({ status }) =>
      status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
    );
    return ready.length === 2;
  };
  await eventually('both nodes are Ready', nodesReady);
  const startedMs = systemClock.monotonicMs();
  await admin.resource(deployments).create(deployment('web', 10));
  const available = async (image: string): Promise<boolean> => {
    const { status } = await admin.resource(deployments).get('web', 'default');
    const running = (await podsOf('web')).filter(({ spec }) => spec?.containers[0]?.image === image);
    return status?.availableReplicas === 10 && status.updatedReplicas === 10 && running.length === 10;
  };
  await eventually('all are available', () => available('nginx:1'), 15_000);
  t.comment(`10 replicas available after ${Math.round(systemClock.monotonicMs() - startedMs)} ms`);
  const placed = await podsOf('web');
  t.same(placed.filter(({ spec }) => spec?.nodeName === 'n0').length, 5, 'half of them on each node');
  t.equal(new Set(placed.map(({ status }) => status?.podIP)).size, 10, 'each has an address of its own');

  const change = { spec: { template: template('web', 'nginx:2') } };
  await admin.resource(deployments).patch('web', 'strategic', change, 'default');
  await eventually('the new image is rolled out', () => available('nginx:2'), 20_000);
  await eventually('the old pods are gone', async () => (await podsOf('web')).length === 10);

  const victim = (await podsOf('web'))[0]?.metadata;
  await admin.resource(pods).delete(victim?.name ?? '', 'default');
  await eventually('another takes its place', async () => {
    const left = await podsOf('web');
    return (
      left.length === 10 && left.every(({ metadata }) => metadata?.uid !== victim?.uid) && (await available('nginx:2'))
    );
  });

  await admin.resource(deployments).delete('web', 'default', { propagationPolicy: 'Background' });
  await eventually('its pods are gone', async () => (await podsOf('web')).length === 0, 15_000);
});

void t.test('a pod that no node has room for says so, and runs where there is', async (t) => {
  const { admin } = await start(t, 1);
  const create = (name: string, cpu: string): Promise<Pod> =>
    admin.resource(pods).create({
      metadata: { name, namespace: 'default' },
      spec: {
        containers: [{ name: 'c', image: 'app', resources: { requests: { cpu } } }],
        terminationGracePeriodSeconds: 1,
      },
    });
  const phaseOf = async (name: string) => (await admin.resource(pods).get(name, 'default')).status?.phase;
  await create('first', '3');
  await eventually('the first runs', async () => (await phaseOf('first')) === 'Running');
  await create('second', '2');
  await eventually('the second is refused', async () => {
    const { status } = await admin.resource(pods).get('second', 'default');
    const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    return (
      condition?.message === '0/1 nodes are available: 1 Insufficient cpu.' && condition.reason === 'Unschedulable'
    );
  });
  const reasons = (await admin.resource(events).list({ namespace: 'default' })).items.map(({ reason }) => reason);
  t.ok(reasons.includes('Scheduled'));
  await admin.resource(pods).delete('first', 'default');
  await eventually('the second runs', async () => (await phaseOf('second')) === 'Running', 15_000);
  t.equal(await phaseOf('second'), 'Running');
});

void t.test('every container finds a token, the CA and its namespace', async (t) => {
  const { admin, ca, dataDir } = await start(t, 1);
  const metadata = { name: 'p', namespace: 'default' };
  const made = await admin.resource(pods).create({ metadata, spec: { containers: [{ name: 'c', image: 'app' }] } });
  const isRunning = async (): Promise<boolean> =>
    (await admin.resource(pods).get('p', 'default')).status?.phase === 'Running';
  await eventually('the pod runs', isRunning, 15_000);
  const volumes = join(dataDir, 'n0', 'pods', made.metadata?.uid ?? '', 'volumes');
  const folder = join(volumes, (await readdir(volumes)).find((name) => name.startsWith('kube-api-access-')) ?? '');
  t.equal(await readFile(join(folder, 'ca.crt'), 'utf8'), ca);
  t.equal(await readFile(join(folder, 'namespace'), 'utf8'), 'default');
  t.equal((await stat(join(folder, 'token'))).mode & 0o777, 0o644, 'whoever the container runs as can read it');
  const token = await readFile(join(folder, 'token'), 'utf8');
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const answer = await admin.request<object>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review);
  t.match(answer, {
    status: {
      authenticated: true,
      user: {
        username: 'system:serviceaccount:default:default',
        extra: { 'authentication.kubernetes.io/pod-name': ['p'] },
      },
    },
  });
});

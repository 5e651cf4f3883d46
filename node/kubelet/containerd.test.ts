import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { ConfigMap, Pod, PodSpec } from '../../api/types/core-v1.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { configMaps, events, leases, nodes, pods, secrets, services } from '../../client/resources.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { FakeApiServer } from '../../client/testing/fake-api-server.ts';
import { createCriClient } from '../cri/client.ts';
import { containerdMissing, startContainerd, testImage } from './testing/containerd.ts';
import { startKubelet } from './kubelet.ts';

const skip = containerdMissing() ?? false;

void t.test('the kubelet runs real containers on containerd', { skip, timeout: 60_000 }, async (t) => {
  const containerd = await startContainerd();
  t.teardown(() => containerd.close());
  const server = new FakeApiServer([pods, nodes, services, configMaps, secrets, events, leases]);
  const client = createKubeClient({ servers: [await server.listen()] });
  const dataDir = await mkdtemp(join(tmpdir(), 'kuorum-kubelet-'));
  const kubelet = await startKubelet({
    client,
    nodeName: 'n1',
    nodeIp: '127.0.0.1',
    runtimeEndpoint: containerd.endpoint,
    dataDir,
    relistMs: 200,
  });
  t.teardown(async () => {
    await kubelet.stop();
    await client.close();
    await server.close();
    await rm(dataDir, { recursive: true });
  });
  const get = (name: string): Pod | undefined =>
    (server.store.list(pods, 'default') as Pod[]).find(({ metadata }) => metadata?.name === name);
  const create = (name: string, spec: Partial<PodSpec>): Pod =>
    server.store.create(pods, 'default', {
      metadata: { name, labels: { app: name } },
      spec: { nodeName: 'n1', ...spec },
    } as Pod);
  const shell = (script: string, more = {}) => ({
    name: 'c',
    image: testImage,
    imagePullPolicy: 'Never',
    command: ['sh', '-c', script],
    ...more,
  });
  const logOf = async (name: string): Promise<string> => {
    const uid = get(name)?.metadata?.uid ?? '';
    return readFile(join(dataDir, 'logs', 'pods', `default_${name}_${uid}`, 'c', '0.log'), 'utf8');
  };

  await t.test(
    'environment, volumes and the termination message reach the process, its exit code the status',
    async (t) => {
      const settings: ConfigMap = { metadata: { name: 'settings' }, data: { greeting: 'hello', file: 'from a file' } };
      server.store.create(configMaps, 'default', settings);
      create('job', {
        restartPolicy: 'Never',
        containers: [
          shell('echo "$GREETING $POD $(cat /etc/settings/file)"; echo bye > /dev/termination-log; exit 7', {
            env: [
              { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'greeting' } } },
              { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            ],
            volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
          }),
        ],
        volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
      });
      await eventually('the pod failed', () => get('job')?.status?.phase === 'Failed', 20_000);
      t.match(get('job')?.status?.containerStatuses, [
        { containerID: /^containerd:/, state: { terminated: { exitCode: 7, reason: 'Error', message: 'bye\n' } } },
      ]);
      t.match(await logOf('job'), /^\S+ stdout F hello job from a file\n$/);
    },
  );

  await t.test('probes reach a server in the pod; SIGTERM ends it within its grace; nothing is left', async (t) => {
    create('web', {
      containers: [
        shell(
          "mkdir -p /tmp/w; echo ok > /tmp/w/index.html; trap 'exit 0' TERM; httpd -p 8080 -h /tmp/w; while true; do sleep 0.1; done",
          {
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
            livenessProbe: { exec: { command: ['cat', '/tmp/w/index.html'] } },
          },
        ),
      ],
    });
    const isReady = (): boolean =>
      get('web')?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    await eventually('the pod is ready', isReady, 20_000);
    t.match(get('web')?.status?.podIP, /^10\.198\.\d+\.\d+$/);
    await client.resource(pods).delete('web', 'default', { gracePeriodSeconds: 10 });
    await eventually('the pod is gone', () => get('web') === undefined, 20_000);
    const cri = createCriClient(containerd.endpoint);
    t.teardown(() => cri.close());
    const names = async (): Promise<string[]> =>
      (await cri.call('ListPodSandbox', {})).items.map(({ metadata }) => metadata.name);
    await eventually('its sandbox is gone', async () => !(await names()).includes('web'));
  });
});

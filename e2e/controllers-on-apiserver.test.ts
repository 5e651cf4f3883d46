import t from 'tap';
import type { Test } from 'tap';
import { MemoryEtcd } from '../apiserver/storage/memory-etcd.ts';
import { startApiServer } from '../apiserver/server.ts';
import { sleep } from '../base/clock.ts';
import { createLog, silentLog } from '../base/log.ts';
import { createCa, issueCertificate } from '../cli/pki/certificate.ts';
import { isNotFound } from '../client/api-errors.ts';
import { createKubeClient } from '../client/kube-client.ts';
import * as refs from '../client/resources.ts';
import { eventually } from '../client/testing/eventually.ts';
import type { KubeClient, KubeObject, ResourceRef } from '../client/types.ts';
import { startControllerManager } from '../controllers/manager/controller-manager.ts';
import type { ControllerManager } from '../controllers/manager/controller-manager.ts';
import type { Pod } from '../api/types/core-v1.ts';

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
const log = process.env['KUORUM_TEST_LOG'] ? createLog('test', 'debug') : silentLog;
const timing = { leaseDurationMs: 4000, renewDeadlineMs: 3000, retryPeriodMs: 500 };

/** An API server with its store in memory, and the controllers on it with the identity that they have in a cluster. */
async function start(test: Test) {
  const ca = await createCa('test', 1);
  const tls = await issueCertificate(ca, { commonName: 'kube-apiserver', names: ['127.0.0.1'], usages: ['server'] }, 1);
  const server = await startApiServer({
    etcdServers: [],
    etcdClient: new MemoryEtcd().client(),
    securePort: 0,
    tls,
    clientCa: ca.cert,
    log,
  });
  const clientOf = async (commonName: string, organizations: string[] = []): Promise<KubeClient> => {
    const identity = await issueCertificate(ca, { commonName, organizations, usages: ['client'] }, 1);
    return createKubeClient({ servers: [`https://127.0.0.1:${server.port}`], ca: ca.cert, ...identity });
  };
  const admin = await clientOf('admin', ['system:masters']);
  const own = await clientOf('system:kube-controller-manager');
  test.teardown(async () => {
    await manager?.stop();
    await Promise.all([own.close(), admin.close()]);
    await server.stop(0);
  });
  let manager: ControllerManager | undefined;
  const isReady = async (): Promise<boolean> => {
    try {
      await admin.request('GET', '/readyz');
      return true;
    } catch {
      return false;
    }
  };
  await eventually('ready', isReady);
  const started = startControllerManager({
    client: own,
    identity: 'm1',
    log,
    ...timing,
    settings: { rootCa: ca.cert },
  });
  manager = started;
  await eventually('leads', () => started.isLeader());
  const list = async <T extends KubeObject>(ref: ResourceRef<T>, namespace = 'default'): Promise<T[]> =>
    (await admin.resource<T>(ref).list({ namespace })).items;
  const exists = async (ref: ResourceRef, name: string, namespace = 'default'): Promise<boolean> => {
    try {
      await admin.resource(ref).get(name, ref.namespaced ? namespace : '');
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };
  return { admin, list, exists, runPods: () => runPods(admin) };
}

/** Plays the scheduler and the kubelet. */
async function runPods(admin: KubeClient): Promise<void> {
  const resource = admin.resource(pods);
  for (const [i, pod] of (await resource.list({ namespace: 'default' })).items.entries()) {
    const { name = '', namespace } = pod.metadata ?? {};
    if (pod.metadata?.deletionTimestamp) {
      await resource.delete(name, namespace, { gracePeriodSeconds: 0 }).catch(() => {});
      continue;
    }
    if (pod.status?.phase === 'Running') continue;
    if (!pod.spec?.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: 'n1' };
      await resource.createSubresource(
        name,
        'binding',
        { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target },
        namespace,
      );
    }
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }];
    const podIP = `10.1.0.${i + 1}`;
    await resource.patch(
      name,
      'merge',
      { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions } },
      namespace,
      'status',
    );
  }
}

const web = (image: string) => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
    },
  },
});

void t.test('controllers bring a Deployment up, roll it, back, and collect it on our API server', async (test) => {
  const { admin, list, runPods } = await start(test);
  await admin.resource(nodes).create({
    metadata: { name: 'n1' },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const client = admin.resource(deployments);
  await client.create(web('web:1'));
  const settled = (image: string, replicas: number) => async (): Promise<boolean> => {
    await runPods();
    const { status, metadata } = await client.get('web', 'default');
    const all = await list(pods);
    return (
      status?.availableReplicas === replicas &&
      status.updatedReplicas === replicas &&
      status.replicas === replicas &&
      status.observedGeneration === metadata?.generation &&
      all.length === replicas &&
      all.every((pod: Pod) => pod.spec?.containers[0]?.image === image)
    );
  };
  await eventually('available', settled('web:1', 3));
  const conditions = (await client.get('web', 'default')).status?.conditions ?? [];
  test.equal(conditions.find((c) => c.type === 'Progressing')?.reason, 'NewReplicaSetAvailable');
  const image = (name: string) => ({ spec: { template: { spec: { containers: [{ name: 'c', image: name }] } } } });
  await client.patch('web', 'strategic', image('web:2'), 'default');
  await eventually('rolled', settled('web:2', 3));
  await client.patch('web', 'merge', { spec: { replicas: 5 } }, 'default');
  await eventually('scaled', settled('web:2', 5));
  await client.patch('web', 'strategic', image('web:1'), 'default');
  await eventually('rolled back', settled('web:1', 5));
  const sets = await list(replicaSets);
  test.equal(sets.length, 2);
  const revisions = sets.map((set) => set.metadata?.annotations?.['deployment.kubernetes.io/revision']);
  test.same(new Set(revisions), new Set(['2', '3']));
  const versions = async (): Promise<string> => {
    const objects = [...(await list(deployments)), ...(await list(replicaSets)), ...(await list(pods))];
    return objects.map((object) => object.metadata?.resourceVersion ?? '').join();
  };
  await sleep(300);
  const before = await versions();
  await sleep(700);
  test.equal(await versions(), before, 'nobody writes when nothing changes');
  await client.delete('web', 'default', { propagationPolicy: 'Background' });
  await eventually('collected', async () => {
    await runPods();
    return (await list(replicaSets)).length + (await list(pods)).length === 0;
  });
});

void t.test('controllers keep endpoints, accounts and namespaces on our API server', async (test) => {
  const { admin, list, exists, runPods } = await start(test);
  await eventually('account', () => exists(serviceAccounts, 'default'));
  await eventually('CA', () => exists(configMaps, 'kube-root-ca.crt'));
  await admin
    .resource(nodes)
    .create({ metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  await admin.resource(services).create({
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
  });
  await admin.resource(deployments).create(web('web:1'));
  await eventually('endpoints', async () => {
    await runPods();
    const slices = (await list(endpointSlices)).filter(
      (s) => s.metadata?.labels?.['kubernetes.io/service-name'] === 'web',
    );
    const addresses = (await list(endpoints)).find((e) => e.metadata?.name === 'web')?.subsets?.[0]?.addresses ?? [];
    return (
      slices.flatMap((s) => s.endpoints ?? []).filter((e) => e.conditions?.ready).length === 3 && addresses.length === 3
    );
  });
  const spaces = admin.resource(namespaces);
  await spaces.create({ metadata: { name: 'team' } });
  await eventually('account in team', () => exists(serviceAccounts, 'default', 'team'));
  await admin.resource(configMaps).create({ metadata: { name: 'x', namespace: 'team' } });
  await spaces.delete('team');
  await eventually('team is gone', async () => !(await exists(namespaces, 'team')));
  test.notOk(await exists(configMaps, 'x', 'team'));

  await admin.resource(deployments).delete('web', 'default', { propagationPolicy: 'Foreground' });
  await eventually('foreground deletion ends', async () => {
    await runPods();
    return !(await exists(deployments, 'web')) && (await list(pods)).length === 0;
  });
});

import type { Test } from 'tap';
import { createLog, silentLog } from '../../../base/log.ts';
import { createKubeClient } from '../../../client/kube-client.ts';
import * as refs from '../../../client/resources.ts';
import { FakeApiServer } from '../../../client/testing/fake-api-server.ts';
import type { KubeObject, ResourceRef } from '../../../client/types.ts';
import { startControllerManager } from '../controller-manager.ts';
import type { ControllerManagerOptions } from '../controller-manager.ts';

const { namespaces, pods } = refs;
const served: ResourceRef[] = Object.values(refs).filter((value): value is ResourceRef => typeof value === 'object');
export const log = process.env['KUORUM_TEST_LOG'] ? createLog('test', 'debug') : silentLog;
export const timing = { leaseDurationMs: 2000, renewDeadlineMs: 1500, retryPeriodMs: 100 };

interface ClusterOptions extends Partial<ControllerManagerOptions> {
  readonly nodeMonitorGraceMs?: number;
}

/** A controller manager on a small API server, and hands to play the other parts of a cluster. */
export async function startCluster(test: Test, { nodeMonitorGraceMs = 60_000, ...options }: ClusterOptions = {}) {
  const server = new FakeApiServer(served);
  const client = createKubeClient({ servers: [await server.listen()] });
  const settings = {
    rootCa: 'CA',
    nodeMonitorPeriodMs: 50,
    nodeMonitorGraceMs,
    podGcPeriodMs: 50,
    podGcQuarantineMs: 100,
  };
  const manager = startControllerManager({ client, identity: 'm1', log, ...timing, settings, ...options });
  test.teardown(async () => {
    await manager.stop();
    await client.close();
    await server.close();
  });
  const { store } = server;
  for (const name of ['default', 'kube-node-lease']) store.create(namespaces, '', { metadata: { name } });
  const list = <T extends KubeObject>(ref: ResourceRef<T>): T[] => store.list(ref, 'default') as T[];
  const create = (ref: ResourceRef, object: object): KubeObject =>
    store.create(ref, ref.namespaced ? 'default' : '', object);
  const patch = (ref: ResourceRef, name: string, change: object): KubeObject =>
    store.patch(ref, ref.namespaced ? 'default' : '', name, change, '');
  /** plays the scheduler and the kubelet: every pod runs and is ready */
  const runPods = (): void => {
    list(pods).forEach((pod, i) => {
      if (pod.status?.phase === 'Running') return;
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }];
      const status = { phase: 'Running', podIP: `10.0.0.${i + 1}`, conditions };
      patch(pods, pod.metadata?.name ?? '', { spec: { nodeName: 'n1' }, status });
    });
  };
  return { server, store, client, manager, list, create, patch, runPods };
}

export const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
});
export const web = (replicas: number, image = 'web:1') => ({
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: template(image),
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    progressDeadlineSeconds: 600,
    revisionHistoryLimit: 10,
  },
});

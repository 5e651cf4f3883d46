import t from 'tap';
import type { ReplicationController } from '../../../api/types/core-v1.ts';
import { pods, replicationControllers } from '../../../client/resources.ts';
import { eventually } from '../../../client/testing/eventually.ts';
import { startCluster, template } from '../testing/cluster.ts';

void t.test(
  'a ReplicationController keeps its pods, and lets go of one that it does not select any more',
  async (test) => {
    const controllers = ['replicationcontroller-controller'];
    const { create, patch, list, store, runPods } = await startCluster(test, { controllers, leaderElect: false });
    create(replicationControllers, {
      metadata: { name: 'rc', namespace: 'default' },
      spec: { replicas: 2, selector: { app: 'web' }, template: template('web:1') },
    });
    const status = (): ReplicationController['status'] =>
      (store.get(replicationControllers, 'default', 'rc') as ReplicationController).status;
    await eventually('two pods are ready', () => {
      runPods();
      return status()?.readyReplicas === 2;
    });
    const [pod] = list(pods);
    test.match(pod?.metadata?.ownerReferences, [{ apiVersion: 'v1', kind: 'ReplicationController', name: 'rc' }]);
    patch(pods, pod?.metadata?.name ?? '', { metadata: { labels: { app: 'other' } } });
    await eventually('one is released and another made', () => {
      const released = list(pods).find(({ metadata }) => metadata?.name === pod?.metadata?.name);
      return list(pods).length === 3 && (released?.metadata?.ownerReferences ?? []).length === 0;
    });
    test.equal(status()?.replicas, 2);
  },
);

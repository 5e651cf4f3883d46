import t from 'tap';
import type { Test } from 'tap';
import type { Deployment, DeploymentCondition, ReplicaSet } from '../../../api/types/apps-v1.ts';
import { deployments, pods, replicaSets } from '../../../client/resources.ts';
import { eventually } from '../../../client/testing/eventually.ts';
import { FakeStatus } from '../../../client/testing/fake-api-server.ts';
import { startCluster, template, web } from '../testing/cluster.ts';
import { newReplicaSet } from './revisions.ts';

async function start(test: Test) {
  const controllers = ['deployment-controller', 'replicaset-controller'];
  const cluster = await startCluster(test, { controllers, leaderElect: false });
  const deployment = (): Deployment => cluster.store.get(deployments, 'default', 'web');
  const condition = (type: string): DeploymentCondition | undefined =>
    deployment().status?.conditions?.find((c) => c.type === type);
  const available = (replicas: number) => (): boolean => {
    cluster.runPods();
    const { status, metadata } = deployment();
    const { availableReplicas = 0, updatedReplicas = 0, observedGeneration } = status ?? {};
    return (
      availableReplicas === replicas && updatedReplicas === replicas && observedGeneration === metadata?.generation
    );
  };
  const images = (): Set<string> => new Set(cluster.list(pods).map((pod) => pod.spec?.containers[0]?.image ?? ''));
  return { ...cluster, deployment, condition, available, images };
}

const withSpec = (spec: object, replicas = 2) => ({ ...web(replicas), spec: { ...web(replicas).spec, ...spec } });

void t.test('Recreate starts no new pod before the last old one is gone', async (test) => {
  const { create, patch, available, images, list } = await start(test);
  create(deployments, withSpec({ strategy: { type: 'Recreate' } }));
  await eventually('available', available(2));
  patch(deployments, 'web', { spec: { template: template('web:2') } });
  let mixed = false;
  await eventually('recreated', () => {
    mixed ||= images().size > 1;
    return available(2)() && images().has('web:2');
  });
  test.notOk(mixed);
  test.equal(list(pods).length, 2);
});

void t.test('a paused Deployment is scaled but not rolled, and goes on when it is resumed', async (test) => {
  const { create, patch, available, images, list, condition } = await start(test);
  create(deployments, web(2));
  await eventually('available', available(2));
  patch(deployments, 'web', { spec: { paused: true } });
  await eventually('noted', () => condition('Progressing')?.reason === 'DeploymentPaused');
  patch(deployments, 'web', { spec: { replicas: 3, template: template('web:2') } });
  await eventually('scaled', () => list(pods).length === 3);
  test.same([...images()], ['web:1']);
  patch(deployments, 'web', { spec: { paused: false } });
  await eventually('rolled', () => available(3)() && !images().has('web:1'));
});

void t.test('a rollout that does not come forward passes its deadline, and recovers', async (test) => {
  const { create, available, condition } = await start(test);
  create(deployments, withSpec({ progressDeadlineSeconds: 1 }));
  await eventually('timed out', () => condition('Progressing')?.reason === 'ProgressDeadlineExceeded');
  test.equal(condition('Progressing')?.status, 'False');
  await eventually('available', available(2));
  await eventually('complete', () => condition('Progressing')?.reason === 'NewReplicaSetAvailable');
});

void t.test("a name that another template's ReplicaSet has is avoided", async (test) => {
  const { store, create, deployment, available, list } = await start(test);
  const taken = newReplicaSet(web(1), 1).metadata?.name ?? '';
  create(replicaSets, {
    metadata: { name: taken },
    spec: { replicas: 0, selector: { matchLabels: { app: 'x' } }, template: {} },
  });
  create(deployments, web(1));
  await eventually('available', available(1));
  test.equal(deployment().status?.collisionCount, 1);
  test.equal(list(replicaSets).length, 2);
  test.same(store.get(replicaSets, 'default', taken).metadata?.ownerReferences ?? [], []);
});

void t.test('a refused pod is reported by ReplicaSet and Deployment, and tried again', async (test) => {
  const { server, create, available, condition, list } = await start(test);
  const quota = new FakeStatus(403, 'Forbidden', 'exceeded quota');
  server.intercept = (method, path) => (method === 'POST' && path.endsWith('/pods') ? quota : undefined);
  create(deployments, web(2));
  await eventually('reported', () => condition('ReplicaFailure')?.status === 'True');
  test.match(condition('ReplicaFailure'), { reason: 'FailedCreate', message: /exceeded quota/ });
  server.intercept = () => undefined;
  await eventually('available', available(2));
  await eventually('well again', () => condition('ReplicaFailure') === undefined);
  test.equal(list(pods).length, 2);
});

void t.test('matching orphans are adopted, and pods that stop matching are released', async (test) => {
  const { store, create, patch, list, available } = await start(test);
  create(deployments, web(1));
  await eventually('available', available(1));
  const set = list(replicaSets)[0] as ReplicaSet;
  const labels = set.spec?.selector?.matchLabels;
  create(pods, { metadata: { name: 'orphan', labels }, spec: { containers: [] } });
  await eventually('one of the two is removed', () => list(pods).length === 1);
  const [remaining] = list(pods);
  const name = remaining?.metadata?.name ?? '';
  patch(pods, name, { metadata: { labels: { app: 'other' } } });
  await eventually('released and replaced', () => list(pods).length === 2);
  await eventually('no owner', () => (store.get(pods, 'default', name).metadata?.ownerReferences ?? []).length === 0);
  test.pass();
});

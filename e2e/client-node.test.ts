import {
  ApiException,
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  Watch,
  makeInformer,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { V1ConfigMap, V1Pod, V1Status } from '@kubernetes/client-node';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { startCluster } from './testing/local-cluster.ts';

t.setTimeout(300_000);
const namespace = 'client-node';

const cluster = await startCluster({ replicas: 1, nodes: 1 });
t.teardown(() => cluster.destroy());
const config = new KubeConfig();
config.loadFromFile(cluster.kubeconfig);
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
await core.createNamespace({ body: { metadata: { name: namespace } } });

/** The Status with which the server refuses. */
async function refusal(request: Promise<unknown>): Promise<V1Status & { httpCode: number }> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const body: unknown = error.body;
    return { ...(typeof body === 'string' ? JSON.parse(body) : body), httpCode: error.code };
  }
  throw new Error('the request was not refused');
}

/** What is sent is plain JSON: the classes of the library are only for what is read. */
const changed = <T extends object>(object: T, change: Partial<T>): T => Object.assign({}, object, change);

const withPatch = (strategy: PatchStrategy) => setHeaderOptions('Content-Type', strategy);

void t.test('objects are created, read, changed in each way and deleted', async (t) => {
  const name = 'cm';
  const created = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { a: '1' } } });
  t.match(created.metadata?.uid, /^[0-9a-f-]{36}$/);
  t.ok(created.metadata?.creationTimestamp instanceof Date);
  const read = await core.readNamespacedConfigMap({ name, namespace });
  t.same(read.data, { a: '1' });

  const replaced = await core.replaceNamespacedConfigMap({
    name,
    namespace,
    body: changed(read, { data: { a: '2' } }),
  });
  t.not(replaced.metadata?.resourceVersion, read.metadata?.resourceVersion, 'each change is a version of its own');
  const conflict = await refusal(core.replaceNamespacedConfigMap({ name, namespace, body: read }));
  t.match(conflict, { httpCode: 409, kind: 'Status', status: 'Failure', reason: 'Conflict', code: 409 });
  t.match(conflict.message, /^Operation cannot be fulfilled on configmaps "cm": the object has been modified/);

  await core.patchNamespacedConfigMap(
    { name, namespace, body: [{ op: 'add', path: '/data/b', value: 'json' }] },
    withPatch(PatchStrategy.JsonPatch),
  );
  await core.patchNamespacedConfigMap(
    { name, namespace, body: { data: { a: null, c: 'merge' } } },
    withPatch(PatchStrategy.MergePatch),
  );
  const patched = await core.patchNamespacedConfigMap(
    { name, namespace, body: { metadata: { labels: { l: 'strategic' } } } },
    withPatch(PatchStrategy.StrategicMergePatch),
  );
  t.same(patched.data, { b: 'json', c: 'merge' });
  t.same(patched.metadata?.labels, { l: 'strategic' });

  const twice = await refusal(core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } }));
  t.match(twice, { httpCode: 409, reason: 'AlreadyExists', details: { name, kind: 'configmaps' } });
  t.match(await core.deleteNamespacedConfigMap({ name, namespace }), { status: 'Success' });
  const gone = await refusal(core.readNamespacedConfigMap({ name, namespace }));
  t.match(gone, { httpCode: 404, reason: 'NotFound', message: 'configmaps "cm" not found' });
  const body = { metadata: { name: 'x' }, spec: { selector: { matchLabels: { a: 'b' } }, template: {} } };
  const invalid = await refusal(apps.createNamespacedDeployment({ namespace, body }));
  t.match(invalid, { httpCode: 422, reason: 'Invalid', details: { kind: 'Deployment', name: 'x' } });
  t.ok(
    invalid.details?.causes?.some(({ field }) => field === 'spec.template.spec.containers'),
    'the field is named',
  );
});

void t.test('lists by selector, by field and in pages of one version', async (t) => {
  const names = ['l1', 'l2', 'l3', 'l4', 'l5'];
  for (const name of names) {
    const labels = { set: 'list', odd: String(Number(name.slice(1)) % 2 === 1) };
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } });
  }
  const namesOf = (items: readonly V1ConfigMap[]) => items.map(({ metadata }) => metadata?.name);
  const odd = await core.listNamespacedConfigMap({ namespace, labelSelector: 'set=list,odd=true' });
  t.same(namesOf(odd.items), ['l1', 'l3', 'l5']);
  const third = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=l3' });
  t.same(namesOf(third.items), ['l3']);
  const seen: unknown[] = [];
  let page = await core.listNamespacedConfigMap({ namespace, limit: 2, labelSelector: 'set=list' });
  await core.deleteNamespacedConfigMap({ namespace, name: 'l5' });
  for (;;) {
    seen.push(...namesOf(page.items));
    const _continue = page.metadata?._continue;
    if (!_continue) break;
    page = await core.listNamespacedConfigMap({ namespace, limit: 2, labelSelector: 'set=list', _continue });
  }
  t.same(seen, names, 'the later pages show what was there when the first was read');
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'set=list' });
  t.same((await core.listNamespacedConfigMap({ namespace, labelSelector: 'set=list' })).items, []);
});

void t.test('a watch tells each change once, in order, and resumes where it was left', async (t) => {
  const watch = new Watch(config);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const { metadata } = await core.listNamespacedConfigMap({ namespace });
  const follow = async (resourceVersion: string | undefined, count: number): Promise<[string, V1ConfigMap][]> => {
    const events: [string, V1ConfigMap][] = [];
    let failure: unknown;
    const query = { resourceVersion, fieldSelector: 'metadata.name=watched' };
    const controller = await watch.watch(
      path,
      query,
      (type, object: V1ConfigMap) => events.push([type, object]),
      (error) => (failure = error),
    );
    await eventually(`${count} events (${String(failure)})`, () => events.length >= count);
    controller.abort();
    return events;
  };
  const following = follow(metadata?.resourceVersion, 3);
  const body = { metadata: { name: 'watched' }, data: { n: '0' } };
  const created = await core.createNamespacedConfigMap({ namespace, body });
  await core.replaceNamespacedConfigMap({ namespace, name: 'watched', body: changed(created, { data: { n: '1' } }) });
  await core.deleteNamespacedConfigMap({ namespace, name: 'watched' });
  const typesOf = (events: [string, V1ConfigMap][]) => events.map(([type, { data }]) => `${type} ${data?.['n']}`);
  t.same(typesOf(await following), ['ADDED 0', 'MODIFIED 1', 'DELETED 1']);
  const resumed = await follow(created.metadata?.resourceVersion, 2);
  t.same(typesOf(resumed), ['MODIFIED 1', 'DELETED 1'], 'from a version on, only what came after it');
});

void t.test('a Deployment lives, and an informer sees its pods come and go', async (t) => {
  const labels = { app: 'web' };
  const listPods = () => core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
  const informer = makeInformer<V1Pod>(config, `/api/v1/namespaces/${namespace}/pods`, listPods, 'app=web');
  const came = new Set<string>();
  const left = new Set<string>();
  informer.on('add', (pod) => came.add(pod.metadata?.name ?? ''));
  informer.on('delete', (pod) => left.add(pod.metadata?.name ?? ''));
  const errors: unknown[] = [];
  informer.on('error', (error) => errors.push(error));
  await informer.start();
  t.teardown(() => informer.stop());

  const template = (image: string) => ({
    metadata: { labels },
    spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 1 },
  });
  const spec = { replicas: 3, selector: { matchLabels: labels }, template: template('web:1') };
  await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'web' }, spec } });
  const settled = (replicas: number, image: string) => async (): Promise<boolean> => {
    const { metadata, status } = await apps.readNamespacedDeployment({ name: 'web', namespace });
    const pods = (await listPods()).items;
    return (
      status?.observedGeneration === metadata?.generation &&
      status?.availableReplicas === replicas &&
      status.updatedReplicas === replicas &&
      pods.length === replicas &&
      pods.every((pod) => pod.spec?.containers[0]?.image === image)
    );
  };
  await eventually('three are available', settled(3, 'web:1'), 30_000);

  const scale = await apps.readNamespacedDeploymentScale({ name: 'web', namespace });
  t.match(scale, { spec: { replicas: 3 }, status: { replicas: 3, selector: 'app=web' } });
  const larger = changed(scale, { spec: { replicas: 5 } });
  await apps.replaceNamespacedDeploymentScale({ name: 'web', namespace, body: larger });
  await eventually('five are available', settled(5, 'web:1'), 30_000);
  await apps.patchNamespacedDeployment(
    { name: 'web', namespace, body: { spec: { template: template('web:2') } } },
    withPatch(PatchStrategy.StrategicMergePatch),
  );
  await eventually('the new image is rolled out', settled(5, 'web:2'), 40_000);

  const [victim] = (await listPods()).items;
  await core.deleteNamespacedPod({ name: victim?.metadata?.name ?? '', namespace });
  await eventually('another pod takes its place', async () => {
    const { items } = await listPods();
    return !items.some(({ metadata }) => metadata?.uid === victim?.metadata?.uid) && settled(5, 'web:2')();
  });
  await apps.deleteNamespacedDeployment({ name: 'web', namespace, propagationPolicy: 'Foreground' });
  await eventually('all are gone', async () => (await listPods()).items.length === 0, 30_000);
  // in the foreground, owners go after what they own
  const hasSets = async (): Promise<boolean> => (await apps.listNamespacedReplicaSet({ namespace })).items.length > 0;
  await eventually('their ReplicaSets too', async () => !(await hasSets()));
  await eventually('the informer knows it', () => informer.list().length === 0 && left.size === came.size);
  t.same(errors, [], 'the informer met no error');
  t.ok(came.size >= 3 + 2 + 5 + 1, `${came.size} pods came and went`);
});

void t.test('objects of any kind, a Lease with micro time, and the namespace that takes all along', async (t) => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const secret = await objects.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'any', namespace },
    stringData: { a: 'b' },
  } as never);
  t.match(secret, { kind: 'Secret', data: { a: 'Yg==' }, type: 'Opaque' });
  const leases = config.makeApiClient(CoordinationV1Api);
  const { items } = await leases.listNamespacedLease({ namespace: 'kube-node-lease' });
  t.same(
    items.map(({ metadata, spec }) => [metadata?.name, spec?.holderIdentity, spec?.renewTime !== undefined]),
    [['node-1', 'node-1', true]],
  );
  await core.deleteNamespace({ name: namespace });
  await eventually(
    'the namespace is gone',
    async () => !(await core.listNamespace()).items.some(({ metadata }) => metadata?.name === namespace),
    30_000,
  );
  t.equal((await refusal(core.readNamespacedSecret({ name: 'any', namespace }))).httpCode, 404);
});

/** Custom resources as kubectl and @kubernetes/client-node use them, each request at another of two API servers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  ApiextensionsV1Api,
  CustomObjectsApi,
  KubeConfig,
  Watch,
  type V1CustomResourceDefinition,
} from '@kubernetes/client-node';
import t from 'tap';
import { cronTabs } from '../apiserver/testing/custom-definitions.ts';
import { startTestServer } from '../apiserver/testing/test-server.ts';
import { MemoryEtcd } from '../apiserver/storage/memory-etcd.ts';
import { eventually } from '../client/testing/eventually.ts';
import { kubectlBinaries } from './testing/local-cluster.ts';

const run = promisify(execFile);
t.setTimeout(180_000);

const etcd = new MemoryEtcd();
const one = await startTestServer({ etcdClient: etcd.client() });
const two = await startTestServer({ etcdClient: etcd.client(), ca: one.ca });
const folder = mkdtempSync(join(tmpdir(), 'kuorum-custom-'));
t.teardown(async () => {
  await Promise.all([one.stop(), two.stop()]);
  rmSync(folder, { recursive: true, force: true });
});
const configs = [await one.kubeconfig(), await two.kubeconfig()];
const group = 'stable.example.com';

void t.test('kubectl', async (t) => {
  const [kubectl] = kubectlBinaries();
  if (kubectl === undefined) {
    t.comment('no kubectl on the PATH');
    return;
  }
  let turn = 0;
  const words = async (...args: string[]): Promise<string> => {
    const config = configs[turn++ % 2] as string;
    const env = { ...process.env, HOME: folder, KUBECONFIG: config, KUBECACHEDIR: join(folder, `cache-${turn % 2}`) };
    const { stdout, stderr } = await run(kubectl, args, { env, timeout: 60_000 });
    return stdout + stderr;
  };
  const file = (name: string, value: object): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const cronTab = (name: string, spec: object): string =>
    file(`${name}.json`, { apiVersion: `${group}/v1`, kind: 'CronTab', metadata: { name }, spec });

  t.match(await words('apply', '-f', file('definition.json', cronTabs())), /crontabs.stable.example.com created/);
  await words('wait', '--for=condition=established', '--timeout=20s', 'crd/crontabs.stable.example.com');
  t.match(
    await words('apply', '-f', cronTab('a', { image: 'x', replicas: 2 })),
    /crontab.stable.example.com\/a created/,
  );
  t.match(await words('get', 'ct'), /^NAME\s+SPEC\s+REPLICAS\s+AGE\na\s+5 0 \* \* \*\s+2\s/);
  t.match(await words('get', 'crontab', 'a', '-o', 'jsonpath={.spec.cronSpec}'), /^5 0 \* \* \*$/);
  t.match(
    await words('api-resources', `--api-group=${group}`),
    /crontabs\s+ct\s+stable.example.com\/v1\s+true\s+CronTab/,
  );
  t.match(await words('explain', 'crontabs.spec'), /FIELDS:\n {2}cronSpec\s+<string>\n[^]*image\s+<string> -required-/);
  await t.rejects(words('apply', '-f', cronTab('b', { image: 'x', foo: 1 })), /unknown field "spec.foo"/);
  await t.rejects(words('create', '-f', cronTab('b', { image: 'x', replicas: 20 })), /less than or equal to 10/);
  t.match(await words('scale', 'ct/a', '--replicas=4'), /scaled/);
  t.match(await words('apply', '--server-side', '-f', cronTab('c', { image: 'y' })), /c serverside-applied/);
  t.match(await words('get', 'ct', '--field-selector=spec.image=y', '-o', 'name'), /^crontab.stable.example.com\/c\n$/);
  t.match(await words('get', 'all'), /crontab.stable.example.com\/a/, 'the category shows it');
  t.match(
    await words('patch', 'ct', 'a', '--type=json', '-p', '[{"op":"replace","path":"/spec/image","value":"z"}]'),
    /patched/,
  );
  t.match(await words('delete', 'crd', 'crontabs.stable.example.com'), /deleted/);
  await t.rejects(words('get', 'ct'), /could not find the requested resource|doesn't have a resource type/);
});

void t.test('@kubernetes/client-node', async (t) => {
  const [config, other] = configs.map((path) => {
    const made = new KubeConfig();
    made.loadFromFile(path);
    return made;
  }) as [KubeConfig, KubeConfig];
  const definitions = config.makeApiClient(ApiextensionsV1Api);
  const name = 'crontabs.stable.example.com';
  await definitions.createCustomResourceDefinition({ body: cronTabs() as unknown as V1CustomResourceDefinition });
  await eventually('the definition is established', async () => {
    const { status } = await definitions.readCustomResourceDefinition({ name });
    return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
  });
  const place = { group, version: 'v1', namespace: 'default', plural: 'crontabs' };
  const objects = other.makeApiClient(CustomObjectsApi);
  const body = { apiVersion: `${group}/v1`, kind: 'CronTab', metadata: { name: 'n' }, spec: { image: 'x' } };
  const created = (await objects.createNamespacedCustomObject({ ...place, body })) as { metadata: { uid: string } };
  t.match(created.metadata.uid, /^[0-9a-f-]{36}$/);
  const listed = (await objects.listNamespacedCustomObject(place)) as {
    items: object[];
    metadata: { resourceVersion: string };
  };
  t.match(listed.items, [{ kind: 'CronTab', apiVersion: `${group}/v1`, spec: { image: 'x' } }]);
  const events: string[] = [];
  const { resourceVersion } = listed.metadata;
  const watch = await new Watch(config).watch(
    `/apis/${group}/v1/crontabs`,
    { resourceVersion },
    (type: string) => void events.push(type),
    () => {},
  );
  const status = [{ op: 'add', path: '/status', value: { replicas: 3 } }];
  await objects.patchNamespacedCustomObjectStatus({ ...place, name: 'n', body: status });
  t.match(await objects.getNamespacedCustomObjectScale({ ...place, name: 'n' }), { status: { replicas: 3 } });
  await objects.deleteNamespacedCustomObject({ ...place, name: 'n' });
  await eventually('the watch has seen both changes', () => events.length === 2);
  t.same(events, ['MODIFIED', 'DELETED']);
  watch.abort();
  await t.rejects(objects.getNamespacedCustomObject({ ...place, name: 'n' }), { code: 404 });
  await definitions.deleteCustomResourceDefinition({ name });
});

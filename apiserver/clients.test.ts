/** Clients of others, as they are: kubectl where it is installed, @kubernetes/client-node always. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AppsV1Api, CoreV1Api, KubeConfig, Watch, type V1ConfigMap } from '@kubernetes/client-node';
import t from 'tap';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const run = promisify(execFile);

/** The newest and the oldest kubectl of this machine. */
function kubectls(): string[] {
  const found = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'kubectl'));
  const first = found.find((path) => existsSync(path));
  if (first === undefined) return [];
  const folder = dirname(realpathSync(first));
  const versions = readdirSync(folder).filter((name) => /^kubectl\.1\.\d+$/.test(name));
  const sorted = versions.sort((a, b) => Number(a.split('.')[2]) - Number(b.split('.')[2]));
  const ends = [sorted[0], sorted.at(-1)].filter((name) => name !== undefined);
  return ends.length > 0 ? ends.map((name) => join(folder, name)) : [first];
}

const manifest = `
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {a: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
`;

type Assert = Pick<typeof t, 'equal' | 'match'>;

async function session(t: Assert, server: TestServer, kubectl: string, namespace: string): Promise<void> {
  const kubeconfig = await server.kubeconfig();
  const command = async (args: string, stdin?: string): Promise<string> => {
    const child = run(kubectl, ['-n', namespace, ...args.split(' ')], {
      env: { ...process.env, KUBECONFIG: kubeconfig, HOME: dirname(kubeconfig) },
    });
    child.child.stdin?.end(stdin ?? '');
    return (await child).stdout.trim();
  };
  await command(`create ns ${namespace}`);
  t.match(await command('apply -f -', manifest), /configmap\/cm created/);
  t.match(await command('apply -f -', manifest.replace('"1"', '"2"')), /configmap\/cm configured/);
  t.equal(await command('get cm cm -o jsonpath={.data.a}'), '2');
  t.match(await command('get deploy'), /NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nweb\s+0\/1/);
  await command('scale deploy web --replicas=3');
  await command('set image deploy/web c=nginx:2');
  await command('label cm cm x=y');
  t.equal(await command('get cm -l x=y -o name'), 'configmap/cm');
  t.equal(await command('get deploy web -o jsonpath={.spec.replicas}/{.metadata.generation}'), '3/3');
  t.match(await command('create secret generic s --from-literal=a=b'), /created/);
  t.match(await command('describe deploy web'), /Image:\s+nginx:2/);
  t.match(await command('explain deploy.spec.replicas'), /Number of desired pods/);
  t.match(await command('api-resources'), /deployments\s+deploy/);
  t.equal(await command('auth can-i create pods'), 'yes');
  t.match(await command('delete cm,deploy,secret --all'), /configmap "cm" deleted/);
  const missing = await command('get cm cm').catch((error: { stderr: string }) => error.stderr);
  t.match(missing, /Error from server \(NotFound\): configmaps "cm" not found/);
}

const programs = kubectls();
void t.test('kubectl', { skip: programs.length === 0 && 'no kubectl on this machine' }, async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  for (const [index, program] of programs.entries()) {
    await t.test(`as ${program}`, async (t) => {
      await session(t, server, program, `k${index}`);
    });
  }
});

void t.test('@kubernetes/client-node', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const config = new KubeConfig();
  config.loadFromFile(await server.kubeconfig());
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);
  const namespace = 'default';
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'a' }, data: { k: 'v' } } });
  const { items, metadata } = await core.listNamespacedConfigMap({ namespace });
  t.same(
    items.map((item) => item.metadata?.name),
    ['a'],
  );
  const seen: string[] = [];
  const watching = await new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { resourceVersion: metadata?.resourceVersion ?? '' },
    (type: string, object: V1ConfigMap) => seen.push(`${type} ${object.metadata?.name ?? ''}`),
    () => {},
  );
  await core.replaceNamespacedConfigMap({
    namespace,
    name: 'a',
    body: { metadata: items[0]?.metadata, data: { k: 'w' } },
  });
  await core.deleteNamespacedConfigMap({ namespace, name: 'a' });
  for (let i = 0; seen.length < 2 && i < 100; i++) await new Promise((done) => setTimeout(done, 20));
  watching.abort();
  t.same(seen, ['MODIFIED a', 'DELETED a']);
  const labels = { app: 'x' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { selector: { matchLabels: labels }, template };
  const made = await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'd' }, spec } });
  t.equal(made.spec?.replicas, 1);
  const missing = await core
    .readNamespacedPod({ namespace, name: 'no' })
    .catch((error: { code: number }) => error.code);
  t.equal(missing, 404);
});

/** Server-side apply as kubectl and @kubernetes/client-node use it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import t from 'tap';
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts';
import { findPeer } from './testing/peers.ts';

t.setTimeout(240_000);
const kubectl = findPeer('kubectl');

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs kubectl in a folder of its own with the manifests that it reads. */
class Kubectl {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kuorum-apply-'));
  readonly #kubeconfig: string;

  constructor(kubeconfig: string) {
    this.#kubeconfig = kubeconfig;
  }

  write(name: string, manifest: object): void {
    writeFileSync(join(this.#folder, name), JSON.stringify(manifest));
  }

  run(line: string): Promise<Outcome> {
    const words = ['--kubeconfig', this.#kubeconfig, '--cache-dir', join(this.#folder, 'cache'), ...line.split(' ')];
    return new Promise((resolve) => {
      execFile(kubectl ?? '', words, { cwd: this.#folder, timeout: 60_000 }, (error, output, errors) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output, errors });
      });
    });
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function start(): Promise<{ server: TestServer; tool: Kubectl; end: () => Promise<void> }> {
  const server = await startTestServer();
  const tool = new Kubectl(await server.kubeconfig());
  const end = async (): Promise<void> => {
    tool.end();
    await server.stop();
  };
  return { server, tool, end };
}

const deployment = (image: string, replicas = 1): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
  },
});

const configMap = (data: object): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'conf', namespace: 'default' },
  data,
});

void t.test('kubectl apply --server-side', { skip: kubectl === undefined && 'kubectl is not installed' }, async (t) => {
  const { server, tool, end } = await start();
  t.teardown(end);
  tool.write('web.json', deployment('nginx:1'));

  await t.test('creates, shows who manages what, and applies again', async (t) => {
    t.match(await tool.run('apply --server-side -f web.json'), { output: 'deployment.apps/web serverside-applied\n' });
    const shown = await tool.run('get deployment web -o yaml --show-managed-fields');
    t.match(shown.output, /managedFields:\n {2}- apiVersion: apps\/v1\n {4}fieldsType: FieldsV1\n/);
    t.match(shown.output, /k:\{"name":"web"\}/);
    t.match(shown.output, /manager: kubectl\n {4}operation: Apply/);
    t.notMatch((await tool.run('get deployment web -o yaml')).output, /managedFields/);
    t.equal((await tool.run('apply --server-side -f web.json')).code, 0);
  });

  await t.test('says who is in the way, and takes over when forced', async (t) => {
    t.equal((await tool.run('scale deployment web --replicas=5')).code, 0);
    const refused = await tool.run('apply --server-side -f web.json');
    t.equal(refused.code, 1);
    t.match(refused.errors, /conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/);
    t.match(refused.errors, /command with the `--force-conflicts` flag/);
    const other = await tool.run('apply --server-side --field-manager=other -f web.json');
    t.match(other.errors, /\.spec\.replicas/);
    t.equal((await tool.run('apply --server-side --force-conflicts -f web.json')).code, 0);
    t.equal((await tool.run('get deployment web -o jsonpath={.spec.replicas}')).output, '1');
  });

  await t.test('diff shows what an apply would change, and changes nothing', async (t) => {
    t.match(await tool.run('diff --server-side --force-conflicts -f web.json'), { code: 0, output: '' });
    tool.write('web.json', deployment('nginx:2'));
    const diff = await tool.run('diff --server-side -f web.json');
    t.equal(diff.code, 1, diff.errors);
    t.match(diff.output, /-\s+- image: nginx:1\n\+\s+- image: nginx:2/);
    t.equal((await tool.run('get deployment web -o jsonpath={..image}')).output, 'nginx:1');
  });

  await t.test('goes on where client-side apply has been', async (t) => {
    tool.write('conf.json', configMap({ a: '1', b: '1' }));
    t.match(await tool.run('apply -f conf.json'), { output: 'configmap/conf created\n' });
    t.match((await tool.run('apply view-last-applied configmap/conf')).output, /a: "1"\n {2}b: "1"/);
    tool.write('conf.json', configMap({ a: '2' }));
    const moved = await tool.run('apply --server-side -f conf.json');
    t.equal(moved.code, 0, moved.errors);
    t.match((await tool.run('apply view-last-applied configmap/conf')).output, /data:\n {2}a: "2"\nkind/);
    const { json } = await server.admin.request('GET', '/api/v1/namespaces/default/configmaps/conf');
    t.same(json['data'], { a: '2' }, 'what client-side apply had set is removed like what this apply had set');
    t.same(
      json.metadata?.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`).sort(),
      ['kubectl Apply', 'kubectl-last-applied Apply'],
      'and no entry of client-side apply is left: the second is what kubectl keeps the annotation with',
    );
    t.equal((await tool.run('apply -f conf.json')).code, 0, 'and back again');
  });

  await t.test('a dry run of the server shows the result', async (t) => {
    tool.write('conf.json', configMap({ a: '3' }));
    const dry = await tool.run('apply --server-side --force-conflicts --dry-run=server -o json -f conf.json');
    t.equal((JSON.parse(dry.output) as { data: { a: string } }).data.a, '3');
    t.equal((await tool.run('get configmap conf -o jsonpath={.data.a}')).output, '2');
  });
});

void t.test('@kubernetes/client-node applies', async (t) => {
  const { server, end } = await start();
  t.teardown(end);
  const config = new KubeConfig();
  config.loadFromFile(await server.kubeconfig());
  const objects = KubernetesObjectApi.makeApiClient(config);
  const apply = (data: object, manager: string, force?: boolean): Promise<object> =>
    objects.patch(configMap(data), undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
  t.match(await apply({ a: '1' }, 'one'), { data: { a: '1' } });
  await t.rejects(apply({ a: '2' }, 'two'), { code: 409 });
  t.match(await apply({ a: '2' }, 'two', true), { data: { a: '2' } });
  const read = await config.makeApiClient(CoreV1Api).readNamespacedConfigMap({ name: 'conf', namespace: 'default' });
  t.match(read.metadata?.managedFields, [{ manager: 'two', operation: 'Apply' }]);
});

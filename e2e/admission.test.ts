import { execFile } from 'node:child_process';
import t from 'tap';
import type { Test } from 'tap';
import { startTestServer } from '../apiserver/testing/test-server.ts';
import { silentLog } from '../base/log.ts';
import { createKubeClient } from '../client/kube-client.ts';
import { eventually } from '../client/testing/eventually.ts';
import { startControllerManager } from '../controllers/manager/controller-manager.ts';
import { kubectlBinaries } from './testing/local-cluster.ts';

const [binary] = kubectlBinaries();
const skip = binary === undefined && 'kubectl is not installed';
const kubectlTimeoutMs = 60_000;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
type Kubectl = (words: string, input?: object) => Promise<Outcome>;

/** An API server with its store in memory, the controllers that admission counts on, and kubectl. */
async function start(test: Test): Promise<Kubectl> {
  const served = await startTestServer();
  const { server, ca } = served;
  const identity = await ca.issue('CN=system:kube-controller-manager');
  const client = createKubeClient({ servers: [`https://127.0.0.1:${server.port}`], ca: ca.cert, ...identity });
  const controllers = [
    'resourcequota-controller',
    'serviceaccount-controller',
    'root-ca-certificate-publisher-controller',
    'namespace-controller',
  ];
  const manager = startControllerManager({
    client,
    identity: 'm',
    leaderElect: false,
    controllers,
    settings: { rootCa: ca.cert },
    log: silentLog,
  });
  test.teardown(async () => {
    await manager.stop();
    await client.close();
    await served.stop();
  });
  const env = { ...process.env, KUBECONFIG: await served.kubeconfig() };
  return (words, input) =>
    new Promise((resolve) => {
      const child = execFile(binary ?? '', words.split(' '), { env, timeout: kubectlTimeoutMs }, (error, out, err) =>
        resolve({ code: error ? 1 : 0, out: out.trim(), err: err.trim() }),
      );
      child.stdin?.end(input === undefined ? '' : JSON.stringify(input));
    });
}

const pod = (name: string, namespace: string, container: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, ...metadata },
  spec: { containers: [{ name: 'c', image: 'app', ...container }] },
});

void t.test('admission, as kubectl sees it', { skip }, async (t) => {
  const kubectl = await start(t);

  await t.test('a quota refuses, counts, and gives back', async (t) => {
    await kubectl('create namespace q');
    await kubectl('create quota small -n q --hard=pods=1,requests.cpu=500m,count/configmaps=3,services.nodeports=1');
    const used = async (name: string): Promise<string> => {
      const { out } = await kubectl('get quota small -n q -o json');
      return (JSON.parse(out || '{}') as { status?: { used?: Record<string, string> } }).status?.used?.[name] ?? '';
    };
    await eventually('the quota is counted', async () => (await used('count/configmaps')) === '1', 15_000);
    const cpu = { resources: { requests: { cpu: '100m' } } };
    const head = 'Error from server (Forbidden): error when creating "STDIN":';
    t.equal(
      (await kubectl('create -f -', pod('a', 'q'))).err,
      `${head} pods "a" is forbidden: failed quota: small: must specify requests.cpu for: c`,
    );
    t.equal((await kubectl('create -f -', pod('a', 'q', cpu))).out, 'pod/a created');
    t.equal(await used('pods'), '1', 'charged with the write');
    t.equal(await used('requests.cpu'), '100m');
    t.equal(
      (await kubectl('create -f -', pod('b', 'q', cpu))).err,
      `${head} pods "b" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1`,
    );
    t.match((await kubectl('describe quota small -n q')).out, /^pods +1 +1$/m);
    await kubectl('create configmap one -n q');
    await kubectl('create configmap two -n q');
    t.equal(
      (await kubectl('create configmap three -n q')).err,
      'error: failed to create configmap: configmaps "three" is forbidden: exceeded quota: small, requested: count/configmaps=1, used: count/configmaps=3, limited: count/configmaps=3',
    );
    t.equal((await kubectl('create service nodeport s -n q --tcp=80')).code, 0);
    t.match((await kubectl('create service nodeport s2 -n q --tcp=80')).err, /requested: services\.nodeports=1/);
    await kubectl('delete pod a -n q --wait=true');
    await eventually('the pod is given back', async () => (await used('pods')) === '0', 15_000);
    t.equal((await kubectl('create -f -', pod('b', 'q', cpu))).out, 'pod/b created');
  });

  await t.test('of many pods at once no more are let in than the quota holds', async (t) => {
    await kubectl('create namespace many');
    await kubectl('create quota five -n many --hard=pods=5');
    const used = async (): Promise<string> =>
      (await kubectl('get quota five -n many -o jsonpath={.status.used.pods}')).out;
    await eventually('the quota is counted', async () => (await used()) === '0', 15_000);
    const items = Array.from({ length: 12 }, (_, i) => pod(`p${i}`, 'many'));
    const half = (from: number) => ({ apiVersion: 'v1', kind: 'List', items: items.slice(from, from + 6) });
    await Promise.all([kubectl('create -f -', half(0)), kubectl('create -f -', half(6))]);
    t.equal((await kubectl('get pods -n many -o name')).out.split('\n').length, 5);
    t.equal(await used(), '5');
  });

  await t.test('a limit range fills in and refuses', async (t) => {
    await kubectl('create namespace l');
    const limits = [{ type: 'Container', max: { cpu: '1' }, default: { cpu: '300m' } }];
    const metadata = { name: 'limits', namespace: 'l' };
    await kubectl('create -f -', { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits } });
    t.equal((await kubectl('create -f -', pod('a', 'l'))).code, 0);
    t.same(JSON.parse((await kubectl('get pod a -n l -o jsonpath={.spec.containers[0].resources}')).out), {
      limits: { cpu: '300m' },
      requests: { cpu: '300m' },
    });
    t.match(
      (await kubectl('create -f -', pod('b', 'l', { resources: { limits: { cpu: '2' } } }))).err,
      /pods "b" is forbidden: maximum cpu usage per Container is 1, but limit is 2$/,
    );
  });

  await t.test('pod security refuses and warns', async (t) => {
    await kubectl('create namespace ps');
    const privileged = { securityContext: { privileged: true } };
    t.equal((await kubectl('create -f -', pod('a', 'ps', privileged))).code, 0);
    const labelled = await kubectl('label namespace ps pod-security.kubernetes.io/enforce=baseline');
    t.equal(labelled.code, 0);
    t.match(
      labelled.err,
      'Warning: existing pods in namespace "ps" violate the new PodSecurity enforce level "baseline:latest"',
    );
    t.match(labelled.err, 'Warning: a: privileged');
    t.match(
      (await kubectl('create -f -', pod('b', 'ps', privileged))).err,
      'pods "b" is forbidden: violates PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)',
    );
    await kubectl('label namespace ps pod-security.kubernetes.io/warn=restricted');
    const deployment = await kubectl('create deployment d --image=app -n ps');
    t.equal(deployment.code, 0);
    t.match(
      deployment.err,
      /^Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false/,
    );
  });

  await t.test('a pod gets the credentials of its account', async (t) => {
    t.equal((await kubectl('run web --image=app -n default')).code, 0);
    const path = '{.spec.containers[0].volumeMounts[0].mountPath} {.spec.volumes[0].projected.sources[0]}';
    t.equal(
      (await kubectl(`get pod web -o jsonpath=${path.replace(' ', '')}`)).out,
      '/var/run/secrets/kubernetes.io/serviceaccount{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}}',
    );
  });
});

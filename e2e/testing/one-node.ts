import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Pod, PodSpec } from '../../api/types/core-v1.ts';
import { startApiServer } from '../../apiserver/server.ts';
import { MemoryEtcd } from '../../apiserver/storage/memory-etcd.ts';
import { createLog, silentLog } from '../../base/log.ts';
import { createCa, issueCertificate } from '../../cli/pki/certificate.ts';
import type { KeyPair } from '../../cli/pki/certificate.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { nodes, pods, serviceAccounts } from '../../client/resources.ts';
import { eventually } from '../../client/testing/eventually.ts';
import type { KubeClient } from '../../client/types.ts';
import { startKubelet } from '../../node/kubelet/kubelet.ts';
import type { RuntimeEndpoint } from '../../node/kubelet/runtime-connection.ts';

const log = process.env['KUORUM_TEST_LOG'] ? createLog('test', 'debug') : silentLog;
const commandTimeoutMs = 60_000;

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface OneNode {
  readonly admin: KubeClient;
  readonly apiPort: number;
  readonly kubeletPort: number;
  readonly kubeconfig: string;
  readonly ca: KeyPair;
  readonly identity: (commonName: string, ...organizations: string[]) => Promise<KeyPair>;
  run(name: string, spec: Partial<PodSpec>): Promise<Pod>;
  untilPhase(name: string, phase: string): Promise<void>;
  untilRestarted(name: string): Promise<void>;
  readonly kubectl: (
    args: readonly string[],
    input?: string,
    env?: Readonly<Record<string, string>>,
  ) => Promise<Outcome>;
}

/** An API server with its store in memory, and one node; pods name it themselves, no scheduler or controller runs. */
export async function startOneNode(test: Test, runtimeEndpoint: RuntimeEndpoint = 'embedded'): Promise<OneNode> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kuorum-one-node-'));
  test.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const ca = await createCa('test', 1);
  const serving = (commonName: string): Promise<KeyPair> =>
    issueCertificate(ca, { commonName, names: ['127.0.0.1'], usages: ['server'] }, 1);
  const identity = (commonName: string, ...organizations: string[]): Promise<KeyPair> =>
    issueCertificate(ca, { commonName, organizations, usages: ['client'] }, 1);
  const server = await startApiServer({
    etcdServers: [],
    etcdClient: new MemoryEtcd().client(),
    securePort: 0,
    tls: await serving('kube-apiserver'),
    clientCa: ca.cert,
    kubeletClient: {
      ...(await identity('kube-apiserver-kubelet-client', 'system:masters')),
      ca: ca.cert,
      preferredAddressTypes: ['InternalIP'],
    },
    log,
  });
  test.teardown(() => server.stop(100));
  const url = `https://127.0.0.1:${server.port}`;
  const clientOf = async (...subject: [string, ...string[]]): Promise<KubeClient> => {
    const client = createKubeClient({ servers: [url], ca: ca.cert, ...(await identity(...subject)) });
    test.teardown(() => client.close());
    return client;
  };
  const admin = await clientOf('admin', 'system:masters');
  const isReady = (): Promise<boolean> =>
    admin.request('GET', '/readyz').then(
      () => true,
      () => false,
    );
  await eventually('the API server is ready', isReady);
  await admin.resource(serviceAccounts).create({ metadata: { name: 'default' } }, 'default');
  const kubelet = await startKubelet({
    client: await clientOf('system:node:n1', 'system:nodes'),
    nodeName: 'n1',
    nodeIp: '127.0.0.1',
    runtimeEndpoint,
    dataDir: join(dataDir, 'node'),
    podCidr: '10.9.1.0/24',
    server: { port: 0, ...(await serving('system:node:n1')), clientCa: ca.cert },
    log,
  });
  test.teardown(() => kubelet.stop());
  await kubelet.registered;
  await eventually('the node tells its port', async () => {
    const { status } = await admin.resource(nodes).get('n1');
    return status?.daemonEndpoints?.kubeletEndpoint?.Port === kubelet.port;
  });
  const kubeconfig = await writeKubeconfig(dataDir, url, ca, await identity('admin', 'system:masters'));
  return {
    admin,
    apiPort: server.port,
    kubeletPort: kubelet.port,
    kubeconfig,
    ca,
    identity,
    run: (name, spec) => admin.resource(pods).create(podOn(name, spec), 'default'),
    untilPhase: (name, phase) =>
      eventually(
        `${name} is ${phase}`,
        async () => (await admin.resource(pods).get(name, 'default')).status?.phase === phase,
      ),
    untilRestarted: (name) =>
      eventually(`${name} was restarted`, async () => {
        const { status } = await admin.resource(pods).get(name, 'default');
        return (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0;
      }),
    kubectl: (args, input, env) => kubectl(args, { input, env: { ...env, HOME: dataDir, KUBECONFIG: kubeconfig } }),
  };
}

const podOn = (name: string, spec: Partial<PodSpec>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    nodeName: 'n1',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'c', image: 'app' }],
    ...spec,
  },
});

async function writeKubeconfig(dir: string, server: string, ca: KeyPair, { cert, key }: KeyPair): Promise<string> {
  const path = join(dir, 'kubeconfig');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': base64(ca.cert) } }],
    users: [{ name: 'u', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

interface Command {
  readonly input?: string;
  readonly env: Readonly<Record<string, string>>;
}

function kubectl(args: readonly string[], { input = '', env }: Command): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: commandTimeoutMs };
    const child = execFile('kubectl', [...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventually } from '../../client/testing/eventually.ts';
import { freePort } from './ports.ts';
import { Rest } from './rest.ts';
import { CertificateFolder } from './store-certificates.ts';

const readyMsMax = 120_000;
const logBytesMax = 400_000;

export interface KubeApiserver {
  /** of an administrator */
  readonly kubeconfig: string;
  readonly log: () => string;
  readonly isAlive: () => boolean;
  stop(): Promise<void>;
}

export interface KubeApiserverOptions {
  readonly program: string;
  /** for what it needs and keeps */
  readonly folder: string;
  readonly etcdServers: readonly string[];
  /** its certificate for the store is `client.crt` there */
  readonly etcdCertificates: CertificateFolder;
  readonly flags?: readonly string[];
}

function writeServiceAccountKeys(folder: string): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const paths = { privateKey: join(folder, 'sa.key'), publicKey: join(folder, 'sa.pub') };
  writeFileSync(paths.privateKey, privateKey, { mode: 0o600 });
  writeFileSync(paths.publicKey, publicKey);
  return paths;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function kubeconfigText(server: string, ca: string, admin: { cert: string; key: string }): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'real',
    clusters: [{ name: 'real', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(admin.cert), 'client-key-data': base64(admin.key) },
      },
    ],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }],
  });
}

/** Starts the real kube-apiserver on a store; resolves when it says that it is ready. */
export async function startKubeApiserver(options: KubeApiserverOptions): Promise<KubeApiserver> {
  const { program, folder, etcdServers, etcdCertificates, flags = [] } = options;
  const pki = await CertificateFolder.create(join(folder, 'kube'), 'kube-ca');
  await pki.issue('apiserver', {
    commonName: 'kube-apiserver',
    names: ['127.0.0.1', 'localhost', '10.0.0.1'],
    usages: ['server'],
  });
  const admin = await pki.issue('admin', {
    commonName: 'admin',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  const keys = writeServiceAccountKeys(folder);
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--etcd-servers=${etcdServers.join(',')}`,
      `--etcd-cafile=${etcdCertificates.path('ca.crt')}`,
      `--etcd-certfile=${etcdCertificates.path('client.crt')}`,
      `--etcd-keyfile=${etcdCertificates.path('client.key')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      // the endpoints of the service `kubernetes` may not be loopback addresses: nobody keeps them here
      '--advertise-address=192.0.2.1',
      '--endpoint-reconciler-type=none',
      `--tls-cert-file=${pki.path('apiserver.crt')}`,
      `--tls-private-key-file=${pki.path('apiserver.key')}`,
      `--client-ca-file=${pki.path('ca.crt')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${keys.privateKey}`,
      `--service-account-key-file=${keys.publicKey}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=Node,RBAC',
      `--cert-dir=${folder}`,
      ...flags,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-logBytesMax)));
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kubeconfig = join(folder, 'admin.kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(`https://127.0.0.1:${port}`, pki.ca, admin), { mode: 0o600 });
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const rest = Rest.of(kubeconfig);
  try {
    await eventually(
      'kube-apiserver is ready',
      async () => {
        if (!isAlive()) throw new Error('kube-apiserver ended');
        const answer = await rest.request('GET', '/readyz', { timeoutMs: 5000 }).catch(() => undefined);
        return answer?.status === 200;
      },
      readyMsMax,
    );
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${log.slice(-4000)}`, { cause: error });
  } finally {
    rest.close();
  }
  return { kubeconfig, log: () => log, isAlive, stop };
}

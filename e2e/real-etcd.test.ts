import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { debianEtcdIsPresent, startDebianEtcd } from '../apiserver/testing/debian-etcd.ts';
import type { EtcdProcess } from '../apiserver/testing/debian-etcd.ts';
import { layoutOf } from '../cli/cluster/layout.ts';
import type { Layout } from '../cli/cluster/layout.ts';
import { parseClusterConfig } from '../cli/config/cluster-config.ts';
import { ensurePki } from '../cli/pki/cluster-pki.ts';
import { kubeconfigFor } from '../cli/pki/kubeconfig-file.ts';
import { execute, freePortBlock, kubectlBinaries, startKuorum } from './testing/local-cluster.ts';
import { mainFlow } from './testing/main-flow.ts';
import { ShellSession, untilPrints } from './testing/shell-session.ts';

t.setTimeout(300_000);
const [kubectl] = kubectlBinaries();
const lacking = [...(debianEtcdIsPresent ? [] : ['etcd']), ...(kubectl === undefined ? ['kubectl'] : [])];
const skip = lacking.length > 0 && `${lacking.join(' and ')} not installed`;

/** Each component alone in its process, with the certificates and kubeconfigs that an operator would give it. */
class SeparateComponents {
  readonly layout: Layout;
  readonly #running = new Map<string, { child: ChildProcess; ended: Promise<unknown>; log: string[] }>();

  constructor(layout: Layout) {
    this.layout = layout;
  }

  static async prepare(): Promise<SeparateComponents> {
    const dataDir = mkdtempSync(join(tmpdir(), 'kuorum-separate-'));
    const config = parseClusterConfig('replicas: 1\nnodes: {count: 1}\n', 'cluster.yaml');
    const layout = layoutOf({ ...config, dataDir, port: await freePortBlock(0) });
    await ensurePki(layout);
    mkdirSync(layout.runDir);
    for (const user of ['admin', 'controller-manager', 'scheduler', 'node-1']) {
      writeFileSync(join(layout.runDir, `${user}.kubeconfig`), kubeconfigFor(layout, user), { mode: 0o600 });
    }
    return new SeparateComponents(layout);
  }

  kubeconfig(user: string): string {
    return join(this.layout.runDir, `${user}.kubeconfig`);
  }

  #start(name: string, args: readonly string[]): void {
    const child = startKuorum([name, ...args]);
    const log: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log.push(text);
        if (log.length > 100) log.shift();
      });
    }
    this.#running.set(name, { child, log, ended: new Promise((resolve) => child.once('close', resolve)) });
  }

  startAll(etcdServers: readonly string[]): void {
    const pki = (file: string): string => join(this.layout.pkiDir, file);
    this.#start('apiserver', [
      `--etcd-servers=${etcdServers.join(',')}`,
      `--secure-port=${this.layout.config.port}`,
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      `--service-account-signing-key-file=${pki('sa.key')}`,
      `--service-account-key-file=${pki('sa.pub')}`,
    ]);
    const managerConfig = `--kubeconfig=${this.kubeconfig('controller-manager')}`;
    this.#start('controller-manager', [managerConfig, `--root-ca-file=${pki('ca.crt')}`]);
    this.#start('scheduler', [`--kubeconfig=${this.kubeconfig('scheduler')}`]);
    this.#start('kubelet', [
      `--kubeconfig=${this.kubeconfig('node-1')}`,
      '--hostname-override=node-1',
      `--root-dir=${join(this.layout.dataDir, 'node-1')}`,
      '--pod-cidr=10.244.1.0/24',
    ]);
  }

  logs(): string {
    return [...this.#running].map(([name, { log }]) => `--- ${name}\n${log.join('').slice(-2000)}`).join('\n');
  }

  /** The exit codes of the components, asked to end in the order of the map. */
  async stop(): Promise<Record<string, unknown>> {
    const codes: Record<string, unknown> = {};
    for (const [name, { child, ended }] of [...this.#running].reverse()) {
      child.kill('SIGTERM');
      codes[name] = await ended;
    }
    this.#running.clear();
    return codes;
  }
}

/** The member that leads first: an API server begins with the first that it is told. */
async function leaderFirst(members: readonly EtcdProcess[]): Promise<EtcdProcess[]> {
  const env = { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: members.map(({ url }) => url).join(',') };
  const { stdout, code } = await execute('etcdctl', ['endpoint', 'status', '-w', 'json'], { env });
  if (code !== 0) return [...members]; // etcdctl is not there: any member will do
  const statuses = JSON.parse(stdout) as {
    Endpoint: string;
    Status: { header: { member_id: number }; leader: number };
  }[];
  const leading = statuses.find(({ Status }) => Status.leader === Status.header.member_id)?.Endpoint;
  return [...members].sort((a, b) => Number(b.url === leading) - Number(a.url === leading));
}

void t.test(
  'components in processes of their own on a real etcd of three, whose leader is killed',
  { skip },
  async (t) => {
    const members = await leaderFirst(await startDebianEtcd(3));
    t.teardown(() => Promise.all(members.map((member) => member.stop())));
    const components = await SeparateComponents.prepare();
    t.teardown(async () => {
      await components.stop();
      if (!t.passing()) t.comment(components.logs());
      rmSync(components.layout.dataDir, { recursive: true, force: true });
    });
    components.startAll(members.map(({ url }) => url));
    const options = {
      kubeconfig: components.kubeconfig('admin'),
      home: components.layout.dataDir,
      kubectl: kubectl ?? '',
    };
    const session = new ShellSession(options);
    const startedMs = Date.now();
    await untilPrints(session, 'kubectl get nodes', /node-1 +Ready /);
    t.comment(`the node is Ready after ${Date.now() - startedMs} ms`);

    let killedMs = 0;
    const duringUpdate = async (): Promise<void> => {
      members[0]?.kill('SIGKILL');
      killedMs = Date.now();
      const write = 'kubectl create configmap after-kill --dry-run=client -o yaml | kubectl apply -f -';
      await untilPrints(session, write, /configmap\/after-kill/);
      t.comment(`a write succeeds ${Date.now() - killedMs} ms after the death of etcd's leader`);
    };
    await t.test('a Deployment from creation to deletion', (t) => mainFlow(t, options, { duringUpdate }));
    t.ok(killedMs > 0);
    await session.play(t, [
      ['kubectl create token default', /^ey/],
      ['kubectl get --raw /readyz', /^ok$/],
      ['kubectl get leases -n kube-system', /kube-controller-manager[^]*kube-scheduler/],
    ]);
    const codes = await components.stop();
    t.same(
      codes,
      { apiserver: 0, 'controller-manager': 0, scheduler: 0, kubelet: 0 },
      'each ends cleanly when asked to',
    );
  },
);

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { amountsOf } from '../../api/pods/pod-resources.ts';
import type { Node, Pod } from '../../api/types/core-v1.ts';
import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import { messageOf } from '../../client/api-errors.ts';
import { createEventRecorder } from '../../client/events.ts';
import type { EventRecorder } from '../../client/events.ts';
import { InformerFactory } from '../../client/informer.ts';
import { nodes, pods, services } from '../../client/resources.ts';
import type { Informer, KubeClient } from '../../client/types.ts';
import { admissionFailure } from './admission.ts';
import { readMachine } from './machine.ts';
import type { Machine } from './machine.ts';
import { NodeAgent } from './node-agent.ts';
import { capacityOf, nodeObject } from './node-object.ts';
import type { NodeInput } from './node-object.ts';
import { PodActions } from './pod-actions.ts';
import { PodFiles } from './pod-files.ts';
import { PodLifecycleEvents } from './pod-lifecycle-events.ts';
import { apiPodSources } from './pod-sources.ts';
import { PodWorkers } from './pod-workers.ts';
import { ProbeManager } from './probe-manager.ts';
import { realProbeRunner, simulatedProbeRunner } from './probe-runner.ts';
import { connectRuntime } from './runtime-connection.ts';
import type { RuntimeConnection, RuntimeEndpoint } from './runtime-connection.ts';
import { runtimeHealth } from './runtime-health.ts';
import { KubeletServer } from './server/kubelet-server.ts';
import type { KubeletServerSettings } from './server/kubelet-server.ts';
import type { RuntimeHealth } from './runtime-health.ts';

export interface KubeletOptions {
  readonly client: KubeClient;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `embedded`: containers are simulated in this process; or the socket of containerd, CRI-O, … */
  readonly runtimeEndpoint: RuntimeEndpoint;
  /** pods' volumes and logs, and the embedded runtime's state */
  readonly dataDir: string;
  /** addresses for this node's pods; else what the API server gives the node in spec.podCIDR */
  readonly podCidr?: string;
  /** in place of the machine's, by resource name */
  readonly capacity?: Readonly<Record<string, string>>;
  /** the port for logs and the like; absent: there is none */
  readonly server?: KubeletServerSettings;
  readonly clusterDns?: readonly string[];
  readonly clusterDomain?: string;
  /** default 10 s; the status is written when it changed, and each five minutes */
  readonly statusUpdateMs?: number;
  /** default 10 s */
  readonly leaseMs?: number;
  /** default 1 s */
  readonly relistMs?: number;
  /** default 1 min */
  readonly volumeRefreshMs?: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface Kubelet {
  /** resolves when the API server has the node */
  readonly registered: Promise<void>;
  /** `kuorum-embedded://0.1.0-simulated`, `containerd://1.6.20` */
  readonly runtimeVersion: string;
  /** where the runtime listens, for crictl and the like */
  readonly runtimeEndpoint: string;
  /** of its HTTPS server; 0: it has none */
  readonly port: number;
  /** Pods go on in a runtime of their own; the embedded one holds them still until the next start. */
  stop(): Promise<void>;
}

const healthPeriodMs = 5000;
/** how often files of ConfigMaps, Secrets and tokens are brought up to date, as the kubelet of Kubernetes does */
const volumeRefreshMsDefault = 60_000;
const heartbeatMsDefault = 10_000;
const relistMsDefault = 1000;

/** Runs this machine as a node of the cluster. Rejects where the runtime cannot be reached; the API server may come later. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const clock = options.clock ?? systemClock;
  const log = (options.log ?? silentLog).child({ node: options.nodeName });
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  const machine = await readMachine(dataDir);
  const runtime = await connectRuntime({ ...options, clock, log });
  const health = await runtimeHealth(runtime.cri);
  const kubelet = new NodeKubelet(options, { clock, log, dataDir, machine, runtime, health });
  await kubelet.start().catch((error: unknown) => runtime.close().then(() => Promise.reject(error as Error)));
  return kubelet;
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
  readonly machine: Machine;
  readonly runtime: RuntimeConnection;
  readonly health: RuntimeHealth;
}

/** Joins the parts, and hands each what the others tell. */
class NodeKubelet implements Kubelet {
  readonly registered: Promise<void>;
  readonly #options: KubeletOptions;
  readonly #surroundings: Surroundings;
  readonly #capacity: Readonly<Record<string, string>>;
  readonly #factory: InformerFactory;
  readonly #pods: Informer<Pod>;
  readonly #recorder: EventRecorder;
  readonly #files: PodFiles;
  readonly #probes: ProbeManager;
  readonly #actions: PodActions;
  readonly #workers: PodWorkers;
  readonly #lifecycle: PodLifecycleEvents;
  readonly #agent: NodeAgent;
  readonly #server: KubeletServer | undefined;
  #setRegistered: () => void = () => {};
  #health: RuntimeHealth;
  #podCidr: string | undefined;
  #synced = false;
  #cancelHealth: () => void = () => {};
  #cancelRefresh: () => void = () => {};
  #refreshing: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: KubeletOptions, surroundings: Surroundings) {
    const { client, nodeName, podCidr } = options;
    const { clock, log, dataDir, machine, runtime, health } = surroundings;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#health = health;
    this.#podCidr = podCidr;
    this.#capacity = capacityOf(machine, options.capacity);
    this.registered = new Promise((done) => (this.#setRegistered = done));
    this.#factory = new InformerFactory(client, { log, clock });
    this.#pods = this.#factory.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
    this.#recorder = createEventRecorder({ client, component: 'kubelet', host: nodeName, clock, log });
    this.#files = new PodFiles(dataDir);
    this.#probes = this.#makeProbes();
    this.#actions = this.#makeActions();
    this.#workers = this.#makeWorkers();
    this.#lifecycle = new PodLifecycleEvents({
      cri: runtime.cri,
      clock,
      log,
      changed: (uid) => this.#changedInRuntime(uid),
      relistMs: options.relistMs ?? relistMsDefault,
    });
    this.#server = this.#makeServer();
    this.#agent = new NodeAgent({
      client,
      clock,
      log,
      input: () => this.#nodeInput(),
      observed: (node) => this.#useCidrOf(node),
      statusUpdateMs: options.statusUpdateMs ?? heartbeatMsDefault,
      leaseMs: options.leaseMs ?? heartbeatMsDefault,
    });
  }

  get runtimeVersion(): string {
    return this.#surroundings.runtime.version;
  }

  get runtimeEndpoint(): string {
    return this.#surroundings.runtime.cri.endpoint;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  async start(): Promise<void> {
    const { clock, log } = this.#surroundings;
    await this.#server?.listen();
    this.#pods.addHandlers({
      added: (pod) => this.#workers.set(pod),
      updated: (before, pod) => {
        if (before.metadata?.uid !== pod.metadata?.uid) this.#workers.gone(before.metadata?.uid ?? '');
        this.#workers.set(pod);
      },
      deleted: (pod) => this.#workers.gone(pod.metadata?.uid ?? ''),
    });
    await this.#lifecycle.relist().catch(() => {});
    this.#lifecycle.start();
    this.#background(this.#register(), 'cannot register the node');
    this.#factory.start();
    this.#workers.start();
    this.#background(this.#removeLeftovers(), "cannot look for earlier pods' remains");
    this.#cancelHealth = clock.every(healthPeriodMs, () =>
      this.#background(this.#checkHealth(), "cannot write the node's status"),
    );
    this.#cancelRefresh = clock.every(this.#options.volumeRefreshMs ?? volumeRefreshMsDefault, () => {
      this.#refreshing ??= this.#refreshVolumes().finally(() => (this.#refreshing = undefined));
    });
    log.info({ runtime: this.runtimeVersion, endpoint: this.runtimeEndpoint }, 'the kubelet runs');
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#cancelHealth();
    this.#cancelRefresh();
    this.#actions.close();
    await this.#server?.close();
    await Promise.all([this.#agent.stop(), this.#factory.stop()]);
    await Promise.all([this.#workers.stop(), this.#lifecycle.stop()]);
    this.#probes.stop(); // after the workers: they begin to watch
    await this.#refreshing;
    await this.#recorder.stop();
    await this.#surroundings.runtime.close();
  }

  async #register(): Promise<void> {
    await this.#agent.start();
    const { node } = this.#agent;
    if (node === undefined) return; // stopped before
    this.#setRegistered();
    this.#recorder.event(nodes, node, 'Normal', 'Starting', 'Starting kubelet.');
  }

  /** Pods that were deleted while no kubelet ran are known to the runtime, or have files, and nobody else. */
  async #removeLeftovers(): Promise<void> {
    await this.#pods.synced();
    this.#synced = true;
    const known = new Set(this.#pods.lister.list().map(({ metadata }) => metadata?.uid));
    for (const uid of [...this.#lifecycle.uids(), ...(await this.#files.uids())]) {
      if (!known.has(uid)) this.#workers.gone(uid);
    }
  }

  async #refreshVolumes(): Promise<void> {
    for (const pod of this.#pods.lister.list()) {
      if (this.#stopping) return;
      const isRunning = pod.status?.phase === 'Running' && pod.metadata?.deletionTimestamp === undefined;
      if (isRunning) await this.#actions.refreshVolumes(pod);
    }
  }

  #changedInRuntime(uid: string): void {
    if (this.#workers.has(uid)) this.#workers.wake(uid);
    // What the API server does not know is left from earlier; but ask only when its pods are known.
    else if (this.#synced) this.#workers.gone(uid);
  }

  async #checkHealth(): Promise<void> {
    const before = this.#health.notReady;
    this.#health = await runtimeHealth(this.#surroundings.runtime.cri);
    if (before !== this.#health.notReady && this.#agent.node && !this.#stopping) await this.#agent.updateStatus();
  }

  #useCidrOf({ spec }: Node): void {
    const given = this.#options.podCidr ?? spec?.podCIDR;
    if (!given || given === this.#podCidr) return;
    this.#podCidr = given;
    const request = { runtimeConfig: { networkConfig: { podCidr: given } } };
    const update = this.#surroundings.runtime.cri.call('UpdateRuntimeConfig', request);
    this.#background(
      update.then(() => this.#checkHealth()),
      'the runtime does not take the pod CIDR',
    );
  }

  #background(work: Promise<void>, what: string): void {
    work.catch((error: unknown) => {
      if (!this.#stopping) this.#surroundings.log.warn({ error: messageOf(error) }, what);
    });
  }

  #nodeInput(): NodeInput {
    const { nodeName, nodeIp, labels = {}, podCidr } = this.#options;
    const { machine, clock } = this.#surroundings;
    return {
      name: nodeName,
      ip: nodeIp,
      port: this.port,
      labels,
      podCidr,
      capacity: this.#capacity,
      machine,
      runtimeVersion: this.runtimeVersion,
      notReady: this.#lifecycle.problem ?? this.#health.notReady,
      images: this.#health.images,
      nowMs: clock.nowMs(),
    };
  }

  #makeServer(): KubeletServer | undefined {
    const { client, nodeName, server } = this.#options;
    if (server === undefined) return undefined;
    const { clock, log, runtime } = this.#surroundings;
    return new KubeletServer({
      ...server,
      client,
      clock,
      log,
      nodeName,
      cri: runtime.cri,
      podNamed: (namespace, name) => this.#pods.lister.get(name, namespace),
      pods: () => this.#pods.lister.list(),
    });
  }

  #makeProbes(): ProbeManager {
    const { clock, runtime } = this.#surroundings;
    return new ProbeManager({
      clock,
      run: runtime.isEmbedded ? simulatedProbeRunner : realProbeRunner(runtime.cri),
      changed: (uid) => this.#workers.wake(uid),
      failed: ({ pod }, kind, output) => {
        const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
        this.#recorder.event(pods, pod, 'Warning', 'Unhealthy', `${name} probe failed: ${output}`);
      },
    });
  }

  #makeActions(): PodActions {
    const { client, nodeName, nodeIp, clusterDns = [], clusterDomain = 'cluster.local' } = this.#options;
    const { clock, log, machine, runtime } = this.#surroundings;
    return new PodActions({
      cri: runtime.cri,
      clock,
      log,
      recorder: this.#recorder,
      files: this.#files,
      sources: apiPodSources(client, this.#factory.informer(services).lister, () => clock.nowMs()),
      hostIp: nodeIp,
      machineMemory: machine.memoryBytes,
      dns: { servers: clusterDns, domain: clusterDomain },
      node: () => ({ name: nodeName, ip: nodeIp, allocatable: this.#capacity }),
      changed: (uid) => this.#workers.wake(uid),
    });
  }

  #makeWorkers(): PodWorkers {
    const { client, nodeIp } = this.#options;
    const { clock, log, runtime } = this.#surroundings;
    const allocatable = amountsOf(this.#capacity);
    return new PodWorkers({
      client,
      cri: runtime.cri,
      clock,
      log,
      recorder: this.#recorder,
      probes: this.#probes,
      actions: this.#actions,
      files: this.#files,
      hostIp: nodeIp,
      runtimeName: runtime.name,
      admit: (pod, others) =>
        admissionFailure(pod, others, this.#agent.node ?? nodeObject(this.#nodeInput()), allocatable),
    });
  }
}

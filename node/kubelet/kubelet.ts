import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { amountsOf } from '../../api/pods/pod-resources.ts';
import type { Node } from '../../api/types/core-v1.ts';
import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import { messageOf } from '../../client/api-errors.ts';
import { createEventRecorder } from '../../client/events.ts';
import { InformerFactory } from '../../client/informer.ts';
import { nodes, pods, services } from '../../client/resources.ts';
import type { KubeClient } from '../../client/types.ts';
import { createCriClient } from '../cri/client.ts';
import type { CriClient } from '../cri/client.ts';
import { runtimeName as embeddedRuntimeName } from '../runtime/cri-services.ts';
import { startEmbeddedRuntime } from '../runtime/server.ts';
import { admissionFailure } from './admission.ts';
import { readMachine } from './machine.ts';
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
import { runtimeHealth } from './runtime-health.ts';

export interface KubeletOptions {
  readonly client: KubeClient;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `embedded`: containers are simulated in this process; or the socket of containerd, CRI-O, … */
  readonly runtimeEndpoint: 'embedded' | `unix://${string}`;
  /** pods' volumes and logs, and the embedded runtime's state */
  readonly dataDir: string;
  /** addresses for this node's pods; else what the API server gives the node in spec.podCIDR */
  readonly podCidr?: string;
  /** in place of the machine's, by resource name */
  readonly capacity?: Readonly<Record<string, string>>;
  readonly clusterDns?: readonly string[];
  readonly clusterDomain?: string;
  /** default 10 s; the status is written when it changed, and each five minutes */
  readonly statusUpdateMs?: number;
  /** default 10 s */
  readonly leaseMs?: number;
  /** default 1 s */
  readonly relistMs?: number;
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
  /** Pods go on in a runtime of their own; the embedded one holds them still until the next start. */
  stop(): Promise<void>;
}

const healthPeriodMs = 5000;

interface Runtime {
  readonly cri: CriClient;
  readonly isEmbedded: boolean;
  readonly name: string;
  readonly version: string;
  close(): Promise<void>;
}

async function connectRuntime(options: KubeletOptions, clock: Clock, log: Log): Promise<Runtime> {
  const { runtimeEndpoint, podCidr } = options;
  const embedded =
    runtimeEndpoint === 'embedded'
      ? await startEmbeddedRuntime({ dataDir: join(resolve(options.dataDir), 'runtime'), podCidr, clock, log })
      : undefined;
  const endpoint = embedded?.endpoint ?? runtimeEndpoint;
  const cri = createCriClient(endpoint);
  const close = async (): Promise<void> => {
    cri.close();
    await embedded?.close();
  };
  try {
    const version = await cri.call('Version', {}, { timeoutMs: 5000 });
    const isEmbedded = version.runtimeName === embeddedRuntimeName;
    return { cri, isEmbedded, name: version.runtimeName, version: version.runtimeVersion, close };
  } catch (error) {
    await close();
    throw new Error(`cannot reach a CRI v1 runtime at ${endpoint}: ${messageOf(error)}`, { cause: error });
  }
}

/** Runs this machine as a node of the cluster. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, nodeName, nodeIp, clock = systemClock } = options;
  const log = (options.log ?? silentLog).child({ node: nodeName });
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  const machine = await readMachine(dataDir);
  const runtime = await connectRuntime(options, clock, log);
  const { cri } = runtime;
  const capacity = capacityOf(machine, options.capacity);
  const runtimeVersion = `${runtime.name}://${runtime.version.replace(/^v/, '')}`;
  let health = await runtimeHealth(cri);
  let podCidr = options.podCidr;

  const input = (): NodeInput => ({
    name: nodeName,
    ip: nodeIp,
    labels: options.labels ?? {},
    podCidr: options.podCidr,
    capacity,
    machine,
    runtimeVersion,
    notReady: lifecycle.problem ?? health.notReady,
    images: health.images,
    nowMs: clock.nowMs(),
  });
  const agent = new NodeAgent({
    client,
    clock,
    log,
    input,
    observed: (node) => useCidrOf(node),
    statusUpdateMs: options.statusUpdateMs ?? 10_000,
    leaseMs: options.leaseMs ?? 10_000,
  });
  const checkHealth = async (): Promise<void> => {
    const before = health.notReady;
    health = await runtimeHealth(cri);
    if (before !== health.notReady && agent.node) await agent.updateStatus();
  };
  const background = (work: Promise<void>, what: string): void => {
    work.catch((error: unknown) => log.warn({ error: messageOf(error) }, what));
  };
  const useCidrOf = (node: Node): void => {
    const given = options.podCidr ?? node.spec?.podCIDR;
    if (given === undefined || given === podCidr) return;
    podCidr = given;
    const update = cri.call('UpdateRuntimeConfig', { runtimeConfig: { networkConfig: { podCidr: given } } });
    background(update.then(checkHealth), 'the runtime does not take the pod CIDR');
  };

  const factory = new InformerFactory(client, { log, clock });
  const podInformer = factory.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const serviceInformer = factory.informer(services);
  const recorder = createEventRecorder({ client, component: 'kubelet', host: nodeName, clock, log });
  const files = new PodFiles(dataDir);
  const sources = apiPodSources(client, serviceInformer.lister);
  const probes = new ProbeManager({
    clock,
    run: runtime.isEmbedded ? simulatedProbeRunner : realProbeRunner(cri),
    changed: (uid) => podWorkers.wake(uid),
    failed({ pod }, kind, output) {
      const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
      recorder.event(pods, pod, 'Warning', 'Unhealthy', `${name} probe failed: ${output}`);
    },
  });
  const actions = new PodActions({
    cri,
    clock,
    log,
    recorder,
    files,
    sources,
    hostIp: nodeIp,
    machineMemory: machine.memoryBytes,
    dns: { servers: options.clusterDns ?? [], domain: options.clusterDomain ?? 'cluster.local' },
    node: () => ({ name: nodeName, ip: nodeIp, allocatable: capacity }),
    changed: (uid) => podWorkers.wake(uid),
  });
  const allocatable = amountsOf(capacity);
  const podWorkers = new PodWorkers({
    client,
    cri,
    clock,
    log,
    recorder,
    probes,
    actions,
    files,
    hostIp: nodeIp,
    runtimeName: runtime.name,
    admit: (pod, others) => admissionFailure(pod, others, agent.node ?? nodeObject(input()), allocatable),
  });
  let synced = false;
  const changedInRuntime = (uid: string): void => {
    if (podWorkers.has(uid)) podWorkers.wake(uid);
    // What the API server does not know is left from earlier; but ask only when its pods are known.
    else if (synced) podWorkers.gone(uid);
  };
  const relistMs = options.relistMs ?? 1000;
  const lifecycle = new PodLifecycleEvents({ cri, clock, log, changed: changedInRuntime, relistMs });

  podInformer.addHandlers({
    added: (pod) => podWorkers.set(pod),
    updated(before, pod) {
      if (before.metadata?.uid !== pod.metadata?.uid) podWorkers.gone(before.metadata?.uid ?? '');
      podWorkers.set(pod);
    },
    deleted: (pod) => podWorkers.gone(pod.metadata?.uid ?? ''),
  });
  await lifecycle.relist().catch(() => {});
  lifecycle.start();
  const registered = agent.start();
  factory.start();
  podWorkers.start();
  const cleaned = (async () => {
    await podInformer.synced();
    synced = true;
    const known = new Set(podInformer.lister.list().map(({ metadata }) => metadata?.uid));
    for (const uid of [...lifecycle.uids(), ...(await files.uids())]) if (!known.has(uid)) podWorkers.gone(uid);
  })();
  cleaned.catch(() => {}); // rejects only when stopped before the first list
  const cancelHealth = clock.every(healthPeriodMs, () => background(checkHealth(), "cannot write the node's status"));
  void registered.then(() => {
    const node = agent.node;
    if (node) recorder.event(nodes, node, 'Normal', 'Starting', 'Starting kubelet.');
  });
  log.info({ runtime: runtimeVersion, endpoint: cri.endpoint }, 'the kubelet runs');

  return {
    registered,
    runtimeVersion,
    runtimeEndpoint: cri.endpoint,
    async stop() {
      cancelHealth();
      actions.close();
      await Promise.all([agent.stop(), factory.stop()]);
      await Promise.all([podWorkers.stop(), lifecycle.stop()]);
      probes.stop(); // after the workers: they begin to watch
      await recorder.stop();
      await runtime.close();
    },
  };
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { Layout, NodePlace } from '../cluster/layout.ts';
import { loadState } from '../cluster/state.ts';
import { installClockFault } from '../faults/clock-fault.ts';
import type { KubeletServerSettings } from '../../node/kubelet/server/kubelet-server.ts';
import { readPair } from '../pki/cluster-pki.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';
import type { Part } from './process-life.ts';

const containerdSocket = '/run/containerd/containerd.sock';

/** A CRI runtime belongs to the first node: two kubelets on one runtime would take each other's pods for their own. */
function runtimeFor(layout: Layout, node: NodePlace): string {
  const { runtime } = layout.config.nodes;
  if (node !== layout.nodes[0]) return 'embedded';
  if (runtime !== 'auto') return runtime;
  return existsSync(containerdSocket) ? `unix://${containerdSocket}` : 'embedded';
}

const folderCheckMs = 2000;

/** A cluster whose folder was deleted can be neither stopped nor started any more: its processes end by themselves. */
function folderGuard(layout: Layout): Part {
  let cancel = (): void => {};
  const failed = new Promise<Error>((resolve) => {
    cancel = systemClock.every(folderCheckMs, () => {
      if (!existsSync(layout.stateFile)) resolve(new Error(`${layout.stateFile} is gone, and with it this cluster`));
    });
  });
  return { name: 'folder', failed, stop: () => Promise.resolve(cancel()) };
}

/** Any free port, which the node's status tells. undefined: the cluster is of a time before there was one. */
function kubeletServerOf(layout: Layout, { name }: NodePlace): KubeletServerSettings | undefined {
  if (!existsSync(join(layout.pkiDir, `${name}-server.crt`))) return undefined;
  const clientCa = readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8');
  return { port: 0, ...readPair(layout.pkiDir, `${name}-server`), clientCa };
}

async function runNode(layout: Layout, node: NodePlace): Promise<void> {
  const log = createLog(node.name);
  dieLoudly(log);
  // each process loads only what it runs: a front needs no API server in its memory
  const { createKubeClient } = await import('../../client/kube-client.ts');
  const { startKubelet } = await import('../../node/kubelet/kubelet.ts');
  const { runtimeEndpoint } = await import('./kubelet.ts');
  const client = createKubeClient({
    servers: [layout.frontUrl, ...layout.replicas.map((r) => r.apiUrl)],
    ca: readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8'),
    ...readPair(layout.pkiDir, node.name),
    userAgent: `kuorum-kubelet/${node.name}`,
  });
  const kubelet = await startKubelet({
    client,
    nodeName: node.name,
    nodeIp: '127.0.0.1',
    runtimeEndpoint: runtimeEndpoint(runtimeFor(layout, node)),
    dataDir: node.dir,
    podCidr: node.podCidr,
    server: kubeletServerOf(layout, node),
    log,
  });
  const parts = [
    folderGuard(layout),
    { name: 'client', stop: () => client.close() },
    { name: 'kubelet', stop: () => kubelet.stop() },
  ];
  await liveUntilSignal(parts, log);
}

async function runFront(layout: Layout): Promise<void> {
  const log = createLog('front');
  dieLoudly(log);
  const { startFront } = await import('../front/front.ts');
  const front = await startFront({
    host: '127.0.0.1',
    port: layout.config.port,
    backends: layout.replicas.map((r) => r.apiPort),
    ca: readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8'),
    log,
  });
  await liveUntilSignal([folderGuard(layout), { name: 'front', stop: () => front.stop() }], log);
}

async function runReplica(layout: Layout, name: string): Promise<void> {
  const replica = layout.replicas.find((r) => r.name === name);
  if (replica === undefined) throw new CliError(`there is no component ${name}`);
  const log = createLog(name);
  dieLoudly(log);
  const { startReplica } = await import('./replica.ts');
  const parts = await startReplica(layout, replica, log);
  await liveUntilSignal([folderGuard(layout), ...parts], log);
}

/** One process of a cluster that `kuorum up` made. */
export async function runLocalComponent(dataDir: string, name: string): Promise<void> {
  process.title = `kuorum ${name}`;
  installClockFault();
  const layout = loadState(dataDir);
  const node = layout.nodes.find((n) => n.name === name);
  try {
    if (name === 'front') await runFront(layout);
    else if (node !== undefined) await runNode(layout, node);
    else await runReplica(layout, name);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${name} could not start: ${messageOf(error)}`, 1, { cause: error });
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '../../base/log.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { startKubelet } from '../../node/kubelet/kubelet.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { Layout, NodePlace } from '../cluster/layout.ts';
import { loadState } from '../cluster/state.ts';
import { startFront } from '../front/front.ts';
import { readPair } from '../pki/cluster-pki.ts';
import { runtimeEndpoint } from './kubelet.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';
import { startReplica } from './replica.ts';

const containerdSocket = '/run/containerd/containerd.sock';

/** `auto` is containerd for the first node where it runs: two kubelets on one runtime would mix up their pods. */
function runtimeFor(layout: Layout, node: NodePlace): ReturnType<typeof runtimeEndpoint> {
  const { runtime } = layout.config.nodes;
  if (runtime !== 'auto') return runtimeEndpoint(runtime);
  return node === layout.nodes[0] && existsSync(containerdSocket) ? `unix://${containerdSocket}` : 'embedded';
}

async function runNode(layout: Layout, node: NodePlace): Promise<void> {
  const log = createLog(node.name);
  dieLoudly(log);
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
    runtimeEndpoint: runtimeFor(layout, node),
    dataDir: node.dir,
    podCidr: node.podCidr,
    log,
  });
  const parts = [
    { name: 'client', stop: () => client.close() },
    { name: 'kubelet', stop: () => kubelet.stop() },
  ];
  await liveUntilSignal(parts, log);
}

async function runFront(layout: Layout): Promise<void> {
  const log = createLog('front');
  dieLoudly(log);
  const front = await startFront({
    host: '127.0.0.1',
    port: layout.config.port,
    backends: layout.replicas.map((r) => r.apiPort),
    ca: readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8'),
    log,
  });
  await liveUntilSignal([{ name: 'front', stop: () => front.stop() }], log);
}

async function runReplica(layout: Layout, name: string): Promise<void> {
  const replica = layout.replicas.find((r) => r.name === name);
  if (replica === undefined) throw new CliError(`there is no component ${name}`);
  const log = createLog(name);
  dieLoudly(log);
  await liveUntilSignal(await startReplica(layout, replica, log), log);
}

/** One process of a cluster that `kuorum up` made. */
export async function runLocalComponent(dataDir: string, name: string): Promise<void> {
  process.title = `kuorum ${name}`;
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

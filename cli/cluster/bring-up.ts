import { systemClock } from '../../base/clock.ts';
import type { Node } from '../../api/types/core-v1.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { nodes } from '../../client/resources.ts';
import type { KubeClient } from '../../client/types.ts';
import { messageOf } from '../cli-error.ts';
import { joinReplica } from '../membership/join-replica.ts';
import { replicaRoles } from '../membership/replica-roles.ts';
import { ensurePki } from '../pki/cluster-pki.ts';
import { writeKubeconfig } from '../pki/kubeconfig-file.ts';
import { apiReadiness } from './cluster-status.ts';
import { componentsOf } from './layout.ts';
import type { Layout } from './layout.ts';
import { logBytesOf, stateOf } from './processes.ts';
import { startNow, untilReady } from './start-one.ts';
import type { Start } from './start-one.ts';

/** Told once a component is ready: its name, what it is doing, and how long it took. */
export type Progress = (component: string, what: string, ms: number) => void;

async function nodeReadiness(client: KubeClient, name: string): Promise<string | undefined> {
  try {
    const node = await client.resource<Node>(nodes).get(name);
    const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
    return ready?.status === 'True' ? undefined : `Ready is ${ready?.status ?? 'not set'}`;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Starts what is not yet running and waits until all of it is ready: API servers that answer /readyz and nodes that
 * are Ready. Everything is started at once; readiness is waited for in parallel. Replicas without data join the others
 * when those are ready; one that was removed stays out.
 */
export async function bringUp(layout: Layout, progress: Progress): Promise<void> {
  const began = systemClock.monotonicMs();
  const renewed = await ensurePki(layout);
  writeKubeconfig(layout);
  if (renewed.length > 0) progress('certificates', `made ${renewed.length}`, systemClock.monotonicMs() - began);
  const startedNow = new Map<string, Start>();
  const roles = replicaRoles(layout);
  for (const component of componentsOf(layout)) {
    if (roles[component] !== undefined || stateOf(layout, component).pid !== undefined) continue;
    startedNow.set(component, startNow(layout, component));
  }
  const startOf = (component: string): Start =>
    startedNow.get(component) ?? {
      component,
      atMs: systemClock.monotonicMs(),
      logBytes: logBytesOf(layout, component),
    };
  const what = (component: string): string => (startedNow.has(component) ? 'ready' : 'was running');
  const client = createKubeClient({
    ...loadKubeconfig(layout.kubeconfig),
    servers: layout.replicas.map((r) => r.apiUrl),
    userAgent: 'kuorum-up',
  });
  try {
    await Promise.all([
      untilReady(layout, startOf('front'), () => apiReadiness(layout, layout.config.port)).then((ms) =>
        progress('front', what('front'), ms),
      ),
      ...layout.replicas.map(async (replica) => {
        if (roles[replica.name] !== undefined) return;
        const ms = await untilReady(layout, startOf(replica.name), () => apiReadiness(layout, replica.apiPort));
        progress(replica.name, what(replica.name), ms);
      }),
      ...layout.nodes.map(async ({ name }) => {
        const ms = await untilReady(layout, startOf(name), () => nodeReadiness(client, name));
        progress(name, what(name), ms);
      }),
    ]);
    for (const replica of layout.replicas) {
      if (roles[replica.name] !== 'joins') continue;
      const ms = await joinReplica(layout, replica, () => {});
      progress(replica.name, 'joined', ms);
    }
  } finally {
    await client.close();
  }
}

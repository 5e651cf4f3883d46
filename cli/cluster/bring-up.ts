import { sleep, systemClock } from '../../base/clock.ts';
import type { Node } from '../../api/types/core-v1.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { nodes } from '../../client/resources.ts';
import type { KubeClient } from '../../client/types.ts';
import { CliError, messageOf } from '../cli-error.ts';
import { ensurePki } from '../pki/cluster-pki.ts';
import { writeKubeconfig } from '../pki/kubeconfig-file.ts';
import { apiReadiness } from './cluster-status.ts';
import { componentsOf } from './layout.ts';
import type { Layout } from './layout.ts';
import { lastLogLines, logBytesOf, logFileOf, startComponent, stateOf } from './processes.ts';

const readyTimeoutMs = 60_000;
const pollMs = 20;

/** Told once a component is ready: its name, what it is doing, and how long it took. */
export type Progress = (component: string, what: string, ms: number) => void;

interface Start {
  readonly component: string;
  readonly atMs: number;
  /** how long its log was before */
  readonly logBytes: number;
}

function startNow(layout: Layout, component: string): Start {
  const start = { component, atMs: systemClock.monotonicMs(), logBytes: logBytesOf(layout, component) };
  startComponent(layout, component);
  return start;
}

/** What the component said about its end, else the end of its log. */
function whyEnded(layout: Layout, { component, logBytes }: Start): CliError {
  const lines = lastLogLines(layout, component, 8, logBytes);
  const path = logFileOf(layout, component);
  const last = lines.at(-1) ?? '';
  if (last.startsWith('kuorum: ')) return new CliError(`${last.slice('kuorum: '.length)} (log: ${path})`);
  return new CliError(`${component} ended while starting. The end of ${path}:\n  ${lines.join('\n  ')}`);
}

/** `component` is running and `ready` has said so; throws with what it said where it died. */
async function untilReady(layout: Layout, start: Start, ready: () => Promise<string | undefined>): Promise<number> {
  const { component, atMs } = start;
  let problem: string | undefined;
  while (systemClock.monotonicMs() - atMs < readyTimeoutMs) {
    if (stateOf(layout, component).state === 'stopped') throw whyEnded(layout, start);
    problem = await ready();
    if (problem === undefined) return systemClock.monotonicMs() - atMs;
    await sleep(pollMs);
  }
  throw new CliError(
    `${component} was not ready after ${readyTimeoutMs / 1000} s (${problem ?? ''}); see \`kuorum logs ${component}\``,
  );
}

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
 * are Ready. Everything is started at once; readiness is waited for in parallel.
 */
export async function bringUp(layout: Layout, progress: Progress): Promise<void> {
  const began = systemClock.monotonicMs();
  const renewed = await ensurePki(layout);
  writeKubeconfig(layout);
  if (renewed.length > 0) progress('certificates', `made ${renewed.length}`, systemClock.monotonicMs() - began);
  const startedNow = new Map<string, Start>();
  for (const component of componentsOf(layout)) {
    if (stateOf(layout, component).pid !== undefined) continue;
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
        const ms = await untilReady(layout, startOf(replica.name), () => apiReadiness(layout, replica.apiPort));
        progress(replica.name, what(replica.name), ms);
      }),
      ...layout.nodes.map(async ({ name }) => {
        const ms = await untilReady(layout, startOf(name), () => nodeReadiness(client, name));
        progress(name, what(name), ms);
      }),
    ]);
  } finally {
    await client.close();
  }
}

/** Starts one component that was stopped and waits until it is ready. */
export async function startOne(layout: Layout, component: string): Promise<number> {
  await ensurePki(layout);
  const start = startNow(layout, component);
  const replica = layout.replicas.find((r) => r.name === component);
  if (replica) return untilReady(layout, start, () => apiReadiness(layout, replica.apiPort));
  return systemClock.monotonicMs() - start.atMs;
}

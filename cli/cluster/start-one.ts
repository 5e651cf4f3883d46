import { sleep, systemClock } from '../../base/clock.ts';
import { CliError } from '../cli-error.ts';
import { ensurePki } from '../pki/cluster-pki.ts';
import { apiReadiness } from './cluster-status.ts';
import type { Layout } from './layout.ts';
import { lastLogLines, logBytesOf, logFileOf, startComponent, stateOf } from './processes.ts';

const readyTimeoutMs = 60_000;
const pollMs = 20;

export interface Start {
  readonly component: string;
  readonly atMs: number;
  /** how long its log was before */
  readonly logBytes: number;
}

export function startNow(layout: Layout, component: string): Start {
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
export async function untilReady(
  layout: Layout,
  start: Start,
  ready: () => Promise<string | undefined>,
): Promise<number> {
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

/** Starts one component that was stopped and waits until it is ready. */
export async function startOne(layout: Layout, component: string): Promise<number> {
  await ensurePki(layout);
  const start = startNow(layout, component);
  const replica = layout.replicas.find((r) => r.name === component);
  if (replica) return untilReady(layout, start, () => apiReadiness(layout, replica.apiPort));
  return systemClock.monotonicMs() - start.atMs;
}

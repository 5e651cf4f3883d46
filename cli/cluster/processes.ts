import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../base/clock.ts';
import { CliError } from '../cli-error.ts';
import type { Layout } from './layout.ts';
import { processStartOf, processStateOf } from './process-table.ts';
import { writeAtomically } from './state.ts';

/** Each component is a process of its own, known by a file in <data-dir>/run; nobody has to stay to supervise it. */
interface RunFile {
  readonly pid: number;
  /** when the process with this pid started: a pid that was given to another process is not ours */
  readonly started: string;
}

export type RunState = 'running' | 'paused' | 'stopped';

export interface ComponentState {
  readonly component: string;
  readonly state: RunState;
  readonly pid: number | undefined;
}

/** a log larger than this is set aside when its component starts; one older one is kept */
const logBytesMax = 16 * 1024 * 1024;

const runFileOf = (layout: Layout, component: string): string => join(layout.runDir, `${component}.json`);
export const logFileOf = (layout: Layout, component: string): string => join(layout.logDir, `${component}.log`);

export function stateOf(layout: Layout, component: string): ComponentState {
  const stopped: ComponentState = { component, state: 'stopped', pid: undefined };
  const path = runFileOf(layout, component);
  if (!existsSync(path)) return stopped;
  let run: RunFile;
  try {
    run = JSON.parse(readFileSync(path, 'utf8')) as RunFile;
  } catch {
    return stopped; // written by one rename, so damaged only by hand
  }
  if (processStartOf(run.pid) !== run.started) return stopped;
  const state = processStateOf(run.pid);
  return state === 'gone' ? stopped : { component, state, pid: run.pid };
}

function openLog(layout: Layout, component: string): number {
  mkdirSync(layout.logDir, { recursive: true, mode: 0o700 });
  const path = logFileOf(layout, component);
  if (existsSync(path) && statSync(path).size > logBytesMax) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** Starts a component in the background; it outlives this process. */
export function startComponent(layout: Layout, component: string): void {
  const before = stateOf(layout, component);
  if (before.pid !== undefined) throw new CliError(`${component} is ${before.state} already (pid ${before.pid})`);
  const log = openLog(layout, component);
  const program = process.argv[1] ?? '';
  const child = spawn(
    process.execPath,
    [...process.execArgv, program, 'component', component, '--data-dir', layout.dataDir],
    {
      detached: true,
      stdio: ['ignore', log, log],
      // fsyncs must not queue behind the store's background writes
      env: { UV_THREADPOOL_SIZE: '8', GRPC_VERBOSITY: 'NONE', ...process.env, ...layout.environment?.[component] },
    },
  );
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new CliError(`${component} could not be started: ${process.execPath} did not run`);
  writeAtomically(runFileOf(layout, component), JSON.stringify({ pid, started: processStartOf(pid) ?? '' }));
}

export function signalComponent(layout: Layout, component: string, signal: NodeJS.Signals): number {
  const { pid } = stateOf(layout, component);
  if (pid === undefined) throw new CliError(`${component} is not running; start it with \`kuorum start ${component}\``);
  process.kill(pid, signal);
  return pid;
}

/** SIGTERM to all, then SIGKILL to those that are still there after `graceMs`. Paused ones are woken to die. */
export async function stopComponents(layout: Layout, components: readonly string[], graceMs = 10_000): Promise<void> {
  const alive = (): ComponentState[] => components.map((c) => stateOf(layout, c)).filter((c) => c.pid !== undefined);
  const send = (states: ComponentState[], signal: NodeJS.Signals): void => {
    for (const { pid } of states) {
      try {
        if (pid !== undefined) process.kill(pid, signal);
      } catch {
        // gone in between
      }
    }
  };
  send(alive(), 'SIGTERM');
  send(alive(), 'SIGCONT');
  const deadline = systemClock.monotonicMs() + graceMs;
  while (alive().length > 0 && systemClock.monotonicMs() < deadline) await sleep(25);
  send(alive(), 'SIGKILL');
  while (alive().length > 0) await sleep(25);
  for (const component of components) rmSync(runFileOf(layout, component), { force: true });
}

/** How long a component's log is now: what is beyond it later was written since. */
export function logBytesOf(layout: Layout, component: string): number {
  const path = logFileOf(layout, component);
  return existsSync(path) ? statSync(path).size : 0;
}

/** The last lines a component wrote behind `from`, for telling why it died. */
export function lastLogLines(layout: Layout, component: string, count: number, from: number): string[] {
  const path = logFileOf(layout, component);
  if (!existsSync(path)) return [];
  const content = readFileSync(path);
  // shorter than before: it was set aside at the start, and this is the new one
  const since = content.length < from ? content : content.subarray(from);
  return since.toString().trimEnd().split('\n').slice(-count);
}

import { readFileSync, rmSync } from 'node:fs';
import { CliError } from '../cli-error.ts';
import { clusterStatus, findLeader } from '../cluster/cluster-status.ts';
import { componentsOf } from '../cluster/layout.ts';
import type { Layout } from '../cluster/layout.ts';
import { signalComponent, stopComponents } from '../cluster/processes.ts';
import { startOne } from '../cluster/start-one.ts';
import { loadState } from '../cluster/state.ts';
import { statusText } from '../cluster/status-text.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** `leader` → the replica that leads; `2` → replica-2; else the name of a component. */
async function componentNamed(layout: Layout, target: string): Promise<string> {
  if (target === 'leader') {
    const leader = await findLeader(layout);
    if (leader === undefined) throw new CliError('no replica says that it leads; see `kuorum status`');
    return leader;
  }
  const name = /^\d+$/.test(target) ? `replica-${target}` : target;
  const components = componentsOf(layout);
  if (!components.includes(name)) {
    throw new CliError(`there is no component "${target}"; there are: leader, ${components.join(', ')}`);
  }
  return name;
}

async function signal(dataDir: string, target: string, name: NodeJS.Signals, done: string): Promise<void> {
  const layout = loadState(dataDir);
  const component = await componentNamed(layout, target);
  const pid = signalComponent(layout, component, name);
  print(`${component} ${done} (pid ${pid}, ${name})`);
}

export const kill = (dataDir: string, target: string): Promise<void> => signal(dataDir, target, 'SIGKILL', 'killed');
export const pause = (dataDir: string, target: string): Promise<void> => signal(dataDir, target, 'SIGSTOP', 'paused');
export const resume = (dataDir: string, target: string): Promise<void> => signal(dataDir, target, 'SIGCONT', 'resumed');

export async function stop(dataDir: string, target: string): Promise<void> {
  const layout = loadState(dataDir);
  const component = await componentNamed(layout, target);
  await stopComponents(layout, [component]);
  print(`${component} stopped`);
}

export async function start(dataDir: string, target: string): Promise<void> {
  const layout = loadState(dataDir);
  const component = await componentNamed(layout, target);
  const ms = await startOne(layout, component);
  print(`${component} ready after ${(ms / 1000).toFixed(2)} s`);
}

export async function down(dataDir: string): Promise<void> {
  const layout = loadState(dataDir);
  await stopComponents(layout, componentsOf(layout).reverse());
  print(`${layout.config.name} stopped; its data is kept in ${layout.dataDir}`);
}

export async function reset(dataDir: string): Promise<void> {
  const layout = loadState(dataDir); // a folder without our state file is not ours to delete
  await stopComponents(layout, componentsOf(layout).reverse(), 2000);
  rmSync(layout.dataDir, { recursive: true, force: true });
  print(`${layout.config.name} deleted with all its data: ${layout.dataDir}`);
}

export async function status(dataDir: string, output: string | undefined): Promise<void> {
  if (output !== undefined && output !== 'json') throw new CliError(`-o ${output} is not supported; use -o json`);
  const current = await clusterStatus(loadState(dataDir));
  print(output === 'json' ? JSON.stringify(current, null, 2) : statusText(current));
}

export async function kubeconfig(dataDir: string, path: boolean): Promise<void> {
  const layout = loadState(dataDir);
  process.stdout.write(path ? `${layout.kubeconfig}\n` : readFileSync(layout.kubeconfig, 'utf8'));
}

import { colors as pc } from '../colors.ts';
import { resolve } from 'node:path';
import { sleep, systemClock } from '../../base/clock.ts';
import { CliError } from '../cli-error.ts';
import { bringUp } from '../cluster/bring-up.ts';
import { clusterStatus } from '../cluster/cluster-status.ts';
import { componentsOf, layoutOf } from '../cluster/layout.ts';
import type { Layout } from '../cluster/layout.ts';
import { checkPorts } from '../cluster/ports.ts';
import { stateOf, stopComponents } from '../cluster/processes.ts';
import { checkSameCluster, findState, saveState } from '../cluster/state.ts';
import { statusLine } from '../cluster/status-text.ts';
import { loadClusterConfig } from '../config/cluster-config.ts';
import { configSchema } from '../config/config-schema.ts';
import type { ClusterConfig } from '../config/config-schema.ts';

export interface UpOptions {
  file?: string;
  replicas?: number;
  nodes?: number;
  port?: number;
  dataDir?: string;
  detach?: boolean;
}

const statusPeriodMs = 2000;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function accept<T>(
  flag: string,
  rule: { read(value: unknown): { value: T } | { problem: string } },
  value: unknown,
): T {
  const result = rule.read(value);
  if ('problem' in result) throw new CliError(`${flag} ${result.problem}`);
  return result.value;
}

/** Flags win over cluster.yaml; an existing cluster keeps what it was made with where neither says otherwise. */
function wantedConfig(options: UpOptions): ClusterConfig {
  const fromFile = loadClusterConfig(options.file);
  const dataDir = options.dataDir === undefined ? fromFile.dataDir : resolve(options.dataDir);
  const existing = findState(dataDir)?.config;
  // flags given when the cluster was made need not be given again
  const base = existing !== undefined && options.file === undefined ? existing : fromFile;
  const nodes = options.nodes ?? base.nodes.count;
  return {
    ...base,
    dataDir,
    replicas: accept('--replicas', configSchema.replicas, options.replicas ?? base.replicas),
    port: accept('--port', configSchema.port, options.port ?? base.port),
    nodes: { ...base.nodes, count: accept('--nodes', configSchema.nodes.count, nodes) },
  };
}

function greeting(layout: Layout, ms: number): string {
  const command = (text: string, why: string): string => `  ${pc.cyan(text.padEnd(58))}${pc.dim(why)}`;
  return [
    '',
    `${pc.green('Ready')} in ${(ms / 1000).toFixed(1)} s. kubeconfig: ${pc.bold(layout.kubeconfig)}`,
    '',
    command(`export KUBECONFIG=${layout.kubeconfig}`, ''),
    command('kubectl get nodes', 'the nodes'),
    command('kubectl create deployment web --image=nginx --replicas=3', 'some pods'),
    command('npx kuorum kill leader && npx kuorum status', 'nothing is lost'),
    '',
  ].join('\n');
}

/** Redraws one line on a terminal; elsewhere prints it when it changes in more than its revision. */
async function watchStatus(layout: Layout, signal: AbortSignal): Promise<void> {
  const terminal = process.stdout.isTTY;
  let shown = '';
  while (!signal.aborted) {
    const line = statusLine(await clusterStatus(layout));
    if (terminal) process.stdout.write(`\r\x1b[2K${line}`);
    const essence = line.replace(/revision \d+/, '');
    if (!terminal && essence !== shown) print(line);
    shown = essence;
    await sleep(statusPeriodMs, systemClock, signal).catch(() => {});
  }
  if (terminal) print('');
}

function untilInterrupted(): { signal: AbortSignal; name: () => string } {
  const abort = new AbortController();
  let received = '';
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      received = name;
      abort.abort();
    });
  }
  return { signal: abort.signal, name: () => received };
}

export async function up(options: UpOptions): Promise<void> {
  const began = systemClock.monotonicMs();
  const config = wantedConfig(options);
  const existing = findState(config.dataDir);
  if (existing) checkSameCluster(existing, config);
  // before anything is written: a first try that was refused fixes no ports
  await checkPorts(layoutOf(config), existing !== undefined);
  const layout = saveState(config);
  const running = componentsOf(layout).filter((c) => stateOf(layout, c).pid !== undefined);
  if (running.length === componentsOf(layout).length) {
    throw new CliError(
      `${config.name} is running already (${layout.dataDir}); see \`kuorum status\`, stop it with \`kuorum down\``,
    );
  }
  const interrupted = untilInterrupted();
  print(`${pc.bold(config.name)}: ${config.replicas} replicas, ${config.nodes.count} nodes, data in ${layout.dataDir}`);
  const stopAll = (): Promise<void> => stopComponents(layout, componentsOf(layout).reverse());
  const starting = bringUp(layout, (component, what, ms) => {
    print(`  ${pc.green('✓')} ${component.padEnd(14)}${what.padEnd(12)}${pc.dim(`${(ms / 1000).toFixed(2)} s`)}`);
  });
  const aborted = new Promise<'aborted'>((done) => interrupted.signal.addEventListener('abort', () => done('aborted')));
  const outcome = await Promise.race([starting.then(() => 'ready' as const), aborted]).catch(async (error: unknown) => {
    // what was running before this command stays
    await stopComponents(
      layout,
      componentsOf(layout).filter((c) => !running.includes(c)),
    );
    throw error;
  });
  if (outcome === 'ready') {
    print(greeting(layout, systemClock.monotonicMs() - began));
    if (options.detach === true) return;
    await watchStatus(layout, interrupted.signal);
  } else {
    starting.catch(() => {}); // it ends with what is stopped now
  }
  print(`${interrupted.name()}: stopping`);
  await stopAll();
  print('Stopped; the data is kept. `kuorum up` goes on where this ended.');
  process.exit(0);
}

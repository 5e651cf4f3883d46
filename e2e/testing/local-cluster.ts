import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ClusterStatus } from '../../cli/cluster/cluster-status.ts';
import { freePortBlock } from './ports.ts';

export { freePortBlock } from './ports.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'bin', 'kuorum.mjs');
const run = promisify(execFile);

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; never throws for its exit code. */
export async function execute(
  file: string,
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; timeoutMs?: number; cwd?: string } = {},
): Promise<Outcome> {
  const promise = run(file, args, {
    env: { ...process.env, ...options.env },
    timeout: options.timeoutMs ?? 90_000,
    maxBuffer: 64 * 1024 * 1024,
    cwd: options.cwd ?? root,
    killSignal: 'SIGKILL',
  });
  if (options.input !== undefined) promise.child.stdin?.end(options.input);
  else promise.child.stdin?.end();
  try {
    const { stdout, stderr } = await promise;
    return { code: 0, stdout, stderr };
  } catch (error) {
    const failure = error as { code?: number | string; killed?: boolean; stdout?: string; stderr?: string };
    const why = failure.killed === true ? '\n(timed out)' : '';
    return {
      code: typeof failure.code === 'number' ? failure.code : 1,
      stdout: failure.stdout ?? '',
      stderr: `${failure.stderr ?? String(error)}${why}`,
    };
  }
}

let built = false;

/** One build serves a whole test file: what is edited while it runs does not change what it tests. */
function buildOnce(): Record<string, string> {
  if (!built) execFileSync(process.execPath, [join(root, 'tools', 'build.mjs')], { stdio: 'pipe' });
  built = true;
  return { KUORUM_NO_BUILD: '1' };
}

export const kuorum = (args: readonly string[], timeoutMs?: number): Promise<Outcome> =>
  execute(process.execPath, [program, ...args], { timeoutMs, env: buildOnce() });

/** How `kuorum <args>` is started: for who spawns it himself. */
export const kuorumProgram = (
  args: readonly string[],
): { command: string; args: string[]; env: Record<string, string> } => ({
  command: process.execPath,
  args: [program, ...args],
  env: buildOnce(),
});

export const startKuorum = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [program, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...buildOnce() },
  });

export interface LocalCluster {
  readonly dataDir: string;
  readonly port: number;
  readonly kubeconfig: string;
  /** `kuorum <args> --data-dir …`; throws unless it exits with 0 */
  run(...args: string[]): Promise<string>;
  tryRun(...args: string[]): Promise<Outcome>;
  status(): Promise<ClusterStatus>;
  /** polls the status until `accept`; throws with the last status after `timeoutMs` */
  until(what: string, accept: (status: ClusterStatus) => boolean, timeoutMs?: number): Promise<ClusterStatus>;
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>;
  tryKubectl(args: readonly string[], options?: KubectlOptions): Promise<Outcome>;
  /** stops everything and deletes the folder (with KUORUM_TEST_KEEP set, keeps it) */
  destroy(): Promise<void>;
}

export interface KubectlOptions {
  readonly binary?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Paths of every kubectl at hand, `kubectl` itself first; empty where there is none. */
export function kubectlBinaries(): string[] {
  try {
    const found = realpathSync(execFileSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).trim());
    const folder = dirname(found);
    const others = readdirSync(folder).filter((name) => /^kubectl\.\d/.test(name));
    return [found, ...others.sort().map((name) => join(folder, name))];
  } catch {
    return [];
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Cluster implements LocalCluster {
  readonly dataDir: string;
  readonly port: number;

  constructor(dataDir: string, port: number) {
    this.dataDir = dataDir;
    this.port = port;
  }

  get kubeconfig(): string {
    return join(this.dataDir, 'kubeconfig');
  }

  tryRun(...args: string[]): Promise<Outcome> {
    return kuorum([...args, '--data-dir', this.dataDir]);
  }

  async run(...args: string[]): Promise<string> {
    const outcome = await this.tryRun(...args);
    if (outcome.code !== 0)
      throw new Error(`kuorum ${args.join(' ')}: ${outcome.stderr}${outcome.stdout}\n${this.#logs()}`);
    return outcome.stdout;
  }

  async status(): Promise<ClusterStatus> {
    return JSON.parse(await this.run('status', '-o', 'json')) as ClusterStatus;
  }

  async until(what: string, accept: (status: ClusterStatus) => boolean, timeoutMs = 30_000): Promise<ClusterStatus> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const status = await this.status();
      if (accept(status)) return status;
      if (Date.now() > deadline)
        throw new Error(`not within ${timeoutMs} ms: ${what}\n${JSON.stringify(status, null, 1)}`);
      await pause(100);
    }
  }

  tryKubectl(args: readonly string[], options: KubectlOptions = {}): Promise<Outcome> {
    return execute(options.binary ?? kubectlBinaries()[0] ?? 'kubectl', args, {
      env: { KUBECONFIG: this.kubeconfig, HOME: this.dataDir },
      input: options.input,
      timeoutMs: options.timeoutMs,
    });
  }

  async kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const outcome = await this.tryKubectl(args, options);
    if (outcome.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${outcome.stderr}${outcome.stdout}`);
    return outcome.stdout;
  }

  async destroy(): Promise<void> {
    // to look at what a failed test left: KUORUM_TEST_KEEP=1 node tools/test.mjs e2e/...
    if (process.env['KUORUM_TEST_KEEP']) {
      await this.tryRun('down');
      process.stderr.write(`kept: ${this.dataDir}\n`);
      return;
    }
    try {
      await this.tryRun('reset');
    } finally {
      rmSync(this.dataDir, { recursive: true, force: true });
    }
  }

  /** the end of each component's log, for a failure's report */
  #logs(): string {
    const folder = join(this.dataDir, 'logs');
    if (!existsSync(folder)) return '';
    return readdirSync(folder)
      .map((name) => `--- ${name}\n${readFileSync(join(folder, name), 'utf8').split('\n').slice(-15).join('\n')}`)
      .join('\n');
  }
}

/** A temporary folder and ports of its own for a cluster; nothing is started. */
export async function placeCluster(replicas: number): Promise<LocalCluster> {
  return new Cluster(mkdtempSync(join(tmpdir(), 'kuorum-e2e-')), await freePortBlock(replicas));
}

/** `kuorum up --detach` in a temporary folder with ports of its own; the embedded runtime. */
export async function startCluster(options: { replicas?: number; nodes?: number } = {}): Promise<LocalCluster> {
  const replicas = options.replicas ?? 3;
  const cluster = await placeCluster(replicas);
  const nodes = options.nodes ?? 2;
  try {
    await cluster.run(
      'up',
      '--detach',
      '--replicas',
      `${replicas}`,
      '--nodes',
      `${nodes}`,
      '--port',
      `${cluster.port}`,
    );
  } catch (error) {
    await cluster.destroy();
    throw error;
  }
  return cluster;
}

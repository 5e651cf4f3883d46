import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '../base/clock.ts';
import { StoreClient } from './store-client.ts';

export type Peer = 'kuorum' | 'etcd';

export interface StoreMember {
  readonly name: string;
  readonly clientUrl: string;
  readonly client: StoreClient;
  readonly logFile: string;
  process: ChildProcess;
}

const startTimeoutMs = 30_000;
const pollMs = 20;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Members of one store cluster, each a process of its own, at default settings, in a temporary folder. */
export class StoreProcesses {
  readonly peer: Peer;
  readonly folder = mkdtempSync(join(tmpdir(), 'kuorum-store-'));
  readonly members: StoreMember[] = [];
  readonly #bundleFolder: string | undefined;
  readonly #flags = new Map<string, string[]>();
  readonly #env: Readonly<Record<string, string>>;
  readonly #etcd: string;

  private constructor(peer: Peer, env: Readonly<Record<string, string>>, etcd: string) {
    this.peer = peer;
    this.#env = env;
    this.#etcd = etcd;
    if (peer === 'etcd') return;
    // a build in the middle of a run must not change what is measured
    mkdirSync(join(root, 'dist'), { recursive: true });
    this.#bundleFolder = mkdtempSync(join(root, 'dist', 'bench-'));
    copyFileSync(join(root, 'dist', 'kuorum.cjs'), join(this.#bundleFolder, 'kuorum.cjs'));
  }

  /** `etcd`: the program to run as etcd; default: the one in PATH */
  static async start(
    peer: Peer,
    size: number,
    env: Readonly<Record<string, string>> = {},
    etcd = 'etcd',
  ): Promise<StoreProcesses> {
    const group = new StoreProcesses(peer, env, etcd);
    const ports = await freePorts(2 * size);
    const url = (i: number): string => `http://127.0.0.1:${ports[i]}`;
    const names = Array.from({ length: size }, (_, i) => `m${i + 1}`);
    const cluster = names.map((name, i) => `${name}=${url(i)}`).join(',');
    for (const [i, name] of names.entries()) {
      const clientUrl = url(size + i);
      const flags = {
        name,
        'data-dir': join(group.folder, name),
        'listen-client-urls': clientUrl,
        'advertise-client-urls': clientUrl,
        'listen-peer-urls': url(i),
        'initial-advertise-peer-urls': url(i),
        'initial-cluster': cluster,
      };
      group.#flags.set(
        name,
        Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
      );
      const logFile = join(group.folder, `${name}.log`);
      const process = group.#spawn(name, logFile);
      group.members.push({ name, clientUrl, client: new StoreClient(clientUrl), logFile, process });
    }
    await group.healthy();
    return group;
  }

  #spawn(name: string, logFile: string): ChildProcess {
    const flags = this.#flags.get(name) ?? [];
    return this.#bundleFolder === undefined
      ? this.spawn(this.#etcd, flags, logFile)
      : this.spawn(process.execPath, [join(this.#bundleFolder, 'kuorum.cjs'), 'etcd', ...flags], logFile);
  }

  /** A process with the environment of the members; whoever starts it ends it. */
  spawn(file: string, args: readonly string[], logFile: string): ChildProcess {
    const env = { UV_THREADPOOL_SIZE: '8', GRPC_VERBOSITY: 'NONE', ...process.env, ...this.#env };
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    child.stderr?.pipe(createWriteStream(logFile, { flags: 'a' }));
    return child;
  }

  async signal(member: StoreMember, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const exit = once(member.process, 'exit');
    member.process.kill(signal);
    await exit;
  }

  restart(member: StoreMember): void {
    member.process = this.#spawn(member.name, member.logFile);
  }

  /** Arms a fault point of a member of ours; the group must have been started with GOFAIL_HTTP. */
  async arm({ name }: StoreMember, point: string, term: string): Promise<void> {
    const address = readFileSync(join(this.folder, name, 'fault-points.addr'), 'utf8').trim();
    const answer = await fetch(`http://${address}/${point}`, { method: 'PUT', body: term });
    if (!answer.ok) throw new Error(`arming ${point} of ${name}: ${answer.status} ${await answer.text()}`);
  }

  /** Whom all members that answer follow; undefined where they disagree. */
  async leader(): Promise<StoreMember | undefined> {
    const answers = await Promise.all(this.members.map((member) => member.client.status().catch(() => undefined)));
    const leaders = new Set(answers.map((answer) => answer?.leader ?? 0n));
    const [id] = leaders;
    if (leaders.size !== 1 || id === undefined || id === 0n) return undefined;
    return this.members[answers.findIndex((answer) => answer?.header?.memberId === id)];
  }

  /** All members answer, follow one leader and have applied the same. */
  async healthy(timeoutMs = startTimeoutMs): Promise<StoreMember> {
    const deadline = systemClock.monotonicMs() + timeoutMs;
    for (; systemClock.monotonicMs() < deadline; await sleep(pollMs)) {
      const leader = await this.leader();
      if (leader === undefined) continue;
      const answers = await Promise.all(this.members.map((member) => member.client.status().catch(() => undefined)));
      const applied = answers.map((answer) => answer?.raftAppliedIndex ?? 0);
      if (Math.max(...applied) - Math.min(...applied) < 100) return leader;
    }
    throw new Error(`the cluster is not healthy after ${timeoutMs} ms; logs in ${this.folder}`);
  }

  /** JSON log lines of a member from a moment (wall clock, ms) on. */
  logSince({ logFile }: StoreMember, sinceMs: number): { atMs: number; msg: string; [field: string]: unknown }[] {
    return readFileSync(logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { time: string; msg: string })
      .map((line) => ({ ...line, atMs: Date.parse(line.time) }))
      .filter(({ atMs }) => atMs >= sinceMs);
  }

  async stop(keepLogs = false): Promise<void> {
    for (const { client } of this.members) client.close();
    await Promise.all(
      this.members
        .filter(({ process }) => process.exitCode === null && process.signalCode === null)
        .map((member) => this.signal(member, 'SIGKILL')),
    );
    if (!keepLogs) rmSync(this.folder, { recursive: true, force: true });
    if (this.#bundleFolder !== undefined) rmSync(this.#bundleFolder, { recursive: true, force: true });
  }
}

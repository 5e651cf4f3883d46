import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { addressFile } from '../../cli/faults/fault-server.ts';
import { bringUp } from '../../cli/cluster/bring-up.ts';
import { componentsOf, layoutOf } from '../../cli/cluster/layout.ts';
import type { Layout, ReplicaPlace } from '../../cli/cluster/layout.ts';
import { checkPorts } from '../../cli/cluster/ports.ts';
import {
  lastLogLines,
  logBytesOf,
  signalComponent,
  startComponent,
  stateOf,
  stopComponents,
} from '../../cli/cluster/processes.ts';
import { saveState } from '../../cli/cluster/state.ts';
import { CliError } from '../../cli/cli-error.ts';
import { parseClusterConfig } from '../../cli/config/cluster-config.ts';
import type { ClusterConfig } from '../../cli/config/config-schema.ts';
import { joinReplica, removeReplica } from '../../cli/membership/join-replica.ts';
import { PeerNetwork } from './peer-network.ts';

export interface ChaosClusterOptions {
  readonly replicas: number;
  readonly dataDir: string;
  readonly random: Random;
  readonly progress: (line: string) => void;
}

/** Small, so that snapshots are made, sent and loaded all the time, and the log is cut under laggards. */
const snapshotCount = 100;
const catchUpEntries = 50;
const portBlocks = 200;
const firstPort = 10_000;
const endPollMs = 20;

/** A free block below the range that the kernel hands out by itself. */
async function placeConfig({ replicas, dataDir, random }: ChaosClusterOptions): Promise<ClusterConfig> {
  const defaults = parseClusterConfig('', 'chaos');
  for (let attempt = 0; attempt < 50; attempt++) {
    const config: ClusterConfig = {
      ...defaults,
      name: 'chaos',
      replicas,
      port: firstPort + 100 * random.below(portBlocks),
      dataDir,
      nodes: { ...defaults.nodes, count: 0 },
      store: { snapshotCount, catchUpEntries },
    };
    try {
      await checkPorts(layoutOf(config), false);
      return config;
    } catch {
      // somebody listens there: another block
    }
  }
  throw new CliError('no free block of ports between 10000 and 30000', 2);
}

/** The cluster that is tormented: the same processes that `kuorum up` starts, with links of ours between the replicas. */
export class ChaosCluster {
  readonly layout: Layout;
  readonly network: PeerNetwork;
  /** who is down, or about to go down, because a fault wants it so */
  readonly #downByFault = new Set<string>();
  readonly #starts = new Map<string, number>();
  readonly #logMarks = new Map<string, number>();
  #closed = false;

  private constructor(layout: Layout, network: PeerNetwork) {
    this.layout = layout;
    this.network = network;
  }

  static async start(options: ChaosClusterOptions): Promise<ChaosCluster> {
    const config = await placeConfig(options);
    const plain = saveState(config);
    const network = await PeerNetwork.start(plain);
    const environment = Object.fromEntries(
      plain.replicas.map(({ name }) => [
        name,
        {
          KUORUM_PEER_DIAL: network.dialOverrides(name),
          KUORUM_CLOCK_SHIFT_FILE: clockFile(plain, name),
          GOFAIL_HTTP: '127.0.0.1:0',
        },
      ]),
    );
    const cluster = new ChaosCluster({ ...plain, environment }, network);
    try {
      await bringUp(cluster.layout, (component, what, ms) => options.progress(`${component} ${what} in ${ms | 0} ms`));
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  get names(): readonly string[] {
    return this.layout.replicas.map((replica) => replica.name);
  }

  place(name: string): ReplicaPlace {
    const place = this.layout.replicas.find((replica) => replica.name === name);
    if (place === undefined) throw new Error(`there is no ${name}`);
    return place;
  }

  /** how often it was started: tells the runs of one replica apart */
  runOf(name: string): number {
    return this.#starts.get(name) ?? 0;
  }

  isRunning(name: string): boolean {
    return stateOf(this.layout, name).pid !== undefined;
  }

  /** From now on its end is what a fault wants; `start` takes that back. */
  expectEnd(name: string): void {
    this.#downByFault.add(name);
  }

  /** It did not end after all. */
  forgiveEnd(name: string): void {
    this.#downByFault.delete(name);
  }

  isExpectedDown(name: string): boolean {
    return this.#downByFault.has(name);
  }

  async kill(name: string): Promise<void> {
    this.expectEnd(name);
    if (this.isRunning(name)) signalComponent(this.layout, name, 'SIGKILL');
    await this.ended(name, 5000);
  }

  async stop(name: string): Promise<void> {
    this.expectEnd(name);
    await stopComponents(this.layout, [name]);
  }

  pause(name: string): void {
    signalComponent(this.layout, name, 'SIGSTOP');
  }

  resume(name: string): void {
    if (this.isRunning(name)) signalComponent(this.layout, name, 'SIGCONT');
  }

  /** Returns at once; the sampler sees when it is back. */
  start(name: string): void {
    if (this.#closed) return; // a fault that heals after the run was given up
    this.#starts.set(name, this.runOf(name) + 1);
    this.#logMarks.set(name, logBytesOf(this.layout, name));
    startComponent(this.layout, name);
    this.#downByFault.delete(name);
  }

  /** A new member in its place; its process and its data are gone before. Throws what the command would say. */
  async replace(name: string): Promise<void> {
    const replica = this.place(name);
    const quiet = (): void => {};
    const aside = await removeReplica(this.layout, replica, quiet);
    if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
    this.#starts.set(name, this.runOf(name) + 1);
    this.#logMarks.set(name, logBytesOf(this.layout, name));
    await joinReplica(this.layout, replica, quiet);
    this.#downByFault.delete(name);
  }

  /** Whether its process ended within `timeoutMs`. */
  async ended(name: string, timeoutMs: number): Promise<boolean> {
    const deadline = systemClock.monotonicMs() + timeoutMs;
    while (this.isRunning(name)) {
      if (systemClock.monotonicMs() > deadline) return false;
      await sleep(endPollMs);
    }
    return true;
  }

  /** What it said in this run, at its end. */
  lastWords(name: string, lines = 3): string {
    return lastLogLines(this.layout, name, lines, this.#logMarks.get(name) ?? 0).join('\n');
  }

  shiftClock(name: string, shiftMs: number): void {
    mkdirSync(this.layout.runDir, { recursive: true });
    writeFileSync(clockFile(this.layout, name), `${shiftMs}`);
    if (this.isRunning(name)) signalComponent(this.layout, name, 'SIGUSR2');
  }

  /** As gofail's HTTP interface; `terms` undefined: nothing shall happen there any more. */
  async faultPoint(name: string, point: string, terms: string | undefined): Promise<void> {
    const file = join(this.place(name).dir, addressFile);
    if (!existsSync(file)) throw new Error(`${name} serves no fault points`);
    const url = `http://${readFileSync(file, 'utf8').trim()}/${point}`;
    const request = terms === undefined ? { method: 'DELETE' } : { method: 'PUT', body: terms };
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(2000) });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  }

  /** Ends all processes; the data stays. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const name of componentsOf(this.layout)) this.expectEnd(name);
    await stopComponents(this.layout, componentsOf(this.layout).reverse(), 5000);
    await this.network.close();
  }

  /** Deletes all of it. */
  remove(): void {
    rmSync(this.layout.dataDir, { recursive: true, force: true });
  }
}

const clockFile = (layout: Layout, name: string): string => join(layout.runDir, `${name}.clock`);

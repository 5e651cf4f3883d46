import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { silentLog } from '../../../base/log.ts';
import type { Message, NodeId } from '../../core/types.ts';
import type { RaftMember } from '../member.ts';
import { openRaftNode } from '../node.ts';
import type { PeerAddress, RaftNodeOptions } from '../types.ts';
import { RaftUnavailableError } from '../types.ts';
import type { DiskFault } from '../wal/wal.ts';
import { ToyMachine } from './toy-machine.ts';

export interface ToyNode {
  readonly id: NodeId;
  readonly dataDir: string;
  readonly machine: ToyMachine;
  readonly member: RaftMember;
  readonly port: number;
}

const askAgainMs = 1_000;
const clusterId = '00000000000000c1';
export const toyId = (n: number): NodeId => n.toString(16).padStart(16, '0');

/** Real members in one process, on loopback ports of their own, in a temporary folder. For tests. */
export class ToyGroup {
  readonly #base: string;
  readonly #options: Partial<RaftNodeOptions>;
  readonly #ids: NodeId[];
  readonly #ports = new Map<NodeId, number>();
  readonly live = new Map<NodeId, ToyNode>();
  /** set: drops what it says */
  drop: ((from: NodeId, to: NodeId, message: Message) => boolean) | undefined;
  log: Log = silentLog;
  /** set: stands in the middle of each restore of a member's machine */
  duringRestore: ((id: NodeId) => Promise<void>) | undefined;
  /** set: stands before each write and sync of a member's log */
  diskFault: ((id: NodeId, ...of: Parameters<DiskFault>) => ReturnType<DiskFault>) | undefined;

  private constructor(base: string, size: number, options: Partial<RaftNodeOptions>) {
    this.#base = base;
    this.#options = options;
    this.#ids = Array.from({ length: size }, (_, i) => toyId(i + 1));
  }

  static async start(size: number, options: Partial<RaftNodeOptions> = {}): Promise<ToyGroup> {
    const group = new ToyGroup(await mkdtemp(join(tmpdir(), 'kuorum-raft-')), size, options);
    await Promise.all(group.#ids.map((id) => group.open(id)));
    return group;
  }

  dataDir(id: NodeId): string {
    return join(this.#base, id);
  }

  async open(id: NodeId, change: Partial<RaftNodeOptions> = {}): Promise<ToyNode> {
    const dataDir = this.dataDir(id);
    const machine = new ToyMachine(dataDir);
    machine.duringRestore = this.duringRestore && (() => this.duringRestore!(id));
    const member = await openRaftNode(
      {
        id,
        clusterId,
        dataDir,
        listenPeerUrls: [`http://127.0.0.1:${this.#ports.get(id) ?? 0}`],
        initialMembers: this.addresses(),
        initialState: 'new',
        machine,
        heartbeatMs: 50,
        electionMs: 500,
        snapshotCount: 10_000,
        catchUpEntries: 5_000,
        log: this.log,
        ...this.#options,
        ...change,
      },
      {
        dropMessage: (direction, peer, message) =>
          direction === 'out' && this.drop !== undefined && this.drop(id, peer, message),
        diskFault: (...of) => this.diskFault?.(id, ...of),
      },
    );
    const node = { id, dataDir, machine, member, port: member.peerPorts[0]! };
    this.#ports.set(id, node.port);
    if (!this.#ids.includes(id)) this.#ids.push(id);
    this.live.set(id, node);
    for (const { member } of this.live.values()) member.setPeers(this.addresses());
    return node;
  }

  addresses(): PeerAddress[] {
    return this.#ids.map((id) => {
      const port = this.#ports.get(id);
      return { id, urls: port === undefined ? [] : [`http://127.0.0.1:${port}`] };
    });
  }

  async crash(id: NodeId): Promise<void> {
    const node = this.live.get(id);
    this.live.delete(id);
    await node?.member.crash();
  }

  /** The leader that a majority follows. */
  async leader(timeoutMs = 8_000): Promise<ToyNode> {
    return await eventually('a leader', timeoutMs, () => {
      const nodes = [...this.live.values()];
      const found = nodes.find(({ member }) => member.status().role === 'leader');
      if (found === undefined) return undefined;
      const followers = nodes.filter(({ member }) => member.status().leader === found.id);
      return followers.length * 2 > this.#ids.length ? found : undefined;
    });
  }

  follower(): ToyNode {
    return [...this.live.values()].find(({ member }) => member.status().role !== 'leader')!;
  }

  /** Proposes until the node itself has applied it: what a leader took just before it lost its place is asked again. */
  async write(node: ToyNode, value: string, timeoutMs = 10_000): Promise<void> {
    let askAgainAt = 0;
    await eventually(`${value} applied`, timeoutMs, () => {
      if (node.machine.values.includes(value)) return true;
      if (systemClock.monotonicMs() < askAgainAt) return undefined;
      try {
        node.member.propose(Buffer.from(value));
        askAgainAt = systemClock.monotonicMs() + askAgainMs;
      } catch (error) {
        if (!(error instanceof RaftUnavailableError)) throw error;
      }
      return undefined;
    });
  }

  /** All live members hold the same values, among them `value`. */
  async agreeOn(value: string, timeoutMs = 8_000): Promise<void> {
    await eventually(`all hold ${value}`, timeoutMs, () => {
      const all = [...this.live.values()].map(({ machine }) => machine.values);
      return all.every((values) => values.includes(value) && values.length === all[0]!.length) || undefined;
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.live.values()].map(({ member }) => member.stop()));
    this.live.clear();
    await rm(this.#base, { recursive: true, force: true });
  }
}

/** A group that ends with the test. */
export async function startGroup(
  t: { teardown(fn: () => unknown): unknown },
  size: number,
  options: Parameters<typeof ToyGroup.start>[1] = {},
): Promise<ToyGroup> {
  const group = await ToyGroup.start(size, options);
  t.teardown(() => group.stop());
  return group;
}

export async function eventually<T>(what: string, timeoutMs: number, probe: () => T | undefined): Promise<T> {
  const deadline = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const result = probe();
    if (result !== undefined) return result;
    if (systemClock.monotonicMs() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await sleep(5);
  }
}

/** For tests: members on ports of their own and in temporary folders, in this process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { grpcServerFrom } from './grpc-server-choice.ts';
import { startEtcdMember } from './member.ts';
import type { EtcdMember, EtcdMemberOptions } from './member.ts';

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Options of `size` members with ports that are free now, in one temporary folder. */
export async function reserveOptions(
  size: number,
  more: Partial<EtcdMemberOptions> = {},
): Promise<{ options: EtcdMemberOptions[]; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'kuorum-etcd-'));
  const ports = await freePorts(size * 2);
  const url = (port: number | undefined): string => `http://127.0.0.1:${port}`;
  const names = Array.from({ length: size }, (_, i) => `m${i}`);
  const initialCluster = Object.fromEntries(names.map((name, i) => [name, [url(ports[i])]]));
  const options = names.map((name, i): EtcdMemberOptions => ({
    name,
    dataDir: join(directory, name),
    listenClientUrls: [url(ports[size + i])],
    listenPeerUrls: initialCluster[name]!,
    initialAdvertisePeerUrls: initialCluster[name]!,
    initialCluster,
    log: silentLog,
    heartbeatMs: 50,
    electionMs: 500,
    grpcServer: grpcServerFrom(process.env),
    ...more,
  }));
  return { options, remove: () => rm(directory, { recursive: true, force: true }) };
}

export class TestCluster {
  readonly #options: EtcdMemberOptions[];
  readonly #remove: () => Promise<void>;
  /** undefined: stopped */
  readonly members: (EtcdMember | undefined)[] = [];

  private constructor(options: EtcdMemberOptions[], remove: () => Promise<void>) {
    this.#remove = remove;
    this.#options = options;
  }

  static async start(size: number, more: Partial<EtcdMemberOptions> = {}): Promise<TestCluster> {
    const { options, remove } = await reserveOptions(size, more);
    const cluster = new TestCluster(options, remove);
    await Promise.all(options.map((_, i) => cluster.startMember(i)));
    await cluster.leader();
    return cluster;
  }

  /**
   * A place for one more member on ports of its own, to be started as one that joins those that are members now; its
   * number. The others must have been told by MemberAdd.
   */
  async reserve(more: Partial<EtcdMemberOptions> = {}): Promise<number> {
    const place = this.#options.length;
    const [first] = this.#options;
    const [peer, client] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`);
    const name = `m${place}`;
    const initialCluster = Object.fromEntries(
      this.running[0]!.describe().members.map(({ id, name: known, peerUrls }) => [known || id, peerUrls]),
    );
    this.#options.push({
      ...first!,
      name,
      dataDir: join(first!.dataDir, '..', name),
      listenClientUrls: [client!],
      listenPeerUrls: [peer!],
      initialAdvertisePeerUrls: [peer!],
      initialCluster: { ...initialCluster, [name]: [peer!] },
      initialClusterState: 'existing',
      ...more,
    });
    this.members.push(undefined);
    return place;
  }

  change(i: number, more: Partial<EtcdMemberOptions>): void {
    this.#options[i] = { ...this.#options[i]!, ...more };
  }

  async wipe(i: number): Promise<void> {
    await rm(this.#options[i]!.dataDir, { recursive: true, force: true });
  }

  optionsOf(i: number): EtcdMemberOptions {
    return this.#options[i]!;
  }

  clientUrl(i: number): string {
    return this.#options[i]!.listenClientUrls[0]!;
  }

  async startMember(i: number): Promise<EtcdMember> {
    const member = await startEtcdMember(this.#options[i]!);
    this.members[i] = member;
    return member;
  }

  async stopMember(i: number): Promise<void> {
    const member = this.members[i];
    this.members[i] = undefined;
    await member?.stop();
  }

  get running(): EtcdMember[] {
    return this.members.filter((member) => member !== undefined);
  }

  /** place of the member that leads, once all that run agree on it */
  async leader(): Promise<number> {
    for (let i = 0; i < 300; i++) {
      const leaders = new Set(this.running.map((member) => member.status().leader));
      const [id] = leaders;
      const place = this.members.findIndex((member) => member?.id === id && member?.status().role === 'leader');
      if (leaders.size === 1 && place >= 0) return place;
      await sleep(50);
    }
    throw new Error('no leader after 15 s');
  }

  /** waits until all that run have applied the same, and gives their descriptions */
  async settled() {
    for (let i = 0; i < 200; i++) {
      const found = this.running.map((member) => member.describe());
      const same = new Set(found.map((d) => `${d.revision}/${d.appliedIndex}/${d.compactRevision}`));
      if (same.size === 1) return found;
      await sleep(50);
    }
    throw new Error('the members did not come together in 10 s');
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((_, i) => this.stopMember(i)));
    await this.#remove();
  }
}

import { silentLog } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import { openRaftNode } from '../../raft/runtime/node.ts';
import type { Inspection } from '../../raft/core/inspection.ts';
import type { RawNode } from '../../raft/core/raw-node.ts';
import type { Message, RawNodeApi } from '../../raft/core/types.ts';
import type { NodeStatus, RaftNodeOptions } from '../../raft/runtime/types.ts';
import type { EtcdMemberOptions } from '../../store/etcd/member-options.ts';
import { bootstrapOf } from '../../store/etcd/member-options.ts';
import type { MemberPlatform } from '../../store/etcd/member-platform.ts';
import { openMember } from '../../store/etcd/open-member.ts';
import type { EtcdMember } from '../../store/etcd/open-member.ts';
import { MemberRemovedError } from '../../store/etcd/membership.ts';
import { StoreMachine } from '../../store/etcd/store-machine.ts';
import { Life } from './event-queue.ts';
import { observedCore } from './observed-core.ts';
import { peerCalls } from './peer-calls.ts';
import { BackendStore } from './sim-backend.ts';
import { MachineClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { simPasswords } from './sim-passwords.ts';
import { SimServer } from './sim-server.ts';
import { SimTransport } from './sim-transport.ts';
import { randomStream } from './sim-random.ts';
import { storeStateOf } from './store-hash.ts';
import { traceLog } from './trace-log.ts';
import type { CrashOptions, MemberLife, Place, SimMember, StoreState } from './types.ts';
import type { World } from './sim-world.ts';

/** of the log: small, so that it rolls over now and then */
const segmentBytes = 4 * 1024;
/** the chance that a power failure takes the whole machine from the network without a word */
const silentChance = 0.5;

/** One machine and the process on it. */
export class ClusterMember implements SimMember {
  readonly place: Place;
  /** of one that joins: as its flags would have it, until it was told */
  id: string;
  readonly name: string;
  readonly options: EtcdMemberOptions;
  readonly clock: MachineClock;
  readonly disk: SimDisk;
  readonly #world: World;
  readonly #store: BackendStore;
  life: MemberLife = 'down';
  error: Error | undefined;
  starts = 0;
  etcd: EtcdMember | undefined;
  view: Inspection | undefined;
  #process: Life | undefined;
  #transport: SimTransport | undefined;
  #server: SimServer | undefined;
  #machine: StoreMachine | undefined;

  constructor(world: World, place: Place, options: Omit<EtcdMemberOptions, 'log'>) {
    this.#world = world;
    this.place = place;
    this.name = options.name;
    const log: Log = world.options.log ?? (world.tracing ? traceLog(world, this.name) : silentLog);
    this.options = { ...options, log };
    this.id = bootstrapOf(this.options).memberId;
    const { seed, queue } = world;
    this.clock = new MachineClock(queue, randomStream(seed, `clock/${place}`), world.turnUsMax);
    this.disk = new SimDisk(queue, seed, this.name);
    this.#store = new BackendStore(this.disk);
  }

  get paused(): boolean {
    return this.#process?.paused === true;
  }

  get status(): NodeStatus | undefined {
    return this.etcd?.status();
  }

  get storeState(): StoreState | undefined {
    return this.life === 'running' && this.#machine !== undefined ? storeStateOf(this.#machine) : undefined;
  }

  start(): void {
    if (this.life === 'failed') this.life = 'down';
    if (this.life !== 'down') return;
    this.#world.note(this.name, () => 'starts');
    this.starts++;
    this.life = 'starting';
    this.error = undefined;
    this.disk.started();
    const process = new Life(this.#world.queue);
    this.#process = process;
    // opened as an event of its own: what it does at once is done before the next
    this.#world.queue.plan(0, process, () => {
      openMember(this.options, this.#platform(process)).then(
        (etcd) => this.#opened(process, etcd),
        (error: Error) => this.#failed(process, error),
      );
    });
  }

  crash({ kind = 'power', unsynced }: CrashOptions = {}): void {
    if (this.#process === undefined) return;
    this.#world.note(this.name, () => `crashes (${kind})`);
    const silent = kind === 'power' && this.disk.random.next() < silentChance;
    this.#end(silent);
    this.life = 'down';
    if (kind === 'process') return;
    this.disk.lose(unsynced);
    this.#store.lose(unsynced === 'lost' || unsynced === 'kept' ? unsynced : 'some');
  }

  stop(): void {
    const process = this.#process;
    if (this.life !== 'running' || process === undefined) return;
    this.#world.note(this.name, () => 'stops');
    this.life = 'stopping';
    this.#world.queue.plan(0, process, () => {
      this.etcd!.stop().then(
        () => this.#stopped(process),
        (error: Error) => this.#failed(process, error),
      );
    });
  }

  pause(): void {
    if (this.#process === undefined || this.#process.paused) return;
    this.#world.note(this.name, () => 'pauses');
    this.#process.pause();
    if (this.#transport !== undefined) this.#world.network.paused(this.#transport);
  }

  resume(): void {
    if (this.#process?.paused !== true) return;
    this.#world.note(this.name, () => 'resumes');
    this.#process.resume();
  }

  wipe(): void {
    if (this.life !== 'down')
      throw new Error(`${this.name} is ${this.life}: only the disk of one that is down can be wiped`);
    this.disk.wipe();
    this.#store.wipe();
    this.#world.invariants?.restarted(this.id, true);
  }

  #opened(process: Life, etcd: EtcdMember): void {
    this.etcd = etcd;
    this.life = 'running';
    this.#world.note(this.name, () => 'is ready');
    void etcd.failed.then((error) => this.#failed(process, error));
  }

  #stopped(process: Life): void {
    if (this.#process !== process) return;
    this.#world.note(this.name, () => 'has stopped');
    this.#end(false);
    this.life = 'down';
  }

  /** It ends itself, as a process does that cannot go on. */
  #failed(process: Life, error: Error): void {
    if (this.#process !== process) return;
    this.#world.note(this.name, () => `ends itself: ${error.message}`);
    const expected = this.disk.mayFail || error instanceof MemberRemovedError;
    this.#end(false);
    this.life = 'failed';
    this.error = error;
    if (!expected) this.#world.fail({ kind: 'member-failed', timeMs: this.#world.nowMs, place: this.place, error });
  }

  #end(silent: boolean): void {
    this.#process?.end();
    this.#process = undefined;
    this.#transport?.ended(silent);
    this.#transport = undefined;
    if (this.#server !== undefined) this.#world.servers.delete(this.place);
    if (!silent) this.#server?.ended();
    this.#server = undefined;
    this.etcd = undefined;
    this.view = undefined;
    this.#machine = undefined;
  }

  #platform(process: Life): MemberPlatform {
    const { place } = this;
    const { seed, options } = this.#world;
    const { decorate } = options;
    const clock = this.clock.of(process);
    const random = randomStream(seed, `member/${place}/${this.starts}`);
    const backend = this.#store.of(process);
    const platform: MemberPlatform = {
      clock,
      random,
      openRaft: (raftOptions) => this.#openRaft(raftOptions, process, clock, random),
      openBackend: async () => {
        await this.disk.pass(process, 'name');
        return decorate?.backend?.(backend, place) ?? backend;
      },
      passwords: simPasswords,
      callPeer: () => peerCalls(this.#world.network, place, process),
      serve: (serverOptions) => {
        const server = new SimServer(this.#world.network, process, serverOptions, () =>
          this.#world.servers.delete(place),
        );
        this.#server = server;
        this.#world.servers.set(place, server);
        return Promise.resolve(server);
      },
    };
    return decorate?.platform?.(platform, place) ?? platform;
  }

  #openRaft(
    raftOptions: RaftNodeOptions,
    process: Life,
    clock: MemberPlatform['clock'],
    random: MemberPlatform['random'],
  ): ReturnType<MemberPlatform['openRaft']> {
    this.id = raftOptions.id;
    if (raftOptions.machine instanceof StoreMachine) this.#machine = raftOptions.machine;
    const disk = this.disk.of(process);
    return openRaftNode(raftOptions, {
      clock,
      random,
      disk: this.#world.options.decorate?.disk?.(disk, this.place) ?? disk,
      segmentBytes,
      startTransport: (transportOptions) => {
        const { network } = this.#world;
        const transport = new SimTransport(network, this.place, process, transportOptions, (m) => this.#sent(m));
        this.#transport = transport;
        return Promise.resolve(transport);
      },
      wrapCore: (core) => this.#observed(core),
    });
  }

  #observed(core: RawNode): RawNodeApi {
    this.view = core.inspection;
    const { invariants } = this.#world;
    if (invariants === undefined) return core;
    invariants.restarted(this.id);
    return observedCore(core, invariants, (error) => this.#violated(error));
  }

  #sent(message: Message): Message | undefined {
    const { decorate } = this.#world.options;
    const sent = decorate?.message === undefined ? message : decorate.message(message, this.place);
    if (sent === false) return undefined;
    try {
      this.#world.invariants?.sent(sent);
    } catch (error) {
      this.#violated(error as Error);
    }
    if (this.#world.tracing) this.#world.note(this.name, () => messageText(sent));
    return sent;
  }

  #violated(error: Error): void {
    this.#world.fail({ kind: 'invariant', timeMs: this.#world.nowMs, place: this.place, error });
  }
}

const shortId = (id: string): string => id.slice(0, 4);

function messageText({ type, from, to, term, index, logTerm, entries, commit, reject, context }: Message): string {
  const parts = [`${shortId(from)}>${shortId(to)} ${type} t${term}`];
  if (index !== undefined) parts.push(`i${index}/${logTerm ?? '-'}`);
  if (entries !== undefined) parts.push(`+${entries.length}`);
  if (commit !== undefined) parts.push(`c${commit}`);
  if (reject === true) parts.push('rejected');
  if (context !== undefined) parts.push(context);
  return parts.join(' ');
}

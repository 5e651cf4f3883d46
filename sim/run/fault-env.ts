import { CorruptFileError } from '../../raft/runtime/disk-error.ts';
import { MemberRemovedError } from '../../store/etcd/membership.ts';
import type { NodeId } from '../../raft/core/types.ts';
import type { CrashOptions, Endpoint, LinkFaults, Place, SimClient, SimMember, SimWorld } from '../world/types.ts';
import type { RunStats } from './stats.ts';

const restartAfterMs = 1000;
const supervisedEveryMs = 500;

/**
 * The ground that faults stand on: several may lie upon each other, so what each holds is counted, and things are whole
 * again when the last one lets go.
 */
export class FaultEnv {
  readonly world: SimWorld;
  readonly stats: RunStats;
  readonly admin: SimClient;
  readonly clientNames: readonly string[];
  /** members whose disk got a flipped bit: never more than a minority */
  readonly rotten = new Set<Place>();
  /** they stay down: their disk was refused, or they were taken out of the cluster */
  readonly retired = new Set<Place>();
  readonly #down = new Map<Place, number>();
  readonly #paused = new Map<Place, number>();
  readonly #blocks = new Map<string, number>();
  readonly #peerFaults = new Set<Partial<LinkFaults>>();
  readonly #snapshotActions = new Set<(to: SimMember) => void>();
  readonly #failedSince = new Map<Place, number>();
  /** members that were asked to be taken out */
  readonly leaving = new Set<Place>();
  membershipBusy = false;
  /** the phase of faults has ended: nothing is begun any more */
  over = false;

  constructor(world: SimWorld, stats: RunStats, clientNames: readonly string[]) {
    this.world = world;
    this.stats = stats;
    this.clientNames = clientNames;
    this.admin = world.client('admin');
  }

  /** Starts again what ended by itself, as a service manager would; retires what refuses its disk. */
  supervise(): void {
    this.world.after(supervisedEveryMs, () => {
      for (const member of this.world.cluster.members) this.#look(member);
      this.supervise();
    });
  }

  /** members that take part */
  get members(): readonly SimMember[] {
    return this.world.cluster.members.filter(({ place }) => !this.retired.has(place));
  }

  get alive(): readonly SimMember[] {
    return this.members.filter(({ life }) => life === 'running' || life === 'starting');
  }

  any(pick: number, from: readonly SimMember[] = this.alive): SimMember | undefined {
    return from[Math.floor(pick * from.length)];
  }

  /** or any, where nobody leads */
  leader(pick: number): SimMember | undefined {
    return this.world.cluster.leader() ?? this.any(pick);
  }

  /** in an order that `pick` decides */
  shuffled(pick: number): SimMember[] {
    const members = [...this.members];
    for (let i = members.length - 1, draw = pick; i > 0; i--) {
      draw = (draw * 997.13 + 0.37) % 1;
      const j = Math.floor(draw * (i + 1));
      [members[i], members[j]] = [members[j]!, members[i]!];
    }
    return members;
  }

  /** Calls back once, when a member is sent a snapshot; returns how to forget it. */
  onSnapshotOffered(action: (to: SimMember) => void): () => void {
    this.#snapshotActions.add(action);
    return () => this.#snapshotActions.delete(action);
  }

  snapshotOffered(to: NodeId): void {
    const [action] = this.#snapshotActions;
    const member = this.world.cluster.members.find(({ id }) => id === to);
    if (action === undefined || member === undefined || !this.alive.includes(member)) return;
    this.#snapshotActions.delete(action);
    action(member);
  }

  /** Ends a member, and keeps it down until the function returned is called. */
  crash(member: SimMember, options: CrashOptions): () => void {
    const { place } = member;
    // what was set to come at an opportunity came too late
    if (this.over) return () => {};
    this.world.cluster.crash(place, options);
    this.#paused.delete(place);
    this.stats.add('crashes');
    return this.#holdDown(place);
  }

  stop(member: SimMember): () => void {
    this.world.cluster.stop(member.place);
    this.stats.add('stops');
    return this.#holdDown(member.place);
  }

  pause({ place }: SimMember): () => void {
    const { cluster } = this.world;
    const life = cluster.members[place]!.starts;
    this.#paused.set(place, (this.#paused.get(place) ?? 0) + 1);
    cluster.pause(place);
    return once(() => {
      // a crash has ended that process, and with it the pause
      if (cluster.members[place]!.starts !== life || !this.#paused.has(place)) return;
      const left = this.#paused.get(place)! - 1;
      this.#paused.set(place, left);
      if (left > 0) return;
      this.#paused.delete(place);
      cluster.resume(place);
    });
  }

  block(pairs: readonly (readonly [Endpoint, Endpoint])[]): () => void {
    const { network } = this.world;
    for (const [from, to] of pairs) {
      const key = `${from}>${to}`;
      const count = this.#blocks.get(key) ?? 0;
      if (count === 0) network.block(from, to);
      this.#blocks.set(key, count + 1);
    }
    return once(() => {
      for (const [from, to] of pairs) {
        const key = `${from}>${to}`;
        const count = (this.#blocks.get(key) ?? 1) - 1;
        this.#blocks.set(key, count);
        if (count === 0) network.unblock(from, to);
      }
    });
  }

  /** Nothing passes between members of different groups. */
  separate(groups: readonly (readonly SimMember[])[]): () => void {
    const pairs: [Endpoint, Endpoint][] = [];
    for (const a of groups) {
      for (const b of groups) {
        if (a !== b) for (const from of a) for (const to of b) pairs.push([from.place, to.place]);
      }
    }
    return this.block(pairs);
  }

  peerFaults(faults: Partial<LinkFaults>): () => void {
    this.#peerFaults.add(faults);
    this.#setPeerFaults();
    return once(() => {
      this.#peerFaults.delete(faults);
      this.#setPeerFaults();
    });
  }

  /** One change of members at a time. */
  membership(change: () => Promise<void>): void {
    if (this.membershipBusy) return;
    this.membershipBusy = true;
    void change().finally(() => {
      this.membershipBusy = false;
    });
  }

  /** It takes no part any more, and stays down. */
  retire(place: Place): void {
    if (this.retired.has(place)) return;
    this.retired.add(place);
    this.world.trace('nemesis', () => `${this.world.cluster.members[place]!.name} stays down from now on`);
    this.world.cluster.crash(place, { kind: 'process' });
  }

  /** Lets go of everything, and starts all that are to live. */
  healAll(): void {
    const { cluster, network } = this.world;
    this.over = true;
    network.heal();
    this.#snapshotActions.clear();
    this.#blocks.clear();
    this.#peerFaults.clear();
    this.#down.clear();
    this.#paused.clear();
    for (const member of cluster.members) {
      const { place, disk, clock } = member;
      if (member.paused) cluster.resume(place);
      // takes the place of one that is set, and goes
      disk.trap('read', 1, () => {})();
      disk.setStuck(false);
      disk.setFull(false);
      disk.setErrors({});
      disk.setShortWrites(0);
      disk.setSlowness(1);
      disk.slowSyncs(0, 0);
      clock.setDrift(0);
      this.bringUp(place);
    }
  }

  bringUp(place: Place): void {
    const { cluster } = this.world;
    const member = cluster.members[place]!;
    if (this.retired.has(place) || (this.#down.get(place) ?? 0) > 0) return;
    // one that does not come to its end is given up, as a service manager does
    if (member.life === 'stopping') cluster.crash(place, { kind: 'process' });
    cluster.start(place);
  }

  #holdDown(place: Place): () => void {
    this.#down.set(place, (this.#down.get(place) ?? 0) + 1);
    return once(() => {
      this.#down.set(place, Math.max(0, (this.#down.get(place) ?? 0) - 1));
      this.bringUp(place);
    });
  }

  /** The worst of all that are in force. */
  #setPeerFaults(): void {
    const worst: Record<string, number> = {};
    for (const faults of this.#peerFaults) {
      for (const [field, value] of Object.entries(faults)) worst[field] = Math.max(worst[field] ?? 0, value);
    }
    this.world.network.setPeerFaults(worst);
  }

  #look(member: SimMember): void {
    const { place, life, error } = member;
    const { nowMs } = this.world;
    if (this.retired.has(place) || (life !== 'failed' && (life !== 'down' || error === undefined))) {
      this.#failedSince.delete(place);
      return;
    }
    if (error instanceof CorruptFileError) {
      this.#refused(member, error);
      return;
    }
    if (error instanceof MemberRemovedError) {
      this.#removed(member, error);
      return;
    }
    const since = this.#failedSince.get(place) ?? nowMs;
    this.#failedSince.set(place, since);
    if (nowMs - since >= restartAfterMs) this.bringUp(place);
  }

  #removed({ place, name }: SimMember, error: MemberRemovedError): void {
    this.retire(place);
    this.stats.add('removed members ended');
    if (this.leaving.has(place)) return;
    const text = `${name} takes itself for removed, and nobody asked for that: ${error.message}`;
    this.world.fail({ kind: 'check', timeMs: this.world.nowMs, place, error: new Error(text, { cause: error }) });
  }

  #refused({ place, name }: SimMember, error: CorruptFileError): void {
    this.retired.add(place);
    this.stats.add('damage refused by name');
    this.world.trace('nemesis', () => `${name} stays down: ${error.message}`);
    if (this.rotten.has(place)) return;
    const text = `${name} finds damage, and nothing was damaged: ${error.message}`;
    this.world.fail({ kind: 'check', timeMs: this.world.nowMs, place, error: new Error(text, { cause: error }) });
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}

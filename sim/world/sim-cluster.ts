import type { EtcdMemberOptions } from '../../store/etcd/member-options.ts';
import { clientUrl, peerUrl } from './sim-network.ts';
import { ClusterMember } from './sim-member.ts';
import type { CrashOptions, Place, SimCluster, SimMember, StoreState } from './types.ts';
import type { World } from './sim-world.ts';

/** Snapshots shall happen often: a log is cut after so many entries. */
const defaults: Partial<EtcdMemberOptions> = { snapshotCount: 200, catchUpEntries: 50 };

export const nameOf = (place: Place): string => `n${place}`;

export class Cluster implements SimCluster {
  readonly #world: World;
  readonly members: ClusterMember[] = [];

  constructor(world: World, size: number) {
    this.#world = world;
    const initialCluster = Object.fromEntries(
      Array.from({ length: size }, (_, place) => [nameOf(place), [peerUrl(place)]]),
    );
    for (let place = 0; place < size; place++) this.#add({ initialCluster });
  }

  get running(): SimMember[] {
    return this.members.filter(({ life }) => life === 'running');
  }

  leader(): SimMember | undefined {
    let best: ClusterMember | undefined;
    for (const member of this.members) {
      const { view, paused, life } = member;
      if (view?.role !== 'leader' || paused || life !== 'running') continue;
      if (best === undefined || best.view!.term < view.term) best = member;
    }
    return best;
  }

  startAll(): void {
    for (const member of this.members) member.start();
  }

  start(place: Place): void {
    this.#at(place).start();
  }

  crash(place: Place, options?: CrashOptions): void {
    this.#at(place).crash(options);
  }

  stop(place: Place): void {
    this.#at(place).stop();
  }

  pause(place: Place): void {
    this.#at(place).pause();
  }

  resume(place: Place): void {
    this.#at(place).resume();
  }

  addMember(options: Partial<EtcdMemberOptions> = {}): Place {
    const place = this.members.length;
    const initialCluster = Object.fromEntries(Array.from({ length: place + 1 }, (_, i) => [nameOf(i), [peerUrl(i)]]));
    return this.#add({ initialCluster, initialClusterState: 'existing', ...options });
  }

  wipe(place: Place): void {
    this.#at(place).wipe();
  }

  stateOf(place: Place): StoreState | undefined {
    return this.#at(place).storeState;
  }

  #at(place: Place): ClusterMember {
    const member = this.members[place];
    if (member === undefined) throw new Error(`there is no member ${place}`);
    return member;
  }

  #add(more: Partial<EtcdMemberOptions> & Pick<EtcdMemberOptions, 'initialCluster'>): Place {
    const place = this.members.length;
    this.#world.network.addPlace(place);
    const member = new ClusterMember(this.#world, place, {
      ...defaults,
      name: nameOf(place),
      dataDir: `/data/${nameOf(place)}`,
      listenClientUrls: [clientUrl(place)],
      listenPeerUrls: [peerUrl(place)],
      initialAdvertisePeerUrls: [peerUrl(place)],
      ...this.#world.options.member,
      ...more,
    });
    this.members.push(member);
    return place;
  }
}

import type { EventQueue } from './event-queue.ts';
import { calmLink, SimPath } from './sim-path.ts';
import { randomStream } from './sim-random.ts';
import type { SimTransport } from './sim-transport.ts';
import type { Transfer } from './snapshot-stream.ts';
import type { Endpoint, LinkFaults, Place, SimNetworkControl } from './types.ts';

export const peerUrl = (place: Place): string => `http://n${place}:2380`;
export const clientUrl = (place: Place): string => `http://n${place}:2379`;

/** All paths between members and clients, and who listens where. */
export class SimNetwork implements SimNetworkControl {
  readonly queue: EventQueue;
  /** messages pass through the codec of the wire */
  readonly encode: boolean;
  readonly transfers = new Set<Transfer>();
  messagesSent = 0;
  snapshotBreaks = 0;
  readonly #seed: number;
  readonly #paths = new Map<Endpoint, Map<Endpoint, SimPath>>();
  readonly #listening = new Map<Place, SimTransport>();
  readonly #transports = new Set<SimTransport>();
  /** machines without power: nobody refuses a connection there */
  readonly #dark = new Set<Place>();
  readonly #places = new Map<string, Place>();
  #peerFaults = calmLink;
  #clientFaults = calmLink;

  constructor(queue: EventQueue, seed: number, encode: boolean) {
    this.queue = queue;
    this.#seed = seed;
    this.encode = encode;
  }

  path(from: Endpoint, to: Endpoint): SimPath {
    let ways = this.#paths.get(from);
    if (ways === undefined) {
      ways = new Map();
      this.#paths.set(from, ways);
    }
    let path = ways.get(to);
    if (path === undefined) {
      const between = typeof from === 'number' && typeof to === 'number';
      const random = randomStream(this.#seed, `path/${from}>${to}`);
      path = new SimPath(this.queue, random, from, to, between ? this.#peerFaults : this.#clientFaults);
      ways.set(to, path);
    }
    return path;
  }

  addPlace(place: Place): void {
    this.#places.set(peerUrl(place), place);
  }

  placeOf(url: string): Place | undefined {
    return this.#places.get(url);
  }

  isDark(place: Place): boolean {
    return this.#dark.has(place);
  }

  listen(transport: SimTransport): void {
    this.#dark.delete(transport.place);
    this.#listening.set(transport.place, transport);
    this.#transports.add(transport);
    for (const other of this.#transports)
      for (const lane of other.lanesTo(transport.place)) lane.targetReplaced(transport);
  }

  listening(place: Place): SimTransport | undefined {
    return this.#listening.get(place);
  }

  /** A transport is closed, or its process has gone. */
  leave(transport: SimTransport, silently: boolean): void {
    if (this.#listening.get(transport.place) === transport) this.#listening.delete(transport.place);
    this.#transports.delete(transport);
    for (const transfer of this.transfers) if (transfer.touches(transport)) transfer.reset();
    const told = silently ? [] : this.#transports;
    for (const other of told) for (const lane of other.lanesTo(transport.place)) lane.targetEnded(transport);
    if (!silently) return;
    this.#dark.add(transport.place);
    for (const path of this.#towards(transport.place)) path.suspect(() => true);
  }

  /** A process is paused: whoever is connected with it gives up after a while, if it still is. */
  paused(transport: SimTransport): void {
    for (const path of this.#towards(transport.place))
      path.suspect(() => transport.life.alive && transport.life.paused);
  }

  setPeerFaults(faults: Partial<LinkFaults>): void {
    this.#peerFaults = { ...calmLink, ...faults };
    for (const path of this.#everyPath()) if (isPeerPath(path)) path.faults = this.#peerFaults;
  }

  setLinkFaults(from: Place, to: Place, faults: Partial<LinkFaults> | undefined): void {
    this.path(from, to).faults = faults === undefined ? this.#peerFaults : { ...calmLink, ...faults };
  }

  setClientFaults(faults: Partial<LinkFaults>): void {
    this.#clientFaults = { ...calmLink, ...faults };
    for (const path of this.#everyPath()) if (!isPeerPath(path)) path.faults = this.#clientFaults;
  }

  block(from: Endpoint, to: Endpoint): void {
    this.path(from, to).block();
    // nothing comes back either, as far as the other end can tell
    this.path(to, from).suspect(() => this.path(from, to).blocked);
  }

  unblock(from: Endpoint, to: Endpoint): void {
    this.path(from, to).unblock();
  }

  partition(a: readonly Endpoint[], b: readonly Endpoint[], { oneWay = false }: { oneWay?: boolean } = {}): void {
    for (const from of a) {
      for (const to of b) {
        this.block(from, to);
        if (!oneWay) this.block(to, from);
      }
    }
  }

  clog(from: Place, to: Place, forMs: number): void {
    this.path(from, to).clog(forMs);
  }

  reset(a: Place, b: Place): void {
    const connections = new Set([...this.path(a, b).connections, ...this.path(b, a).connections]);
    for (const connection of connections) connection.reset();
  }

  setSnapshotBreaks(chance: number): void {
    this.snapshotBreaks = chance;
  }

  heal(): void {
    this.setPeerFaults({});
    this.setClientFaults({});
    this.snapshotBreaks = 0;
    for (const path of this.#everyPath()) {
      path.unclog();
      path.unblock();
    }
  }

  *#towards(place: Place): Generator<SimPath> {
    for (const path of this.#everyPath()) if (path.to === place) yield path;
  }

  *#everyPath(): Generator<SimPath> {
    for (const ways of this.#paths.values()) yield* ways.values();
  }
}

const isPeerPath = ({ from, to }: SimPath): boolean => typeof from === 'number' && typeof to === 'number';

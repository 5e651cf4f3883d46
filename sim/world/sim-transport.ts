import type { Method } from '../../grpc/server.ts';
import type { Message, NodeId } from '../../raft/core/types.ts';
import type { PeerTransport } from '../../raft/runtime/platform.ts';
import { AddressBook } from '../../raft/runtime/transport/address-book.ts';
import { decodeMessages, encodeMessages } from '../../raft/runtime/transport/message-codec.ts';
import { laneOf } from '../../raft/runtime/transport/peer-protocol.ts';
import type { TransportEvents, TransportOptions } from '../../raft/runtime/transport/transport.ts';
import type { PeerAddress } from '../../raft/runtime/types.ts';
import type { Life } from './event-queue.ts';
import { PeerLane } from './peer-lane.ts';
import type { SimNetwork } from './sim-network.ts';
import { sendSnapshot } from './snapshot-stream.ts';
import type { Place } from './types.ts';

interface Peer {
  readonly address: PeerAddress;
  readonly urgent: PeerLane;
  readonly bulk: PeerLane;
}

/** Sees what leaves; undefined in its place: it is lost. */
export type SentObserver = (message: Message) => Message | undefined;

/** All connections of one life of a member; behaves as `Transport` does over gRPC. */
export class SimTransport implements PeerTransport {
  readonly network: SimNetwork;
  readonly place: Place;
  readonly life: Life;
  readonly id: NodeId;
  readonly urls: readonly string[];
  readonly events: TransportEvents;
  readonly ports: readonly number[] = [2380];
  /** what else it answers at the peer port */
  readonly methods: ReadonlyMap<string, Method>;
  readonly #clusterId: string;
  readonly #onSent: SentObserver;
  readonly #isRemoved: TransportOptions['isRemoved'];
  readonly #book: AddressBook;
  readonly #peers = new Map<NodeId, Peer>();
  #closed = false;

  constructor(network: SimNetwork, place: Place, life: Life, options: TransportOptions, onSent: SentObserver) {
    this.network = network;
    this.place = place;
    this.life = life;
    this.id = options.own.id;
    this.#clusterId = options.own.clusterId;
    this.urls = options.own.urls ?? [];
    this.#book = new AddressBook(this.id, options.isRemoved);
    this.events = options.events;
    this.methods = new Map((options.methods ?? []).map((method) => [method.path, method]));
    this.#onSent = onSent;
    this.#isRemoved = options.isRemoved;
    network.listen(this);
  }

  isUp(peer: NodeId): boolean {
    const lanes = this.#peers.get(peer);
    return lanes !== undefined && lanes.urgent.up && lanes.bulk.up;
  }

  setPeers(addresses: readonly PeerAddress[]): void {
    this.#book.list(addresses);
    this.#openLanes();
  }

  /** Somebody has connected, and says where it is. */
  called(id: NodeId, urls: readonly string[]): void {
    if (this.#book.called(id, urls)) this.#openLanes();
  }

  #openLanes(): void {
    if (this.#closed) return;
    const wanted = this.#book.peers;
    for (const [id, { address, urgent, bulk }] of this.#peers) {
      if (wanted.get(id)?.urls.join() === address.urls.join()) continue;
      this.#peers.delete(id);
      urgent.stop();
      bulk.stop();
    }
    for (const [id, address] of wanted) {
      if (this.#peers.has(id) || address.urls.length === 0) continue;
      this.#peers.set(id, {
        address,
        urgent: new PeerLane(this, address, 'urgent'),
        bulk: new PeerLane(this, address, 'bulk'),
      });
    }
  }

  send(message: Message): void {
    const seen = this.#onSent(this.#copied(message));
    if (seen === undefined) return;
    this.network.messagesSent++;
    if (this.#peers.get(message.to)?.[laneOf(message)].send(seen) !== true) this.events.onUnreachable(message.to);
  }

  /** The wire copies. Without it the core's own array must not be shared; entries are immutable by convention. */
  #copied(message: Message): Message {
    if (this.network.encode) return decodeMessages(encodeMessages([message]))[0]!;
    return message.entries === undefined ? message : { ...message, entries: message.entries.slice() };
  }

  async sendSnapshot(offer: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const address = this.#peers.get(offer.to)?.address;
    if (address === undefined || this.#closed) throw new Error(`the address of member ${offer.to} is not known`);
    if (this.#onSent(offer) === undefined) throw new Error('the snapshot is lost');
    await sendSnapshot(this, address, offer, chunks);
  }

  close(): Promise<void> {
    this.ended(false);
    return Promise.resolve();
  }

  /** As when its process goes; `silently`: with its machine. */
  ended(silently: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { urgent, bulk } of this.#peers.values()) {
      urgent.stop();
      bulk.stop();
    }
    this.#peers.clear();
    this.network.leave(this, silently);
  }

  /** A frame came. */
  receive(messages: readonly Message[]): void {
    if (this.#closed) return;
    const ours = messages.filter((message) => message.to === this.id);
    if (ours.length > 0) this.events.onMessages(ours);
  }

  /** whom we reach there is whom we mean */
  means(target: SimTransport, id: NodeId): boolean {
    return target.id === id && target.#clusterId === this.#clusterId && !target.#closed;
  }

  /** it has been told that this one is no member any more */
  hasRemoved(id: NodeId): boolean {
    return this.#isRemoved?.(id) === true;
  }

  laneUp(peer: NodeId): void {
    if (this.isUp(peer)) this.events.onPeerUp(peer);
  }

  *lanesTo(place: Place): Generator<PeerLane> {
    for (const { address, urgent, bulk } of this.#peers.values()) {
      if (this.network.placeOf(address.urls[0]!) !== place) continue;
      yield urgent;
      yield bulk;
    }
  }
}

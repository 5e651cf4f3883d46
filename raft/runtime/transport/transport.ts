import * as grpc from '@grpc/grpc-js';
import { serveLean } from '../../../grpc/lean/lean-server.ts';
import { GrpcError, grpcCode } from '../../../grpc/server.ts';
import type { GrpcServer, Method, ServerStream } from '../../../grpc/server.ts';
import type { Log } from '../../../base/log.ts';
import { messageOf } from '../../../base/message-of.ts';
import { systemClock } from '../../../base/clock.ts';
import type { Message, NodeId } from '../../core/types.ts';
import type { PeerAddress, TlsFiles } from '../types.ts';
import { AddressBook } from './address-book.ts';
import { decodeMessages } from './message-codec.ts';
import { OutboundLane } from './outbound-lane.ts';
import {
  bytesCodec,
  callerUrls,
  checkCaller,
  connectTo,
  frameBytesMax,
  fromBuffer,
  identityMetadata,
  laneOf,
  messagesPath,
  removedRefusal,
  snapshotPath,
  toBuffer,
} from './peer-protocol.ts';
import type { Identity, Lane } from './peer-protocol.ts';
import { decodeFrames, encodeFrames } from './snapshot-frames.ts';

/** A snapshot that makes no progress for so long is given up. */
const snapshotStallMs = 30_000;

export interface TransportEvents {
  onMessages(messages: readonly Message[]): void;
  /** the connection to a peer closed, not by us, and it takes no new one; may be told several times */
  onPeerClosed(peer: NodeId): void;
  /** a message to the peer was dropped */
  onUnreachable(peer: NodeId): void;
  onPeerUp(peer: NodeId): void;
  /** the peer says that this member has been removed from the cluster */
  onRemoved?(peer: NodeId): void;
  /** resolves when the image is durable here; what it throws the sender sees */
  onSnapshot(offer: Message, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** For tests and fault injection: true drops the message. */
export type DropMessage = (direction: 'out' | 'in', peer: NodeId, message: Message) => boolean;

export interface TransportOptions {
  readonly own: Identity;
  readonly listenUrls: readonly string[];
  readonly tls: TlsFiles | undefined;
  readonly log: Log;
  readonly events: TransportEvents;
  readonly dropMessage: DropMessage | undefined;
  /** their connections are refused */
  readonly isRemoved?: ((id: NodeId) => boolean) | undefined;
  /** what else is answered at the peer port */
  readonly methods?: readonly Method[] | undefined;
}

interface Peer {
  readonly address: PeerAddress;
  readonly lanes: Readonly<Record<Lane, OutboundLane>>;
}

const accepted = new Uint8Array(0);

/** All connections of one member to its peers. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #book: AddressBook;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #snapshotCalls = new Set<grpc.ClientDuplexStream<Uint8Array, Uint8Array>>();
  #server: GrpcServer | undefined;
  #stopped = false;

  private constructor(options: TransportOptions) {
    this.#options = options;
    this.#book = new AddressBook(options.own.id, options.isRemoved);
  }

  static async start(options: TransportOptions): Promise<Transport> {
    const transport = new Transport(options);
    const { tls } = options;
    transport.#server = await serveLean({
      urls: options.listenUrls,
      methods: transport.#methods(),
      ...(tls !== undefined && { tls }),
      maxRequestBytes: frameBytesMax,
    });
    return transport;
  }

  /** in the order of `listenUrls` */
  get ports(): readonly number[] {
    return this.#server?.ports ?? [];
  }

  isUp(peer: NodeId): boolean {
    const lanes = this.#peers.get(peer)?.lanes;
    return lanes !== undefined && lanes.urgent.up && lanes.bulk.up;
  }

  setPeers(addresses: readonly PeerAddress[]): void {
    this.#book.list(addresses);
    this.#openLanes();
  }

  #openLanes(): void {
    if (this.#stopped) return;
    const wanted = this.#book.peers;
    for (const [id, peer] of this.#peers) {
      if (sameUrls(wanted.get(id), peer.address)) continue;
      this.#peers.delete(id);
      peer.lanes.urgent.stop();
      peer.lanes.bulk.stop();
    }
    for (const [id, address] of wanted) {
      if (this.#peers.has(id) || address.urls.length === 0) continue;
      this.#peers.set(id, {
        address,
        lanes: { urgent: this.#openLane(address, 'urgent'), bulk: this.#openLane(address, 'bulk') },
      });
    }
  }

  send(message: Message): void {
    const { dropMessage, events } = this.#options;
    if (dropMessage?.('out', message.to, message) === true) return;
    const sent = this.#peers.get(message.to)?.lanes[laneOf(message)].send(message) ?? false;
    if (!sent) events.onUnreachable(message.to);
  }

  /** Streams an image; resolves when the peer has it durably. */
  async sendSnapshot(offer: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const peer = this.#peers.get(offer.to);
    const { own, tls, dropMessage } = this.#options;
    if (peer === undefined || this.#stopped) throw new Error(`the address of member ${offer.to} is not known`);
    if (dropMessage?.('out', offer.to, offer) === true) throw new Error('dropped by a test');
    const client = connectTo(peer.address.urls[0]!, tls);
    const metadata = identityMetadata(own, offer.to, 'snapshot');
    const call = client.makeBidiStreamRequest<Uint8Array, Uint8Array>(snapshotPath, toBuffer, fromBuffer, metadata, {});
    this.#snapshotCalls.add(call);
    try {
      await pump(call, encodeFrames(offer, chunks));
    } finally {
      this.#snapshotCalls.delete(call);
      call.cancel();
      client.close();
    }
  }

  async close(): Promise<void> {
    this.#stopped = true;
    for (const { lanes } of this.#peers.values()) {
      lanes.urgent.stop();
      lanes.bulk.stop();
    }
    this.#peers.clear();
    for (const call of this.#snapshotCalls) call.cancel();
    await this.#server?.close(0);
  }

  #openLane(peer: PeerAddress, lane: Lane): OutboundLane {
    const { own, tls, log, events } = this.#options;
    return new OutboundLane({
      own,
      peer,
      lane,
      tls,
      log,
      onUp: () => this.isUp(peer.id) && events.onPeerUp(peer.id),
      onClosed: () => lane === 'urgent' && events.onPeerClosed(peer.id),
      onRemoved: () => events.onRemoved?.(peer.id),
    });
  }

  #methods(): Method[] {
    const codecs = { request: bytesCodec, response: bytesCodec };
    return [
      { kind: 'bidi-stream', path: messagesPath, ...codecs, handle: (stream) => this.#receiveMessages(stream) },
      { kind: 'bidi-stream', path: snapshotPath, ...codecs, handle: (stream) => this.#receiveSnapshot(stream) },
      ...(this.#options.methods ?? []),
    ];
  }

  async #receiveMessages(stream: ServerStream<Uint8Array, Uint8Array>): Promise<void> {
    const { own, events, dropMessage, isRemoved } = this.#options;
    const from = this.#callerOf(stream);
    stream.send(accepted);
    for await (const bytes of stream.requests) {
      if (this.#stopped) return;
      // removed while its connection stood
      if (isRemoved?.(from) === true) throw removedRefusal(from);
      const messages = this.#decode(from, bytes).filter(
        (message) => message.from === from && message.to === own.id && dropMessage?.('in', from, message) !== true,
      );
      if (messages.length > 0) events.onMessages(messages);
    }
  }

  /** What cannot be understood ends the stream, and is told on both sides; nothing of it reaches the core. */
  #decode(from: NodeId, bytes: Uint8Array): Message[] {
    try {
      return decodeMessages(bytes);
    } catch (error) {
      const { own, log } = this.#options;
      log.warn({ peer: from, error: messageOf(error) }, 'refused a message: is this peer of another version?');
      throw new GrpcError(
        grpcCode.failedPrecondition,
        `member ${own.id} refuses a message of member ${from}: ${messageOf(error)}. Do both run the same version?`,
      );
    }
  }

  #callerOf(stream: ServerStream<Uint8Array, Uint8Array>): NodeId {
    const from = checkCaller(this.#options.own, stream);
    if (this.#options.isRemoved?.(from) === true) throw removedRefusal(from);
    if (this.#book.called(from, callerUrls(stream))) this.#openLanes();
    return from;
  }

  async #receiveSnapshot(stream: ServerStream<Uint8Array, Uint8Array>): Promise<void> {
    const { own, events, dropMessage } = this.#options;
    const from = this.#callerOf(stream);
    const { offer, chunks } = await decodeFrames(stream.requests);
    if (offer.from !== from || offer.to !== own.id || this.#stopped || dropMessage?.('in', from, offer) === true) {
      throw new GrpcError(grpcCode.failedPrecondition, `member ${own.id} does not take this snapshot`);
    }
    await events.onSnapshot(offer, chunks);
    stream.send(accepted);
  }
}

function sameUrls(a: PeerAddress | undefined, b: PeerAddress): boolean {
  return a !== undefined && a.urls.length === b.urls.length && a.urls.every((url, i) => url === b.urls[i]);
}

/** Writes all frames at the receiver's pace; resolves with its OK. */
async function pump(
  call: grpc.ClientDuplexStream<Uint8Array, Uint8Array>,
  frames: AsyncGenerator<Buffer>,
): Promise<void> {
  let cancelStall = (): void => {};
  const touch = (): void => {
    cancelStall();
    cancelStall = systemClock.after(snapshotStallMs, () => call.cancel());
  };
  let ended: grpc.StatusObject | undefined;
  let wake = (): void => {};
  const status = new Promise<grpc.StatusObject>((resolve) => {
    call.on('status', (value) => {
      ended = value;
      resolve(value);
      wake();
    });
  });
  call.on('error', () => {}); // told by 'status'
  call.on('drain', () => wake());
  call.resume();
  try {
    touch();
    for await (const bytes of frames) {
      if (ended !== undefined) break;
      if (!call.write(bytes) && ended === undefined) await new Promise<void>((resolve) => (wake = resolve));
      touch();
    }
    call.end();
    const { code, details } = await status;
    if (code !== grpc.status.OK) throw new Error(details);
  } finally {
    cancelStall();
  }
}

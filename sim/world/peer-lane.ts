import type { Message, NodeId } from '../../raft/core/types.ts';
import type { PeerAddress } from '../../raft/runtime/types.ts';
import type { SimEvent } from './event-queue.ts';
import { OrderedStream } from './sim-path.ts';
import type { Connection, SimPath } from './sim-path.ts';
import { chance } from './sim-random.ts';
import type { SimTransport } from './sim-transport.ts';

// as OutboundLane has them
const backoffMinMs = 20;
const backoffMaxMs = 200;
const backoffRefusedMs = 2_000;
const acceptTimeoutMs = 2_000;
const verdictMs = 50;
/** frames that wait for a blocked path at most; beyond it messages are dropped */
const heldMax = 2_000;
const lateMsMax = 1_500;
/** TCP tries again to get through */
const retryUs = 1_000_000;

/** What stands between two members as long as nothing breaks it. */
interface Link {
  readonly target: SimTransport;
  readonly stream: OrderedStream;
  readonly forth: SimPath;
  readonly back: SimPath;
  readonly connection: Connection;
}

/** One of the two streams to a peer, opened again whenever it breaks; what OutboundLane is over gRPC. */
export class PeerLane {
  readonly #own: SimTransport;
  readonly #peer: PeerAddress;
  readonly #lane: 'urgent' | 'bulk';
  #link: Link | undefined;
  #backoffMs = backoffMinMs;
  #stopped = false;
  #inDoubt = false;
  #verdict: SimEvent | undefined;
  /** messages sent at the same moment travel together */
  #frame: Message[] = [];
  #frameAtUs = -1;

  constructor(own: SimTransport, peer: PeerAddress, lane: 'urgent' | 'bulk') {
    this.#own = own;
    this.#peer = peer;
    this.#lane = lane;
    this.#connect();
  }

  get up(): boolean {
    return this.#link !== undefined;
  }

  get peer(): NodeId {
    return this.#peer.id;
  }

  /** False: dropped. */
  send(message: Message): boolean {
    const link = this.#link;
    if (link === undefined || link.stream.held >= heldMax) return false;
    const { random, faults, queue } = link.forth;
    if (chance(random, faults.drop)) return true;
    if (chance(random, faults.duplicate)) this.#deliverLate(link, message);
    if (chance(random, faults.reorder)) {
      this.#deliverLate(link, message);
      return true;
    }
    if (this.#frameAtUs === queue.timeUs) {
      this.#frame.push(message);
      return true;
    }
    const frame = [message];
    this.#frame = frame;
    this.#frameAtUs = queue.timeUs;
    // what was sent before still comes, this and what follows does not
    if (chance(random, faults.breaks)) queue.plan(0, undefined, () => link.connection.reset());
    else link.stream.send(() => this.#deliver(link, frame));
    return true;
  }

  /** We end it, or our process has ended. */
  stop(): void {
    this.#stopped = true;
    this.#cancelVerdict();
    this.#disconnect();
  }

  /** The peer's process is gone, and its machine says so. */
  targetEnded(target: SimTransport): void {
    const link = this.#link;
    if (link?.target !== target) return;
    const { back } = link;
    const learn = (): void => {
      if (this.#link !== link) return;
      // the news cannot pass: keep-alive tells, or TCP's next try
      if (back.blocked) back.queue.plan(retryUs, this.#own.life, learn);
      else this.#break(link);
    };
    back.queue.plan(back.delayUs(), this.#own.life, learn);
  }

  /** The peer has come back as another process: what was left of the old connection breaks. */
  targetReplaced(target: SimTransport): void {
    const old = this.#link?.target;
    if (old !== undefined && old !== target) this.targetEnded(old);
  }

  #connect(): void {
    const { life, network } = this.#own;
    const url = this.#peer.urls[0];
    if (this.#stopped || url === undefined) return;
    const from = this.#own.place;
    const to = network.placeOf(url);
    if (to === undefined) return this.#notTaken(this.#nextBackoffMs());
    const forth = network.path(from, to);
    const back = network.path(to, from);
    forth.queue.plan(forth.delayUs() + back.delayUs(), life, () => {
      if (this.#stopped) return;
      const target = network.listening(to);
      const silent = forth.blocked || back.blocked || target?.life.paused === true || network.isDark(to);
      if (silent) forth.queue.plan(acceptTimeoutMs * 1000, life, () => this.#notTaken(this.#nextBackoffMs()));
      else if (target === undefined) this.#notTaken(this.#nextBackoffMs());
      else if (!this.#own.means(target, this.#peer.id)) this.#notTaken(backoffRefusedMs);
      else if (target.hasRemoved(this.#own.id)) this.#removed();
      else this.#accepted(target, forth, back);
    });
  }

  #accepted(target: SimTransport, forth: SimPath, back: SimPath): void {
    this.#inDoubt = false;
    this.#cancelVerdict();
    this.#backoffMs = backoffMinMs;
    const end = (): void => this.#break(link);
    const connection: Connection = { expire: end, reset: end };
    const link: Link = { target, forth, back, connection, stream: new OrderedStream(forth, target.life) };
    this.#link = link;
    forth.connections.add(connection);
    back.connections.add(connection);
    this.#frameAtUs = -1;
    this.#own.laneUp(this.#peer.id);
    target.called(this.#own.id, this.#own.urls);
  }

  /** A connection broke that stood, and not by us. */
  #break(link: Link): void {
    if (this.#link !== link) return;
    this.#disconnect();
    const { queue } = link.forth;
    queue.plan(0, this.#own.life, () => {
      if (this.#stopped) return;
      // one broken connection does not mean that the peer is gone: it is told when a new one is not taken
      this.#inDoubt = true;
      this.#cancelVerdict();
      this.#verdict = queue.plan(verdictMs * 1000, this.#own.life, () => this.#closed());
      this.#connect();
    });
  }

  #notTaken(retryAfterMs: number): void {
    if (this.#stopped) return;
    this.#connectLater(retryAfterMs);
    if (!this.#inDoubt) return;
    this.#cancelVerdict();
    this.#closed();
  }

  #removed(): void {
    this.#own.events.onRemoved?.(this.#peer.id);
    this.#notTaken(backoffRefusedMs);
  }

  #closed(): void {
    if (this.#lane === 'urgent') this.#own.events.onPeerClosed(this.#peer.id);
  }

  #cancelVerdict(): void {
    if (this.#verdict !== undefined) this.#verdict.action = undefined;
  }

  #connectLater(delayMs: number): void {
    this.#own.network.queue.plan(delayMs * 1000, this.#own.life, () => this.#connect());
  }

  #nextBackoffMs(): number {
    const now = this.#backoffMs;
    this.#backoffMs = Math.min(now * 2, backoffMaxMs);
    return now;
  }

  #disconnect(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    link.stream.close();
    link.forth.connections.delete(link.connection);
    link.back.connections.delete(link.connection);
  }

  #deliver(link: Link, frame: readonly Message[]): void {
    // the frame has come: what is sent at this very moment takes the next
    if (frame === this.#frame) this.#frameAtUs = -1;
    if (link.target.hasRemoved(this.#own.id)) {
      link.back.queue.plan(link.back.delayUs(), this.#own.life, () => {
        if (this.#link !== link) return;
        this.#disconnect();
        this.#removed();
      });
      return;
    }
    link.target.receive(frame);
  }

  /** Out of order, whatever becomes of the connection. */
  #deliverLate({ forth, target }: Link, message: Message): void {
    const delayUs = forth.delayUs() + forth.random.next() * lateMsMax * 1000;
    forth.queue.plan(delayUs, target.life, () => {
      if (!forth.blocked) target.receive([message]);
    });
  }
}

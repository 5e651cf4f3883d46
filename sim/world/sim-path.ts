import type { Random } from '../../base/random.ts';
import type { EventQueue, Life } from './event-queue.ts';
import { chance, tailed } from './sim-random.ts';
import type { Endpoint, LinkFaults } from './types.ts';

export const calmLink: LinkFaults = {
  latencyMinMs: 0.05,
  latencyMeanMs: 0.25,
  loss: 0,
  breaks: 0,
  duplicate: 0,
  reorder: 0,
  drop: 0,
};
/** as TCP: the first repetition, doubled each time */
const retransmitMs = 200;
const retransmissionsMax = 5;
const resetAtHealing = 0.3;
/** A connection over which nothing comes back is given up after about so long (HTTP/2's keep-alive). */
const keepAliveMs = [5_000, 3_000] as const;

/** Whatever runs over a path and ends when it does. */
export interface Connection {
  /** notices by itself that nothing comes back */
  expire(): void;
  /** a reset from outside: both ends notice */
  reset(): void;
}

/** One direction between two ends. */
export class SimPath {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly connections = new Set<Connection>();
  readonly streams = new Set<OrderedStream>();
  readonly #queue: EventQueue;
  readonly #random: Random;
  faults: LinkFaults;
  #blocked = false;
  #cloggedUntilUs = 0;

  constructor(queue: EventQueue, random: Random, from: Endpoint, to: Endpoint, faults: LinkFaults) {
    this.#queue = queue;
    this.#random = random;
    this.from = from;
    this.to = to;
    this.faults = faults;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  get queue(): EventQueue {
    return this.#queue;
  }

  get random(): Random {
    return this.#random;
  }

  block(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    this.suspect(() => this.#blocked);
  }

  /** What waited comes after TCP's next repetition, or its connection broke. */
  unblock(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    for (const stream of this.streams) stream.release(this.#random.next() * 2 * retransmitMs);
    if (chance(this.#random, resetAtHealing)) for (const connection of this.connections) connection.reset();
  }

  clog(forMs: number): void {
    this.#cloggedUntilUs = Math.max(this.#cloggedUntilUs, this.#queue.timeUs + forMs * 1000);
  }

  unclog(): void {
    this.#cloggedUntilUs = 0;
  }

  /** The keep-alive of those that are connected now runs out, if `stillDead` until then. */
  suspect(stillDead: () => boolean): void {
    const suspects = [...this.connections];
    if (suspects.length === 0) return;
    const afterMs = keepAliveMs[0] + this.#random.next() * keepAliveMs[1];
    this.#queue.plan(afterMs * 1000, undefined, () => {
      if (!stillDead()) return;
      for (const connection of suspects) if (this.connections.has(connection)) connection.expire();
    });
  }

  /** how long what is sent now takes, with what holds it up; microseconds */
  delayUs(): number {
    const { latencyMinMs, latencyMeanMs, loss } = this.faults;
    let ms = latencyMinMs + tailed(this.#random, latencyMeanMs);
    for (let i = 0; i < retransmissionsMax && chance(this.#random, loss); i++) ms += retransmitMs * 2 ** i;
    return ms * 1000 + Math.max(0, this.#cloggedUntilUs - this.#queue.timeUs);
  }
}

/** What is sent comes in order, once, as long as the connection lives; TCP. */
export class OrderedStream {
  readonly path: SimPath;
  /** of the receiver; undefined: a client, which lives for ever */
  readonly #life: Life | undefined;
  #lastUs = 0;
  #held: (() => void)[] = [];
  #closed = false;

  constructor(path: SimPath, life: Life | undefined) {
    this.path = path;
    this.#life = life;
    path.streams.add(this);
  }

  get held(): number {
    return this.#held.length;
  }

  send(arrive: () => void): void {
    if (this.#closed) return;
    if (this.path.blocked || this.#held.length > 0) this.#held.push(arrive);
    else this.#plan(arrive, 0);
  }

  /** What is held comes after `delayMs`, unless the way is closed again by then. */
  release(delayMs: number): void {
    if (this.#held.length === 0) return;
    this.path.queue.plan(delayMs * 1000, undefined, () => {
      if (this.path.blocked || this.#closed) return;
      const held = this.#held;
      this.#held = [];
      for (const arrive of held) this.#plan(arrive, 0);
    });
  }

  /** Nothing further is sent; what is on its way still comes, what is held does not. */
  close(): void {
    this.#closed = true;
    this.#held = [];
    this.path.streams.delete(this);
  }

  #plan(arrive: () => void, extraUs: number): void {
    const { queue } = this.path;
    const atUs = Math.max(this.#lastUs, queue.timeUs + this.path.delayUs() + extraUs);
    this.#lastUs = atUs;
    queue.plan(Math.max(1, atUs - queue.timeUs), this.#life, arrive);
  }
}

import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * How a link behaves.
 * - pass: as if it were not there
 * - drop: takes nothing more and closes nothing, as a cable that was pulled; what is on its way arrives when it passes again
 * - delay: every byte, both ways, arrives `delayMs` later
 * - reset: connections are reset, and new ones as soon as they are made
 */
export type LinkMode = 'pass' | 'drop' | 'delay' | 'reset';

/** what one connection holds back at most; beyond it the sender waits */
const heldBytesMax = 1024 * 1024;

interface Held {
  readonly dueMs: number;
  readonly action: () => void;
}

/** One direction of one connection. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  #heldBytes = 0;
  #stopped = false;
  #delayMs = 0;
  /** in order of arrival; due times never go down */
  #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    to.on('drain', () => this.#flow());
    from.on('end', () => this.#hold(() => to.end()));
    from.on('close', () => this.#hold(() => to.destroy()));
  }

  set(mode: LinkMode, delayMs: number): void {
    this.#stopped = mode === 'drop';
    this.#delayMs = mode === 'delay' ? delayMs : 0;
    this.#release();
    this.#flow();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#held = [];
  }

  #take(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    this.#hold(() => {
      this.#heldBytes -= bytes.length;
      if (!this.#to.destroyed) this.#to.write(bytes);
    });
    this.#flow();
  }

  #hold(action: () => void): void {
    const dueMs = Math.max(performance.now() + this.#delayMs, this.#held.at(-1)?.dueMs ?? 0);
    this.#held.push({ dueMs, action });
    this.#release();
  }

  #release(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const now = performance.now();
    while (this.#held[0] !== undefined && this.#held[0].dueMs <= now) this.#held.shift()!.action();
    const next = this.#held[0];
    if (next === undefined) return;
    this.#timer = setTimeout(() => {
      this.#release();
      this.#flow();
    }, next.dueMs - now);
  }

  #flow(): void {
    const wait = this.#stopped || this.#heldBytes > heldBytesMax || this.#to.writableNeedDrain;
    if (wait) this.#from.pause();
    else this.#from.resume();
  }
}

interface Connection {
  readonly sockets: readonly [Socket, Socket];
  readonly pipes: readonly [Pipe, Pipe];
}

/** All that one replica sends to one other: a member dials the peers that it sends to, so each direction is a link of its own. */
export class LinkProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #connections = new Set<Connection>();
  /** accepted while the link drops: connected when it passes again */
  readonly #waiting = new Set<Socket>();
  #mode: LinkMode = 'pass';
  #delayMs = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
  }

  static async start(targetPort: number): Promise<LinkProxy> {
    const proxy = new LinkProxy(targetPort);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get mode(): LinkMode {
    return this.#mode;
  }

  set(mode: LinkMode, delayMs = 0): void {
    this.#mode = mode;
    this.#delayMs = delayMs;
    if (mode === 'reset') this.resetAll();
    for (const { pipes } of this.#connections) for (const pipe of pipes) pipe.set(mode, delayMs);
    if (mode === 'drop') return;
    for (const socket of this.#waiting) this.#join(socket);
    this.#waiting.clear();
  }

  resetAll(): void {
    for (const { sockets } of this.#connections) for (const socket of sockets) socket.resetAndDestroy();
    for (const socket of this.#waiting) socket.resetAndDestroy();
    this.#waiting.clear();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { sockets } of this.#connections) for (const socket of sockets) socket.destroy();
    for (const socket of this.#waiting) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#mode === 'reset') {
      socket.resetAndDestroy();
    } else if (this.#mode === 'drop') {
      this.#waiting.add(socket);
      socket.on('close', () => this.#waiting.delete(socket));
    } else {
      this.#join(socket);
    }
  }

  #join(inner: Socket): void {
    if (inner.destroyed) return;
    const outer = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const pipes = [new Pipe(inner, outer), new Pipe(outer, inner)] as const;
    const connection: Connection = { sockets: [inner, outer], pipes };
    outer.on('error', () => {}); // 'close' follows
    this.#connections.add(connection);
    for (const pipe of pipes) pipe.set(this.#mode, this.#delayMs);
    for (const socket of connection.sockets) {
      socket.on('close', () => {
        if (!inner.destroyed || !outer.destroyed) return;
        this.#connections.delete(connection);
        for (const pipe of pipes) pipe.end();
      });
    }
  }
}

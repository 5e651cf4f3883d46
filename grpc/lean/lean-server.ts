import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import { commonNameOf } from '../common-name.ts';
import { grpcOnly } from '../http-answer.ts';
import { handshakeMs, PortMux } from '../port-mux.ts';
import type { ConnectionLimits, GrpcServer, GrpcServerOptions, HttpHandler, Method, Traffic } from '../server.ts';
import { Connection } from './connection.ts';
import { concurrentCallsMax } from './settings.ts';

/** deadlines are looked at so often; clients keep their own time */
const sweepMs = 100;
/** as etcd's --grpc-keepalive-interval and -timeout: a peer that is silent for so long is asked, and then left */
const keepAliveMs = 2 * 60 * 60 * 1000;
const keepAliveAnswerMs = 20_000;

const defaultMaxRequestBytes = 4 * 1024 * 1024;

interface Peer {
  readonly connection: Connection;
  readonly sinceMs: number;
  pingedAtMs: number;
}

/** gRPC over HTTP/2 framing of our own, straight on the sockets. */
class LeanServer implements GrpcServer {
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #maxRequestBytes: number;
  readonly #http: HttpHandler;
  readonly #mux: PortMux;
  readonly #limits: ConnectionLimits;
  readonly #peers = new Set<Peer>();
  readonly #stopSweep: () => void;
  #idle: (() => void) | undefined;
  ports: readonly number[] = [];

  constructor(options: GrpcServerOptions) {
    const { methods, maxRequestBytes = defaultMaxRequestBytes, http = grpcOnly } = options;
    this.#limits = options.limits ?? {};
    this.#methods = new Map(methods.map((method) => [method.path, method]));
    this.#maxRequestBytes = maxRequestBytes;
    this.#http = http;
    this.#mux = new PortMux(options, ['h2', 'http/1.1'], (socket, first) => this.#serveHttp2(socket, first));
    this.#stopSweep = systemClock.every(sweepMs, () => this.#sweep());
  }

  async listen(options: GrpcServerOptions): Promise<void> {
    try {
      this.ports = await this.#mux.listen(options);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** lets calls under way finish for `graceMs`, then cuts them */
  async close(graceMs = 0): Promise<void> {
    const closed = this.#mux.stopListening();
    for (const { connection } of this.#peers) connection.goAway();
    if (graceMs > 0 && this.#busy) {
      await new Promise<void>((resolve) => {
        const cancel = systemClock.after(graceMs, resolve);
        this.#idle = () => {
          cancel();
          resolve();
        };
      });
    }
    for (const { connection } of this.#peers) connection.destroy();
    this.#mux.cut();
    this.#stopSweep();
    await closed;
  }

  traffic(): Traffic {
    return this.#mux.traffic();
  }

  get #busy(): boolean {
    for (const { connection } of this.#peers) if (connection.callCount > 0) return true;
    return false;
  }

  #serveHttp2(socket: Socket, first: Buffer): void {
    const nowMs = systemClock.monotonicMs();
    let name: { readonly of: string | undefined } | undefined;
    const connection = new Connection(socket, {
      methods: this.#methods,
      maxRequestBytes: this.#maxRequestBytes,
      http: this.#http,
      nowMs: () => systemClock.monotonicMs(),
      // behind the promises that what runs now has resolved: their answers leave in one write
      soon: (action) => process.nextTick(action),
      // a connection's certificate stays, and reading it is dear
      peerCommonName: () => (name ??= { of: commonNameOf(socket) }).of,
      encrypted: socket instanceof TLSSocket,
      maxConcurrentCalls: Math.min(this.#limits.maxConcurrentCalls ?? concurrentCallsMax, concurrentCallsMax),
    });
    const peer = { connection, sinceMs: nowMs, pingedAtMs: -Infinity };
    this.#peers.add(peer);
    socket.on('data', (chunk: Buffer) => connection.receive(chunk));
    socket.on('drain', () => connection.drained());
    socket.on('close', () => {
      connection.lost();
      this.#peers.delete(peer);
      if (!this.#busy) this.#idle?.();
    });
    connection.receive(first);
    socket.resume();
  }

  #sweep(): void {
    const nowMs = systemClock.monotonicMs();
    const { keepAliveMs: pause = keepAliveMs, keepAliveAnswerMs: patience = keepAliveAnswerMs } = this.#limits;
    for (const peer of this.#peers) {
      const { connection, sinceMs } = peer;
      connection.expire(nowMs);
      const answered = connection.heardAtMs >= peer.pingedAtMs;
      if (!connection.started && nowMs - sinceMs > handshakeMs) connection.destroy();
      else if (!answered) {
        if (patience > 0 && nowMs - peer.pingedAtMs > patience) connection.destroy();
      } else if (pause > 0 && nowMs - connection.heardAtMs >= pause) {
        peer.pingedAtMs = nowMs;
        connection.ping();
      }
    }
    if (this.#idle !== undefined && !this.#busy) this.#idle();
  }
}

/** Serves `methods` on every URL; rejects where one cannot be bound, and then none is. */
export async function serveLean(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new LeanServer(options);
  await server.listen(options);
  return server;
}

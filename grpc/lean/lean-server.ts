import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import { contextOf, pemNow, requiresClientCert } from '../tls.ts';
import { removeStaleSocket } from '../stale-socket.ts';
import type { ConnectionLimits, GrpcServer, GrpcServerOptions, HttpHandler, Method, Traffic } from '../server.ts';
import { commonNameOf } from './common-name.ts';
import { Connection } from './connection.ts';
import { Http1 } from './http1.ts';
import { plainText } from './plain-text.ts';
import { concurrentCallsMax } from './settings.ts';

/** whoever connects must speak within this time */
const handshakeMs = 10_000;
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
  readonly #http1: Http1;
  readonly #onRefused: GrpcServerOptions['onRefused'];
  readonly #limits: ConnectionLimits;
  readonly #servers: Server[] = [];
  readonly #peers = new Set<Peer>();
  readonly #sockets = new Set<Socket>();
  /** of sockets that are gone */
  #past: Traffic = { receivedBytes: 0, sentBytes: 0 };
  /** they have not said a word yet */
  readonly #undecided = new Set<Socket>();
  readonly #stopSweep: () => void;
  #idle: (() => void) | undefined;
  ports: readonly number[] = [];

  constructor(options: GrpcServerOptions) {
    const { methods, maxRequestBytes = defaultMaxRequestBytes, http = grpcOnly } = options;
    this.#onRefused = options.onRefused;
    this.#limits = options.limits ?? {};
    this.#methods = new Map(methods.map((method) => [method.path, method]));
    this.#maxRequestBytes = maxRequestBytes;
    this.#http = http;
    this.#http1 = new Http1(http);
    this.#stopSweep = systemClock.every(sweepMs, () => this.#sweep());
  }

  async listen({ urls, tls }: GrpcServerOptions): Promise<void> {
    try {
      for (const url of urls) this.ports = [...this.ports, await this.#bind(url, tls)];
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** lets calls under way finish for `graceMs`, then cuts them */
  async close(graceMs = 0): Promise<void> {
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
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
    for (const socket of this.#undecided) socket.destroy();
    this.#http1.close();
    this.#stopSweep();
    await Promise.all(closed);
  }

  traffic(): Traffic {
    let sum = this.#past;
    for (const socket of this.#sockets) sum = added(sum, socket);
    return sum;
  }

  get #busy(): boolean {
    for (const { connection } of this.#peers) if (connection.callCount > 0) return true;
    return false;
  }

  async #bind(url: string, tls: GrpcServerOptions['tls']): Promise<number> {
    const secure = url.startsWith('https:');
    if (secure && tls === undefined) throw new Error(`${url} needs a certificate and a key`);
    const onSocket = (socket: Socket): void => this.#accept(socket);
    const server = secure && tls !== undefined ? this.#tlsServer(tls, onSocket) : createServer(onSocket);
    const path = url.startsWith('unix:') ? url.replace(/^unix:(\/\/)?/, '') : undefined;
    if (path !== undefined) await removeStaleSocket(path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        reject(new Error(`cannot listen on ${url}: ${error.message}`, { cause: error }));
      });
      const { hostname, port } = path === undefined ? new URL(url) : { hostname: '', port: '' };
      if (path !== undefined) server.listen(path, resolve);
      else server.listen(Number(port || 0), hostname.replace(/^\[|\]$/g, ''), resolve);
    });
    this.#servers.push(server);
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  #tlsServer(tls: NonNullable<GrpcServerOptions['tls']>, onSocket: (socket: Socket) => void): Server {
    let pem = pemNow(tls);
    const server = createTlsServer({
      ...contextOf(tls, pem, 'server'),
      requestCert: requiresClientCert(tls),
      rejectUnauthorized: false, // checked below, so that the reason is told
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: handshakeMs,
    });
    // before Node.js looks at a new connection: certificates that were renewed hold from this one on
    server.prependListener('connection', () => {
      const now = pemNow(tls);
      if (now !== pem) server.setSecureContext(contextOf(tls, now, 'server'));
      pem = now;
    });
    server.on('secureConnection', (socket) => {
      const reason = requiresClientCert(tls) ? whyRefused(socket, tls) : undefined;
      if (reason === undefined) onSocket(socket);
      else {
        this.#onRefused?.(remoteOf(socket), reason);
        socket.destroy();
      }
    });
    server.on('tlsClientError', (error, socket) => {
      this.#onRefused?.(remoteOf(socket), error.message);
      socket.destroy(); // of a handshake that takes too long Node.js only tells
    });
    return server;
  }

  /** The first bytes tell what a client speaks: HTTP/1.1 begins with a method and a path, all else has to be HTTP/2. */
  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#past = added(this.#past, socket);
    });
    socket.setNoDelay(true);
    socket.on('error', () => {}); // 'close' follows
    const silence = systemClock.after(handshakeMs, () => socket.destroy());
    const decided = (): void => {
      silence();
      this.#undecided.delete(socket);
    };
    this.#undecided.add(socket);
    socket.once('close', decided);
    socket.once('data', (first: Buffer) => {
      decided();
      socket.off('close', decided);
      if (http1Request.test(first.toString('latin1', 0, methodBytesMax))) {
        socket.pause();
        this.#http1.take(socket, first);
      } else this.#serveHttp2(socket, first);
    });
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

const remoteOf = ({ remoteAddress, remotePort }: Socket): string =>
  remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`;

/** Why the client's certificate does not do; undefined: it does. */
function whyRefused(socket: TLSSocket, tls: NonNullable<GrpcServerOptions['tls']>): string | undefined {
  const certificate = socket.getPeerCertificate();
  if (certificate.subject === undefined) return 'the client shows no certificate';
  // declared an Error, and in truth its code
  if (!socket.authorized) return `the client's certificate does not do: ${String(socket.authorizationError)}`;
  return tls.refuses?.(certificate);
}

const added = ({ receivedBytes, sentBytes }: Traffic, { bytesRead, bytesWritten }: Socket): Traffic => ({
  receivedBytes: receivedBytes + bytesRead,
  sentBytes: sentBytes + bytesWritten,
});

const http1Request = /^[A-Z]{3,7} \//;
const methodBytesMax = 10;

const grpcOnly: HttpHandler = () => plainText(415, 'this port speaks gRPC: content-type must be application/grpc');

/** Serves `methods` on every URL; rejects where one cannot be bound, and then none is. */
export async function serveLean(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new LeanServer(options);
  await server.listen(options);
  return server;
}

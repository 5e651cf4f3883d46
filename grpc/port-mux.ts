import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../base/clock.ts';
import { Http1 } from './http1.ts';
import { grpcOnly } from './http-answer.ts';
import { preface } from './lean/frame.ts';
import type { GrpcServerOptions, Traffic } from './server.ts';
import { removeStaleSocket } from './stale-socket.ts';
import { contextOf, pemNow, requiresClientCert } from './tls.ts';

/** whoever connects must speak within this time */
export const handshakeMs = 10_000;

/** An HTTP/2 connection: what was read of it to know what it speaks is `first`. The socket does not flow. */
export type TakeHttp2 = (socket: Socket, first: Buffer) => void;

/**
 * The ports of a server that speaks gRPC and plain HTTP/1.1: binds the URLs, ends TLS with certificates that may be
 * renewed, refuses clients by their certificates, and tells by the first bytes who gets a connection.
 *
 *     socket ── TLS? ──┬── "GET /health"  → Http1
 *                      └── anything else  → takeHttp2
 */
export class PortMux {
  readonly #http1: Http1;
  readonly #onRefused: GrpcServerOptions['onRefused'];
  readonly #protocols: readonly string[];
  readonly #takeHttp2: TakeHttp2;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** they have not said a word yet */
  readonly #undecided = new Set<Socket>();
  /** of sockets that are gone */
  #past: Traffic = { receivedBytes: 0, sentBytes: 0 };

  /** @param protocols for TLS: what a client gets that speaks both, first */
  constructor({ http = grpcOnly, onRefused }: GrpcServerOptions, protocols: readonly string[], takeHttp2: TakeHttp2) {
    this.#protocols = protocols;
    this.#http1 = new Http1(http);
    this.#onRefused = onRefused;
    this.#takeHttp2 = takeHttp2;
  }

  /** The ports, in the order of the URLs; rejects where one cannot be bound: `close` gives the others back. */
  async listen({ urls, tls }: GrpcServerOptions): Promise<number[]> {
    const ports: number[] = [];
    for (const url of urls) ports.push(await this.#bind(url, tls));
    return ports;
  }

  /** No new connections; resolves once all there were are gone. */
  async stopListening(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  /** Cuts all but connections of HTTP/2: these are with whom they were given to. */
  cut(): void {
    for (const socket of this.#undecided) socket.destroy();
    this.#http1.close();
  }

  traffic(): Traffic {
    let sum = this.#past;
    for (const socket of this.#sockets) sum = added(sum, socket);
    return sum;
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
      ALPNProtocols: [...this.#protocols],
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
    let first: Buffer = Buffer.alloc(0);
    const listen = (chunk: Buffer): void => {
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      const http1 = http1Request.test(first.toString('latin1', 0, methodBytesMax));
      if (!http1 && isHalfGreeting(first)) return;
      decided();
      socket.off('close', decided).off('data', listen);
      socket.pause();
      if (http1) this.#http1.take(socket, first);
      else this.#takeHttp2(socket, first);
    };
    socket.on('data', listen);
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
/** RFC 9113, section 3.4: a client begins with the preface and a SETTINGS frame, and waits for nothing before */
const http2GreetingBytes = preface.length + 9;

const isHalfGreeting = (bytes: Buffer): boolean =>
  bytes.length < http2GreetingBytes &&
  bytes.subarray(0, preface.length).equals(preface.subarray(0, Math.min(bytes.length, preface.length)));

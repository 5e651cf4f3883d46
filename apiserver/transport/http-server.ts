import { messageOf } from '../../base/message-of.ts';
import { randomUUID } from 'node:crypto';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { constants as http2Constants, type Http2ServerRequest, type Http2Session } from 'node:http2';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Log } from '../../base/log.ts';
import { sleep, systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { newBadRequest, newRequestEntityTooLarge } from '../../api/meta/status.ts';
import type { ReplyStream, RequestContext, UpgradeOffer } from '../pipeline.ts';
import { HttpReply, type RawResponse } from './http-reply.ts';
import { CertificateRenewal } from './certificate-renewal.ts';
import { parseRequestInfo } from './request-info.ts';
import { secureContext, type ServingTls } from './serving-tls.ts';

/** as kube-apiserver */
export const maxRequestBytes = 3 * 1024 * 1024;
const streamsPerConnectionDefault = 1_000;
/** Node's own 10 MB are less than one large list: while it is on its way, other requests were turned away. */
const connectionMemoryMbMax = 256;
/** A body must be there by then: an unfinished one holds memory. */
export const bodyTimeoutMsDefault = 60_000;

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ServingTls;
  /** PEM: clients whose certificates they signed are known by them */
  readonly authorities: readonly string[];
  readonly log: Log;
  /** answers everything; must not throw */
  readonly handle: (ctx: RequestContext, reply: HttpReply) => Promise<void>;
  readonly bodyTimeoutMs?: number;
  readonly streamsPerConnection?: number;
  /** the part of HTTP/2 requests after which the client is told to connect anew */
  readonly goawayChance?: number;
  /** answers what could not even become a request */
  readonly refuse: (ctx: RequestContext, error: unknown) => void;
}

/** One for all requests: each would make its own with a stack trace, and each request ends with it. */
const requestIsOver = new DOMException('This operation was aborted', 'AbortError');
const http2Cancel = http2Constants.NGHTTP2_CANCEL;

const gzipWanted = /(^|,)\s*gzip\s*(,|;(?!\s*q=0(\.0*)?\s*(,|$))|$)/;
const auditIdPattern = /^[\w.:-]{1,64}$/;

/** A client may name its requests, to find them again in audit logs. */
function auditIdOf({ headers }: RawRequest): string | undefined {
  const asked = headers['audit-id'];
  return typeof asked === 'string' && auditIdPattern.test(asked) ? asked : undefined;
}

type RawRequest = IncomingMessage | Http2ServerRequest;

/** TLS on one port for HTTP/2 and HTTP/1.1, client certificates asked for and not required. */
export class HttpServer {
  readonly #app: FastifyInstance;
  readonly #options: HttpServerOptions;
  readonly #certificates = new WeakMap<object, DetailedPeerCertificate | 'none'>();
  readonly #streams = new Set<ReplyStream>();
  readonly #sockets = new Set<TLSSocket>();
  readonly #sessions = new Set<Http2Session>();
  readonly #renewal: CertificateRenewal;
  #port = 0;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const app = fastify({
      http2: true,
      https: {
        allowHTTP1: true,
        ...secureContext(options.tls, options.tls, options.authorities),
        requestCert: options.authorities.length > 0,
        rejectUnauthorized: false,
        settings: { maxConcurrentStreams: options.streamsPerConnection ?? streamsPerConnectionDefault },
        maxSessionMemory: connectionMemoryMbMax,
      },
      bodyLimit: maxRequestBytes,
      frameworkErrors: (error, request, reply) => this.#refuse(request as unknown, reply as unknown, error),
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.addHook('onRequest', (request, reply, done) => {
      if (this.#mayHaveBody(request, reply)) done();
    });
    app.setErrorHandler((error, request, reply) => this.#refuse(request, reply, error));
    app.all('*', (request, reply) => this.#answer(request, reply));
    app.server.on('secureConnection', (socket: TLSSocket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    app.server.on('session', (session: Http2Session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    app.server.on('upgrade', (request: IncomingMessage, socket: TLSSocket, head: Buffer) =>
      this.#answerUpgrade(request, socket, head),
    );
    this.#app = app as unknown as FastifyInstance;
    this.#renewal = new CertificateRenewal(app.server, options.tls, options.authorities, options.log);
  }

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    await this.#app.listen({ host: this.#options.host, port: this.#options.port });
    const address = this.#app.server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  /** Watches end, clients are told to go elsewhere, requests under way may finish for `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#renewal.stop();
    const closed = this.#app.close();
    for (const stream of this.#streams) stream.end();
    for (const session of this.#sessions) session.close();
    const idle = (async (): Promise<void> => {
      const deadlineMs = systemClock.monotonicMs() + graceMs;
      while (this.#sockets.size > 0 && systemClock.monotonicMs() < deadlineMs) await sleep(20);
      for (const socket of this.#sockets) socket.destroy();
    })();
    await Promise.all([closed, idle]);
  }

  /**
   * Before the body is read. Who shows no credentials at all gets the answer now, and no memory for a body. Others have
   * it for a limited time.
   */
  #mayHaveBody(fastifyRequest: unknown, fastifyReply: unknown): boolean {
    const [request, reply] = [fastifyRequest as FastifyRequest, fastifyReply as FastifyReply];
    const raw = request.raw as RawRequest;
    if (raw.headers.authorization === undefined && this.#certificateOf(raw) === undefined) {
      this.#answer(request, reply);
      return false;
    }
    // a request over HTTP/2 that has no body does not count as complete before somebody reads it: watches were cut off
    if (raw.complete || ('stream' in raw && raw.stream.endAfterHeaders)) return true;
    const response = reply.raw as RawResponse & NodeJS.EventEmitter;
    const cancel = systemClock.after(this.#options.bodyTimeoutMs ?? bodyTimeoutMsDefault, () => {
      if ('stream' in raw) raw.stream.close(http2Cancel);
      else raw.socket.destroy();
    });
    raw.once('end', cancel);
    response.once('close', cancel);
    return true;
  }

  #answer(fastifyRequest: unknown, fastifyReply: unknown): void {
    const [request, reply] = [fastifyRequest as FastifyRequest, fastifyReply as FastifyReply];
    reply.hijack();
    // Node ends the body of a stream that was reset as if it were whole: what came of it must not be carried out
    const raw = request.raw as RawRequest;
    if ('stream' in raw && (raw.stream.aborted || raw.stream.rstCode !== http2Constants.NGHTTP2_NO_ERROR)) return;
    const { ctx, http, error } = this.#contextOf(request, reply.raw);
    if (error === undefined) void this.#options.handle(ctx, http);
    else this.#options.refuse(ctx, error);
  }

  /** Node hands over the connection unread: whoever answers may take it, and else it gets an answer of HTTP. */
  #answerUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => response.emit('close'));
    response.once('finish', () => socket.end());
    const { ctx, http, error } = this.#contextOf({ raw: request, body: undefined } as FastifyRequest, response);
    const take = (): ReturnType<UpgradeOffer['take']> => {
      response.detachSocket(socket);
      http.switchedProtocols();
      return { request, socket, head };
    };
    if (error === undefined) void this.#options.handle({ ...ctx, upgrade: { take } }, http);
    else this.#options.refuse(ctx, error);
  }

  // Fastify's types differ by the kind of server; here it is always the one made above.
  #refuse(fastifyRequest: unknown, fastifyReply: unknown, error: unknown): void {
    const [request, reply] = [fastifyRequest as FastifyRequest, fastifyReply as FastifyReply];
    reply.hijack();
    const { ctx } = this.#contextOf(request, reply.raw);
    const isTooLarge = (error as { code?: string }).code === 'FST_ERR_CTP_BODY_TOO_LARGE';
    const why = messageOf(error);
    this.#options.refuse(
      ctx,
      isTooLarge ? newRequestEntityTooLarge(`limit is ${maxRequestBytes}`) : newBadRequest(why),
    );
  }

  #contextOf(request: FastifyRequest, response: RawResponse): { ctx: RequestContext; http: HttpReply; error: unknown } {
    const raw = request.raw as RawRequest;
    const abort = new AbortController();
    (response as NodeJS.EventEmitter).once('close', () => abort.abort(requestIsOver));
    const keep = (stream: ReplyStream): void => {
      this.#streams.add(stream);
      abort.signal.addEventListener('abort', () => this.#streams.delete(stream));
    };
    const http = new HttpReply(
      response,
      abort.signal,
      keep,
      gzipWanted.test([raw.headers['accept-encoding'] ?? ''].flat().join(',')),
    );
    this.#maybeSendAway(raw, response);
    const [path = '/', search = ''] = (raw.url ?? '/').split('?', 2);
    const query = new URLSearchParams(search);
    const method = raw.method ?? 'GET';
    const requestId = auditIdOf(raw) ?? randomUUID();
    http.header('audit-id', requestId);
    let info = parseRequestInfo(method, '/', query);
    let error: unknown;
    try {
      info = parseRequestInfo(method, path, query);
    } catch {
      error = newBadRequest(`the path ${JSON.stringify(path)} is not properly encoded`);
    }
    const ctx: RequestContext = {
      info,
      method,
      headers: raw.headers,
      rawHeaders: raw.rawHeaders,
      query,
      uri: raw.url ?? '/',
      body: Buffer.isBuffer(request.body) ? request.body : new Uint8Array(),
      clientCertificate: this.#certificateOf(raw),
      remoteAddress: raw.socket.remoteAddress ?? '',
      requestId,
      signal: abort.signal,
      reply: http,
      user: undefined,
      startedMs: systemClock.monotonicMs(),
    };
    return { ctx, http, error };
  }

  /** Clients that stay on one connection for ever would never come to know new servers. */
  #maybeSendAway(raw: RawRequest, response: RawResponse): void {
    const { goawayChance = 0 } = this.#options;
    if (goawayChance === 0 || !('stream' in raw) || systemRandom.next() >= goawayChance) return;
    const { session } = raw.stream;
    // it gets its answer, and all others that it has asked for
    (response as NodeJS.EventEmitter).once('finish', () => session?.close());
  }

  /** Read once a connection. */
  #certificateOf(raw: RawRequest): DetailedPeerCertificate | undefined {
    const connection: object = ('stream' in raw ? raw.stream.session : undefined) ?? raw.socket;
    let known = this.#certificates.get(connection);
    if (known === undefined) {
      const socket = raw.socket as TLSSocket;
      const certificate = socket.authorized ? socket.getPeerCertificate(true) : undefined;
      known = certificate?.subject === undefined ? 'none' : certificate;
      this.#certificates.set(connection, known);
    }
    return known === 'none' ? undefined : known;
  }
}

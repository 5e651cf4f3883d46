/**
 * The small interface that gRPC service handlers see. Which HTTP/2 stack carries it is decided where a server is
 * made: see grpc-js-server.ts.
 */

import type { TlsSettings } from './tls.ts';

/** gRPC status codes. https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;
export type GrpcCode = (typeof grpcCode)[keyof typeof grpcCode];

/** What a handler throws; `message` reaches the client as it is. */
export class GrpcError extends Error {
  override name = 'GrpcError';
  readonly code: GrpcCode;
  constructor(code: GrpcCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface CallContext {
  /** request metadata, lower-case names, first value */
  metadata(name: string): string | undefined;
  /** aborted when the client cancels, its deadline passes, or the connection closes */
  readonly signal: AbortSignal;
  readonly peer: string;
  /** common name of the client's verified certificate */
  readonly peerCommonName: string | undefined;
}

export interface MessageCodec<T> {
  decode(bytes: Uint8Array): T;
  encode(message: T): Uint8Array;
}

/** The server's half of a streaming call. */
export interface ServerStream<Req, Res> extends CallContext {
  /** requests in order; ends when the client half-closes */
  readonly requests: AsyncIterable<Req>;
  /** False means: the transport's buffer is full; wait for `drained` before sending much more. */
  send(message: Res): boolean;
  drained(): Promise<void>;
}

export type UnaryHandler<Req, Res> = (request: Req, call: CallContext) => Res | Promise<Res>;
/** The call ends with OK when the promise resolves, with the error's code when it rejects. */
export type StreamHandler<Req, Res> = (stream: ServerStream<Req, Res>) => Promise<void>;

interface MethodBase<Req, Res> {
  /** `/etcdserverpb.KV/Range` */
  readonly path: string;
  readonly request: MessageCodec<Req>;
  readonly response: MessageCodec<Res>;
}
export interface UnaryMethod<Req, Res> extends MethodBase<Req, Res> {
  readonly kind: 'unary';
  readonly handle: UnaryHandler<Req, Res>;
}
export interface StreamMethod<Req, Res> extends MethodBase<Req, Res> {
  /** server, client or bidirectional streaming: all are seen as a stream */
  readonly kind: 'server-stream' | 'client-stream' | 'bidi-stream';
  readonly handle: StreamHandler<Req, Res>;
}
export type Method = UnaryMethod<any, any> | StreamMethod<any, any>;

/** A request of plain HTTP on the same port: health, metrics, the JSON gateway. */
export interface HttpRequest {
  readonly method: string;
  /** with the query */
  readonly path: string;
  /** lower-case names, first value */
  header(name: string): string | undefined;
  /** The body, in parts as they come; the client sends more as these are taken. See `wholeBody`. */
  readonly parts: AsyncIterable<Uint8Array>;
  /** aborted when the client has gone */
  readonly signal: AbortSignal;
  readonly peer: string;
  /** it came over TLS */
  readonly encrypted: boolean;
  readonly peerCommonName: string | undefined;
}
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Bytes; or parts, which leave as they are made: the next is asked for once the client takes more. They have to end when
   * the request's signal is aborted.
   */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}
/** what it throws is answered with status 500; a GrpcError of resourceExhausted with 413 */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

export interface ConnectionLimits {
  /** calls at a time on one connection */
  readonly maxConcurrentCalls?: number;
  /** a client that is silent for so long is asked whether it is there; 0: never. Default: 2 h */
  readonly keepAliveMs?: number;
  /** and left if it does not answer for so long. Default: 20 s */
  readonly keepAliveAnswerMs?: number;
}

export interface GrpcServerOptions {
  /** `http://127.0.0.1:2379`, `https://…` or `unix:///run/x.sock` */
  readonly urls: readonly string[];
  readonly methods: readonly Method[];
  /** needed where a URL says https */
  readonly tls?: TlsSettings;
  /** a connection that was refused for its certificate, or that never got through its handshake */
  readonly onRefused?: (remote: string, reason: string) => void;
  readonly limits?: ConnectionLimits;
  /** larger requests are refused with ResourceExhausted; default 4 MiB */
  readonly maxRequestBytes?: number;
  /** for requests that are no gRPC; default: refused with status 415 */
  readonly http?: HttpHandler;
}

export interface Traffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface GrpcServer {
  /** the ports that were bound, in the order of `urls` (for port 0); 0 for a unix socket */
  readonly ports: readonly number[];
  /** over all connections there have been; absent: not known */
  traffic?(): Traffic;
  /** lets calls in flight finish for `graceMs`, then cuts them */
  close(graceMs?: number): Promise<void>;
}

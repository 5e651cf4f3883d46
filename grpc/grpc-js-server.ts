import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../base/clock.ts';
import { PortMux } from './port-mux.ts';
import { GrpcError, grpcCode } from './server.ts';
import type {
  CallContext,
  GrpcCode,
  GrpcServer,
  GrpcServerOptions,
  Method,
  ServerStream,
  StreamMethod,
  UnaryMethod,
} from './server.ts';

type AnyCall = grpc.ServerUnaryCall<unknown, unknown> | grpc.ServerDuplexStream<unknown, unknown>;

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Ours are the same numbers, under names of our own. */
const statusCode = (code: GrpcCode): grpc.status => grpc.status[grpc.status[code] as keyof typeof grpc.status];

function statusOf(error: unknown): { code: grpc.status; details: string } {
  if (error instanceof GrpcError) return { code: statusCode(error.code), details: error.message };
  return { code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}

function commonNameOf(call: AnyCall): string | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const name: string | string[] | undefined = certificate?.subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

/** The parts of CallContext that are read seldom are computed when read. */
class GrpcJsContext implements CallContext {
  readonly call: AnyCall;
  #abort: AbortController | undefined;

  constructor(call: AnyCall) {
    this.call = call;
  }

  metadata(name: string): string | undefined {
    const value = this.call.metadata.get(name)[0];
    return value === undefined ? undefined : value.toString();
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.call.cancelled) abort.abort(new GrpcError(grpcCode.cancelled, 'context canceled'));
      else this.call.on('cancelled', () => abort.abort(new GrpcError(grpcCode.cancelled, 'context canceled')));
    }
    return this.#abort.signal;
  }

  get peer(): string {
    return this.call.getPeer();
  }

  get peerCommonName(): string | undefined {
    return commonNameOf(this.call);
  }
}

function unaryHandler(method: UnaryMethod<unknown, unknown>): grpc.handleUnaryCall<unknown, unknown> {
  const answerLater = async (result: Promise<unknown>, callback: grpc.sendUnaryData<unknown>): Promise<void> => {
    try {
      callback(null, await result);
    } catch (error) {
      callback(statusOf(error));
    }
  };
  return (call, callback) => {
    try {
      const result = method.handle(call.request, new GrpcJsContext(call));
      if (result instanceof Promise) void answerLater(result, callback);
      else callback(null, result);
    } catch (error) {
      callback(statusOf(error));
    }
  };
}

class GrpcJsStream extends GrpcJsContext implements ServerStream<unknown, unknown> {
  readonly requests: AsyncIterable<unknown>;
  readonly #duplex: grpc.ServerDuplexStream<unknown, unknown>;

  constructor(call: grpc.ServerDuplexStream<unknown, unknown>, requests: AsyncIterable<unknown>) {
    super(call);
    this.#duplex = call;
    this.requests = requests;
  }

  send(message: unknown): boolean {
    if (this.#duplex.cancelled || this.#duplex.destroyed) return true;
    return this.#duplex.write(message);
  }

  drained(): Promise<void> {
    if (!this.#duplex.writableNeedDrain || this.#duplex.cancelled) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#duplex.off('drain', done);
        this.#duplex.off('cancelled', done);
        resolve();
      };
      this.#duplex.on('drain', done);
      this.#duplex.on('cancelled', done);
    });
  }
}

async function* single(value: unknown): AsyncIterable<unknown> {
  yield value;
}

/**
 * The client's messages; ends quietly when the call is cancelled. The plain iterator would destroy the stream when the
 * client half-closes or the handler reads no further, and with it what is still to be answered.
 */
async function* received(call: grpc.ServerDuplexStream<unknown, unknown>): AsyncIterable<unknown> {
  try {
    for await (const message of call.iterator({ destroyOnReturn: false })) yield message;
  } catch (error) {
    if (!call.cancelled) throw error;
  }
}

function streamHandler(method: StreamMethod<unknown, unknown>) {
  return (call: grpc.ServerDuplexStream<unknown, unknown>): void => {
    call.on('error', () => {}); // told by 'cancelled' as well
    const { request } = call as unknown as { request: unknown };
    const stream = new GrpcJsStream(call, method.kind === 'server-stream' ? single(request) : received(call));
    Promise.resolve()
      .then(() => method.handle(stream))
      .then(
        () => call.end(),
        (error: unknown) => call.emit('error', statusOf(error)),
      );
  };
}

const grpcJsType = { 'server-stream': 'serverStream', 'client-stream': 'clientStream', 'bidi-stream': 'bidi' } as const;

function register(server: grpc.Server, method: Method): void {
  const serialize = (message: unknown): Buffer => toBuffer(method.response.encode(message));
  const deserialize = (bytes: Buffer): unknown => method.request.decode(bytes) as unknown;
  const registration = server as unknown as {
    register(path: string, handler: unknown, s: typeof serialize, d: typeof deserialize, type: string): boolean;
  };
  if (method.kind === 'unary') {
    registration.register(method.path, unaryHandler(method), serialize, deserialize, 'unary');
  } else {
    // a client-stream answers once, but through the same write/end as bidi
    const type = method.kind === 'client-stream' ? 'bidi' : grpcJsType[method.kind];
    registration.register(method.path, streamHandler(method), serialize, deserialize, type);
  }
}

/** Serves `methods` on every URL; rejects where one cannot be bound, and then none is. */
export async function serveGrpcJs(options: GrpcServerOptions): Promise<GrpcServer> {
  const maxRequestBytes = options.maxRequestBytes ?? 4 * 1024 * 1024;
  const { maxConcurrentCalls = 0xffffffff, keepAliveMs = 0, keepAliveAnswerMs = 20_000 } = options.limits ?? {};
  const server = new grpc.Server({
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': maxConcurrentCalls,
    ...(keepAliveMs > 0 && { 'grpc.keepalive_time_ms': keepAliveMs, 'grpc.keepalive_timeout_ms': keepAliveAnswerMs }),
    'grpc.so_reuseport': 0,
  });
  for (const method of options.methods) register(server, method);
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  // its HTTP/2 answers gRPC only: who can speak HTTP/1.1 as well, as curl, gets that
  const mux = new PortMux(options, ['http/1.1', 'h2'], (socket, first) => {
    socket.unshift(first); // Node.js' HTTP/2 reads what a socket holds first
    injector.injectConnection(socket);
  });
  const close = async (graceMs = 0): Promise<void> => {
    const closed = mux.stopListening();
    await new Promise<void>((resolve) => {
      const cancel = systemClock.after(graceMs, resolve);
      server.tryShutdown(() => {
        cancel();
        resolve();
      });
    });
    server.forceShutdown();
    mux.cut();
    await closed;
  };
  try {
    return { ports: await mux.listen(options), traffic: () => mux.traffic(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

import { GrpcError, grpcCode } from '../server.ts';
import type { GrpcCode, HttpHandler, Method } from '../server.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { Call, decoded } from './call.ts';
import type { CallOutlet } from './call.ts';
import { errorCode, StreamError } from './frame.ts';
import type { HeaderFields } from './hpack.ts';
import { prefixBytes } from './message-assembler.ts';
import { plainMethod } from './plain-http.ts';
import type { PlainHead } from './plain-http.ts';
import { fieldProblem } from './request-head.ts';
import type { RequestHead } from './request-head.ts';
import { streamWindow } from './settings.ts';

/** what is not whole yet, over all calls of a connection */
const assemblingBytesMax = 64 * 1024 * 1024;
/** answers that a client does not take: beyond, new calls are refused */
const queuedBytesMax = 32 * 1024 * 1024;

export interface ConnectionOptions {
  readonly methods: ReadonlyMap<string, Method>;
  readonly maxRequestBytes: number;
  readonly nowMs: () => number;
  /** runs the action when what runs now is done, and all that follows from it */
  readonly soon: (action: () => void) => void;
  /** for requests that are no gRPC */
  readonly http: HttpHandler;
  readonly peerCommonName: () => string | undefined;
  readonly encrypted: boolean;
  readonly maxConcurrentCalls: number;
}

const takesStream = ({ method: { kind } }: Call): boolean => kind === 'bidi-stream' || kind === 'client-stream';

/** gRPC over HTTP/2: `application/grpc`, or with a `+proto` or parameters */
const grpcContentType = /^application\/grpc(?:$|[+;])/;

/** The calls of one connection. */
export class CallTable implements CallOutlet {
  readonly peer: string;
  readonly #options: ConnectionOptions;
  readonly #writer: AnswerWriter;
  readonly #calls = new Map<number, Call>();
  #assemblingBytes = 0;
  #ended = false;

  constructor(options: ConnectionOptions, writer: AnswerWriter, peer: string) {
    this.#options = options;
    this.#writer = writer;
    this.peer = peer;
  }

  get peerCommonName(): string | undefined {
    return this.#options.peerCommonName();
  }

  get size(): number {
    return this.#calls.size;
  }

  get(streamId: number): Call | undefined {
    return this.#calls.get(streamId);
  }

  values(): Iterable<Call> {
    return this.#calls.values();
  }

  /** the connection is gone */
  cancelAll(): void {
    this.#ended = true;
    for (const call of this.#calls.values()) call.cancel();
    this.#calls.clear();
  }

  /** Ends calls whose time is over. */
  expire(nowMs: number): void {
    for (const call of this.#calls.values()) {
      if (call.deadlineMs > nowMs) continue;
      call.abort();
      this.finish(call, grpcCode.deadlineExceeded, 'context deadline exceeded');
    }
  }

  send(call: Call, message: Uint8Array): void {
    if (call.closed || this.#ended) return;
    if (!call.plain) this.#writer.send(call, message);
    else if (call.headersSent) this.#writer.sendPlain(call, message);
    else this.#writer.sendPlainHead(call, message as unknown as PlainHead);
  }

  finish(call: Call, code: GrpcCode, message: string): void {
    if (call.closed || call.trailers || this.#ended) return;
    if (!call.plain) this.#writer.finish(call, code, message);
    else if (code === grpcCode.ok) this.#writer.finishPlain(call);
    else {
      // what went wrong on the way cannot be told any other way
      this.#writer.reset(call.id, errorCode.internalError);
      this.drop(call);
    }
  }

  /** Gives back room in steps, and none while a handler is behind. */
  taken(call: Call): void {
    const { owedBytes } = call;
    if (call.closed || call.halfClosed || owedBytes < streamWindow / 4 || call.backlogBytes > streamWindow / 2) return;
    call.owedBytes = 0;
    call.receiveWindow += owedBytes;
    this.#writer.giveWindow(call.id, owedBytes);
  }

  /** the last frame of the call was written */
  done(call: Call): void {
    this.#assemblingBytes -= call.pendingBytes;
    call.pendingBytes = 0;
    this.#calls.delete(call.id);
    call.close();
  }

  /** The stream was reset. */
  drop(call: Call): void {
    this.#writer.windows.forget(call);
    call.abort();
    this.done(call);
  }

  /** `frameBytes` count against the window, padding included */
  receive(call: Call, data: Buffer, frameBytes: number, end: boolean): void {
    call.receiveWindow -= frameBytes;
    if (call.receiveWindow < 0) {
      throw new StreamError(call.id, errorCode.flowControlError, 'more DATA than the stream has room for');
    }
    call.bytesToCome -= data.length;
    if (call.bytesToCome < 0) throw wrongLength(call);
    if (end && this.#runWhole(call, data)) return;
    this.#receiveData(call, data);
    if (call.closed) return;
    if (end) this.#endOfRequest(call);
    else {
      call.owedBytes += frameBytes;
      this.taken(call);
    }
  }

  /** Most requests are one message in one frame: these need no assembling. */
  #runWhole(call: Call, data: Buffer): boolean {
    const length = data.length - prefixBytes;
    const isWhole =
      call.method.kind === 'unary' &&
      call.isFresh &&
      (call.bytesToCome === 0 || call.bytesToCome === Infinity) &&
      length >= 0 &&
      length <= this.#options.maxRequestBytes &&
      data[0] === 0 &&
      data.readUInt32BE(1) === length;
    if (!isWhole || call.plain) return false;
    call.halfClosed = true;
    call.unaryRequest = data.subarray(prefixBytes);
    call.run();
    return true;
  }

  #receiveData(call: Call, data: Buffer): void {
    if (data.length === 0) return;
    const { assembler } = call;
    try {
      assembler.add(data, (message) => this.#onMessage(call, message));
    } catch (error) {
      call.fail(error);
      return;
    }
    this.#assemblingBytes += assembler.pendingBytes - call.pendingBytes;
    call.pendingBytes = assembler.pendingBytes;
    if (this.#assemblingBytes > assemblingBytesMax) {
      call.fail(new GrpcError(grpcCode.resourceExhausted, 'grpc: too many unfinished requests on this connection'));
    }
  }

  #onMessage(call: Call, message: Buffer): void {
    if (call.closed) return;
    if (takesStream(call)) call.requests.push(decoded(call.method, message), message.length);
    else if (call.unaryRequest === undefined) call.unaryRequest = message;
    // as grpc-go: of a unary request the first message counts
  }

  #endOfRequest(call: Call): void {
    if (call.bytesToCome > 0 && call.bytesToCome !== Infinity) throw wrongLength(call);
    call.halfClosed = true;
    const whole = call.assembler.end();
    if (takesStream(call) && !whole) call.fail(new GrpcError(grpcCode.internal, 'unexpected EOF'));
    else if (!takesStream(call) && call.unaryRequest === undefined) {
      // as grpc-go words it
      call.fail(new GrpcError(grpcCode.unknown, whole ? 'EOF' : 'unexpected EOF'));
    } else if (takesStream(call)) call.requests.end();
    else call.run();
  }

  trailers(call: Call, fields: HeaderFields, endStream: boolean): void {
    const { id } = call;
    if (call.halfClosed) throw new StreamError(id, errorCode.streamClosed, 'HEADERS after the end of the stream');
    if (!endStream) throw new StreamError(id, errorCode.protocolError, 'trailers must end the stream');
    for (let i = 0; i < fields.length; i += 2) {
      const problem = fields[i]!.startsWith(':') ? 'a pseudo-field' : fieldProblem(fields[i]!, fields[i + 1]!);
      if (problem !== undefined) throw new StreamError(id, errorCode.protocolError, problem);
    }
    this.#endOfRequest(call);
  }

  open(id: number, head: RequestHead, headers: HeaderFields, endStream: boolean): void {
    if (this.#calls.size >= this.#options.maxConcurrentCalls || this.#writer.windows.queuedBytes > queuedBytesMax) {
      throw new StreamError(id, errorCode.refusedStream, 'too many calls, or too much that the client does not take');
    }
    const plain = head.method !== 'POST' || !grpcContentType.test(head.contentType);
    if (plain) {
      this.#begin(id, plainMethod(this.#options, head, headers), head, headers, endStream);
      return;
    }
    const method = this.#options.methods.get(head.path);
    if (method === undefined) {
      this.#writer.refuse(id, grpcCode.unimplemented, unknownMethod(this.#options.methods, head.path), endStream);
      return;
    }
    this.#begin(id, method, head, headers, endStream);
  }

  #begin(id: number, method: Method, head: RequestHead, headers: HeaderFields, endStream: boolean): void {
    const { maxRequestBytes, nowMs } = this.#options;
    const plain = method.path === '';
    const deadlineMs = plain || head.timeoutMs === undefined ? Infinity : nowMs() + head.timeoutMs;
    const call = new Call(
      this,
      id,
      { method, head, headers, deadlineMs, maxRequestBytes },
      this.#writer.windows.initial,
    );
    this.#calls.set(id, call);
    if (takesStream(call)) call.run();
    if (endStream) this.#endOfRequest(call);
  }
}

/** why there is no such method, in grpc-go's words */
function unknownMethod(methods: ReadonlyMap<string, Method>, path: string): string {
  const [, service, name] = /^\/(.+)\/([^/]*)$/.exec(path) ?? [];
  if (service === undefined) return `malformed method name: ${JSON.stringify(path)}`;
  for (const known of methods.keys()) {
    if (known.startsWith(`/${service}/`)) return `unknown method ${name} for service ${service}`;
  }
  return `unknown service ${service}`;
}

const wrongLength = ({ id }: Call): StreamError =>
  new StreamError(id, errorCode.protocolError, 'the body is not as long as content-length says');

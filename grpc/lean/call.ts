import { GrpcError, grpcCode } from '../server.ts';
import type { GrpcCode, Method, ServerStream } from '../server.ts';
import type { HeaderFields } from './hpack.ts';
import { MessageAssembler, PartsAssembler } from './message-assembler.ts';
import type { RequestAssembler } from './message-assembler.ts';
import { MessageQueue } from './message-queue.ts';
import type { RequestHead } from './request-head.ts';
import { streamWindow } from './settings.ts';

/** A streaming handler is told to wait when so much of its answer has not gone out. */
const outboundHighBytes = 256 * 1024;

/** The connection, as a call needs it. */
export interface CallOutlet {
  readonly peer: string;
  readonly peerCommonName: string | undefined;
  send(call: Call, message: Uint8Array): void;
  /** the handler has taken a message: the client may send more */
  taken(call: Call): void;
  finish(call: Call, code: GrpcCode, message: string): void;
}

/** What begins a call. */
export interface CallRequest {
  /** path '': plain HTTP */
  readonly method: Method;
  readonly head: RequestHead;
  readonly headers: HeaderFields;
  /** on the monotonic clock */
  readonly deadlineMs: number;
  readonly maxRequestBytes: number;
}

/** One call from its headers to its trailers. The fields below are the connection's; handlers see a ServerStream. */
export class Call implements ServerStream<unknown, unknown> {
  readonly id: number;
  readonly method: Method;
  /** plain HTTP, carried as if it were a unary call */
  readonly plain: boolean;
  /** what is still to come, where the client said how much it will be */
  bytesToCome: number;
  /** on the monotonic clock */
  readonly deadlineMs: number;
  /** how much of the answer the client has room for */
  sendWindow: number;
  /** how much the client may still send */
  receiveWindow = streamWindow;
  /** received, and not yet given back as room for more */
  owedBytes = 0;
  /** of a message that is not whole yet, as its connection counts them */
  pendingBytes = 0;
  /** the client sends no more */
  halfClosed = false;
  headersSent = false;
  /** trailers were sent or the stream was reset: nothing more leaves */
  closed = false;
  /** answers that wait for room; with `trailers` the end of the call waits behind them */
  outbound: Buffer[] = [];
  outboundBytes = 0;
  trailers = false;
  /** of a unary call, until it is run */
  unaryRequest: Buffer | undefined;
  readonly #outlet: CallOutlet;
  readonly #request: CallRequest;
  #assembler: RequestAssembler | undefined;
  #queue: MessageQueue<unknown> | undefined;
  #abort: AbortController | undefined;
  #cancelled = false;
  #onDrained: (() => void)[] = [];

  constructor(outlet: CallOutlet, id: number, request: CallRequest, sendWindow: number) {
    this.#outlet = outlet;
    this.id = id;
    this.method = request.method;
    this.deadlineMs = request.deadlineMs;
    this.plain = request.method.path === '';
    this.bytesToCome = request.head.contentLength ?? Infinity;
    this.#request = request;
    this.sendWindow = sendWindow;
  }

  /** made when it is needed first: most calls need none */
  get assembler(): RequestAssembler {
    const { maxRequestBytes, head } = this.#request;
    this.#assembler ??= this.plain ? new PartsAssembler() : new MessageAssembler(maxRequestBytes, head.encoding);
    return this.#assembler;
  }

  /** nothing of its content has come */
  get isFresh(): boolean {
    return this.#assembler === undefined;
  }

  metadata(name: string): string | undefined {
    return fieldOf(this.#request.headers, name);
  }

  get peer(): string {
    return this.#outlet.peer;
  }

  get peerCommonName(): string | undefined {
    return this.#outlet.peerCommonName;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#cancelled) this.#abort.abort(cancelledError());
    }
    return this.#abort.signal;
  }

  /** of messages that the handler has not taken */
  get backlogBytes(): number {
    return this.#queue?.bytes ?? 0;
  }

  get requests(): MessageQueue<unknown> {
    this.#queue ??= new MessageQueue(() => this.#outlet.taken(this));
    return this.#queue;
  }

  send(message: unknown): boolean {
    if (this.closed || this.trailers) return true;
    this.#outlet.send(this, this.method.response.encode(message));
    return this.outboundBytes < outboundHighBytes;
  }

  drained(): Promise<void> {
    if (this.closed || this.outboundBytes < outboundHighBytes) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** some of the answer has gone out */
  releaseDrained(): void {
    if (this.#onDrained.length === 0 || (!this.closed && this.outboundBytes >= outboundHighBytes / 2)) return;
    const waiting = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of waiting) resolve();
  }

  /** Tells the handler that nobody waits any more. */
  abort(): void {
    if (this.#cancelled || this.closed) return;
    this.#cancelled = true;
    this.#abort?.abort(cancelledError());
  }

  /** the connection is gone */
  cancel(): void {
    this.abort();
    this.close();
  }

  close(): void {
    this.closed = true;
    this.outbound = [];
    this.outboundBytes = 0;
    this.#queue?.end();
    this.releaseDrained();
  }

  /** Runs a unary handler with its request, or a streaming one. */
  run(): void {
    const { method } = this;
    try {
      if (method.kind === 'server-stream') {
        this.requests.push(this.#decodedRequest(), 0);
        this.requests.end();
      }
      const result: unknown =
        method.kind === 'unary' ? method.handle(this.#decodedRequest(), this) : method.handle(this);
      if (result instanceof Promise) this.#finishLater(result);
      else this.#answer(result);
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    if (error instanceof GrpcError) this.#outlet.finish(this, error.code, error.message);
    else this.#outlet.finish(this, grpcCode.unknown, error instanceof Error ? error.message : String(error));
  }

  #decodedRequest(): unknown {
    const bytes = this.unaryRequest ?? emptyMessage;
    this.unaryRequest = undefined;
    return decoded(this.method, bytes);
  }

  #finishLater(result: Promise<unknown>): void {
    result.then((answer) => this.#answer(answer)).catch((error: unknown) => this.fail(error));
  }

  #answer(result: unknown): void {
    if (this.closed) return;
    if (this.method.kind === 'unary') this.#outlet.send(this, this.method.response.encode(result));
    this.#outlet.finish(this, grpcCode.ok, '');
  }
}

const emptyMessage = Buffer.alloc(0);
const cancelledError = (): GrpcError => new GrpcError(grpcCode.cancelled, 'context canceled');

export function decoded(method: Method, bytes: Buffer): unknown {
  try {
    return method.request.decode(bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new GrpcError(grpcCode.internal, `grpc: failed to unmarshal the received message: ${text}`);
  }
}

/** the first field of the name */
export function fieldOf(headers: HeaderFields, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

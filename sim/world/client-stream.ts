import type { ServerStream, StreamMethod } from '../../grpc/server.ts';
import { SimCallContext } from './call-context.ts';
import type { CallError } from './call-error.ts';
import { callErrorOf, connectionLost, refused } from './call-error.ts';
import { OrderedStream } from './sim-path.ts';
import type { Connection, SimPath } from './sim-path.ts';
import { chance } from './sim-random.ts';
import type { ServedCall, SimServer } from './sim-server.ts';
import type { CallOptions, SimStream, StreamHandlers } from './types.ts';

/** messages of a stream that its client has not taken, above which the server is asked to wait */
const windowMessages = 4;

/** The server's half: what the handler is given. */
class ServedStream extends SimCallContext implements ServerStream<unknown, unknown> {
  readonly #deliver: (message: unknown) => void;
  readonly #inbox: unknown[] = [];
  #halfClosed = false;
  #wake: (() => void) | undefined;
  #drained: (() => void)[] = [];
  #untaken = 0;

  constructor(peer: string, metadata: CallOptions['metadata'], deliver: (message: unknown) => void) {
    super(peer, metadata);
    this.#deliver = deliver;
  }

  readonly requests: AsyncIterable<unknown> = { [Symbol.asyncIterator]: () => this.#requests() };

  send(message: unknown): boolean {
    if (this.signal.aborted) return true;
    this.#untaken++;
    this.#deliver(message);
    return this.#untaken <= windowMessages;
  }

  drained(): Promise<void> {
    if (this.#untaken <= windowMessages || this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** the client has taken one */
  taken(): void {
    this.#untaken--;
    if (this.#untaken <= windowMessages / 2) this.#release();
  }

  receive(request: unknown): void {
    this.#inbox.push(request);
    this.#wake?.();
  }

  halfClose(): void {
    this.#halfClosed = true;
    this.#wake?.();
  }

  override abort(): void {
    super.abort();
    this.halfClose();
    this.#release();
  }

  #release(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }

  async *#requests(): AsyncGenerator<unknown, void, undefined> {
    for (;;) {
      if (this.#inbox.length > 0) yield this.#inbox.shift();
      else if (this.#halfClosed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** A stream as its client sees it. */
export class ClientStream<Req, Res> implements SimStream<Req>, ServedCall, Connection {
  readonly #forth: SimPath;
  readonly #back: SimPath;
  readonly #handlers: StreamHandlers<Res>;
  #server: SimServer | undefined;
  #method: StreamMethod<unknown, unknown> | undefined;
  #served: ServedStream | undefined;
  #up: OrderedStream | undefined;
  #down: OrderedStream | undefined;
  #reading = true;
  #inbox: (() => void)[] = [];
  #ended = false;

  constructor(forth: SimPath, back: SimPath, handlers: StreamHandlers<Res>) {
    this.#forth = forth;
    this.#back = back;
    this.#handlers = handlers;
  }

  refuse(): void {
    this.#forth.queue.plan(this.#forth.delayUs() + this.#back.delayUs(), undefined, () => this.#end(refused()));
  }

  open(server: SimServer, method: StreamMethod<unknown, unknown>, options: CallOptions): void {
    this.#server = server;
    this.#method = method;
    const up = new OrderedStream(this.#forth, server.life);
    const down = new OrderedStream(this.#back, undefined);
    this.#up = up;
    this.#down = down;
    const served = new ServedStream(String(this.#forth.from), options.metadata, (message) => this.#downward(message));
    this.#served = served;
    server.calls.add(this);
    this.#forth.connections.add(this);
    this.#back.connections.add(this);
    up.send(() => {
      method.handle(served).then(
        () => this.#answer(undefined),
        (error: unknown) => this.#answer(callErrorOf(error)),
      );
    });
  }

  send(request: Req): void {
    const { random, faults, queue } = this.#forth;
    if (chance(random, faults.breaks)) {
      queue.plan(0, undefined, () => this.reset());
      return;
    }
    const codec = this.#method?.request;
    if (codec === undefined) return;
    const copy: unknown = codec.decode(codec.encode(request));
    const served = this.#served!;
    this.#up?.send(() => served.receive(copy));
  }

  end(): void {
    const served = this.#served;
    this.#up?.send(() => served?.halfClose());
  }

  setReading(reading: boolean): void {
    this.#reading = reading;
    if (!reading) return;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const take of inbox) take();
  }

  cancel(): void {
    this.#ended = true;
    this.#abortServer();
    this.#leave();
  }

  /** The server's process is gone, or it cuts the call. */
  lost(): void {
    this.#served?.abort();
    this.#down?.send(() => this.#end(connectionLost()));
  }

  expire(): void {
    this.reset();
  }

  reset(): void {
    this.#abortServer();
    this.#end(connectionLost());
  }

  #downward(message: unknown): void {
    const { random, faults, queue } = this.#back;
    if (chance(random, faults.breaks)) {
      queue.plan(0, undefined, () => this.reset());
      return;
    }
    const codec = this.#method!.response;
    const copy = codec.decode(codec.encode(message)) as Res;
    this.#down?.send(() => this.#inOrder(() => this.#take(copy)));
  }

  /** what came before and was not read comes first */
  #inOrder(action: () => void): void {
    if (this.#reading && this.#inbox.length === 0) action();
    else this.#inbox.push(action);
  }

  #take(message: Res): void {
    if (this.#ended) return;
    const served = this.#served!;
    this.#forth.queue.plan(this.#forth.delayUs(), this.#server!.life, () => served.taken());
    this.#handlers.onMessage(message);
  }

  #answer(error: CallError | undefined): void {
    this.#server?.calls.delete(this);
    this.#down?.send(() => this.#inOrder(() => this.#end(error)));
  }

  #abortServer(): void {
    const served = this.#served;
    const server = this.#server;
    if (served === undefined || server === undefined) return;
    const abort = (): void => {
      if (this.#forth.blocked) this.#forth.queue.plan(1_000_000, server.life, abort);
      else served.abort();
    };
    this.#forth.queue.plan(this.#forth.delayUs(), server.life, abort);
  }

  #end(error: CallError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave();
    this.#handlers.onEnd(error);
  }

  #leave(): void {
    this.#server?.calls.delete(this);
    this.#forth.connections.delete(this);
    this.#back.connections.delete(this);
    this.#up?.close();
    this.#down?.close();
    this.#inbox = [];
  }
}

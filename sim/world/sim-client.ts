import type { Method, UnaryMethod } from '../../grpc/server.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
import { SimCallContext } from './call-context.ts';
import type { CallError } from './call-error.ts';
import { callErrorOf, connectionLost, refused, timedOut } from './call-error.ts';
import { ClientStream } from './client-stream.ts';
import type { EventQueue, SimEvent } from './event-queue.ts';
import type { SimNetwork } from './sim-network.ts';
import type { SimPath } from './sim-path.ts';
import { chance } from './sim-random.ts';
import type { ServedCall, Servers, SimServer } from './sim-server.ts';
import type { CallOptions, Place, SimCallError, SimClient, SimStream, StreamHandlers } from './types.ts';

const defaultTimeoutMs = 10_000;
export const pathOf = (method: string): string => (method.startsWith('/') ? method : `/etcdserverpb.${method}`);

/** A request or a response as it looks after the wire: complete, and nobody else's. */
export const overWire = (codec: Method['request'], message: unknown): unknown => codec.decode(codec.encode(message));

interface Settle {
  resolve(value: unknown): void;
  reject(error: SimCallError): void;
}

/** One unary call under way. */
class UnaryCall implements ServedCall {
  readonly #queue: EventQueue;
  readonly #forth: SimPath;
  readonly #back: SimPath;
  readonly #server: SimServer;
  readonly #settle: Settle;
  readonly #context: SimCallContext;
  readonly #timer: SimEvent;
  #settled = false;

  constructor(forth: SimPath, back: SimPath, server: SimServer, options: CallOptions, settle: Settle) {
    this.#queue = forth.queue;
    this.#forth = forth;
    this.#back = back;
    this.#server = server;
    this.#settle = settle;
    this.#context = new SimCallContext(String(forth.from), options.metadata);
    this.#timer = this.#queue.plan((options.timeoutMs ?? defaultTimeoutMs) * 1000, undefined, () => this.#timeOut());
    server.calls.add(this);
  }

  begin(method: UnaryMethod<unknown, unknown>, request: object): void {
    const forth = this.#forth;
    if (chance(forth.random, forth.faults.breaks)) return this.#breakSoon(forth);
    // what cannot pass is lost with the client's patience
    if (forth.blocked || chance(forth.random, forth.faults.drop)) return;
    const copy = overWire(method.request, request);
    this.#queue.plan(forth.delayUs(), this.#server.life, () => {
      if (this.#settled) return;
      this.#run(method, copy).then(
        (response) => this.#answer(() => this.#succeed(response)),
        (error: unknown) => this.#answer(() => this.#fail(callErrorOf(error))),
      );
    });
  }

  lost(): void {
    this.#server.calls.delete(this);
    this.#context.abort();
    if (this.#back.blocked) return;
    this.#queue.plan(this.#back.delayUs(), undefined, () => this.#fail(connectionLost()));
  }

  async #run(method: UnaryMethod<unknown, unknown>, request: unknown): Promise<unknown> {
    if (!this.#server.open) throw new GrpcError(grpcCode.unavailable, 'the server is closing');
    const response: unknown = await method.handle(request, this.#context);
    return overWire(method.response, response);
  }

  #answer(arrive: () => void): void {
    this.#server.calls.delete(this);
    const back = this.#back;
    if (chance(back.random, back.faults.breaks)) return this.#breakSoon(back);
    if (back.blocked || chance(back.random, back.faults.drop)) return;
    this.#queue.plan(back.delayUs(), undefined, arrive);
  }

  #breakSoon(path: SimPath): void {
    this.#queue.plan(path.delayUs(), undefined, () => this.#fail(connectionLost()));
  }

  #succeed(response: unknown): void {
    if (this.#end()) this.#settle.resolve(response);
  }

  #fail(error: CallError): void {
    if (this.#end()) this.#settle.reject(error);
  }

  #timeOut(): void {
    if (this.#forth.blocked) this.#context.abort();
    else this.#queue.plan(this.#forth.delayUs(), this.#server.life, () => this.#context.abort());
    this.#fail(timedOut());
  }

  #end(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#timer.action = undefined;
    this.#server.calls.delete(this);
    return true;
  }
}

export class NetworkClient implements SimClient {
  readonly name: string;
  readonly #network: SimNetwork;
  readonly #servers: Servers;

  constructor(name: string, network: SimNetwork, servers: Servers) {
    this.name = name;
    this.#network = network;
    this.#servers = servers;
  }

  call<Res = Record<string, unknown>>(
    place: Place,
    method: string,
    request: object,
    options: CallOptions = {},
  ): Promise<Res> {
    return new Promise((resolve, reject) => {
      const settle: Settle = { resolve: (value) => resolve(value as Res), reject };
      const forth = this.#network.path(this.name, place);
      const back = this.#network.path(place, this.name);
      const server = this.#servers.get(place);
      if (server === undefined || !server.open) {
        this.#network.queue.plan(forth.delayUs() + back.delayUs(), undefined, () => reject(refused()));
        return;
      }
      const found = server.method(pathOf(method));
      if (found?.kind !== 'unary') throw new Error(`there is no unary method ${method}`);
      new UnaryCall(forth, back, server, options, settle).begin(found, request);
    });
  }

  stream<Req, Res>(
    place: Place,
    method: string,
    handlers: StreamHandlers<Res>,
    options: CallOptions = {},
  ): SimStream<Req> {
    const forth = this.#network.path(this.name, place);
    const back = this.#network.path(place, this.name);
    const server = this.#servers.get(place);
    const found = server?.method(pathOf(method));
    if (found?.kind === 'unary') throw new Error(`${method} is no stream`);
    const stream = new ClientStream<Req, Res>(forth, back, handlers);
    if (server === undefined || !server.open || found === undefined) stream.refuse();
    else stream.open(server, found, options);
    return stream;
  }
}

import type { Clock } from '../../../base/clock.ts';
import { timeoutMsOf } from '../../../grpc/lean/request-head.ts';
import { GrpcError, grpcCode } from '../../../grpc/server.ts';
import type { CallContext, HttpRequest, ServerStream } from '../../../grpc/server.ts';

const permanentPrefix = 'grpcgateway-';

/** A request as the method behind it sees it: as a call. */
export class GatewayCall implements CallContext {
  readonly peer: string;
  /** the certificate is of whoever speaks to the gateway, and says nothing of users (as etcd) */
  readonly peerCommonName = undefined;
  readonly #request: HttpRequest;
  readonly #abort = new AbortController();
  #stopClock = (): void => {};

  constructor(request: HttpRequest, clock: Clock) {
    this.#request = request;
    this.peer = request.peer;
    const end = (): void => this.#abort.abort(request.signal.reason);
    if (request.signal.aborted) end();
    else request.signal.addEventListener('abort', end, { once: true });
    const timeout = request.header('grpc-timeout');
    if (timeout === undefined) return;
    const timeoutMs = timeoutMsOf(timeout);
    if (timeoutMs === undefined) throw new GrpcError(grpcCode.invalidArgument, `invalid grpc-timeout: ${timeout}`);
    const late = new GrpcError(grpcCode.deadlineExceeded, 'context deadline exceeded');
    this.#stopClock = clock.after(timeoutMs, () => this.#abort.abort(late));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * `Grpc-Metadata-Token: x` is the metadata `token`; Authorization is passed on as it is, and all else with a prefix, as
   * grpc-gateway does it.
   */
  metadata(name: string): string | undefined {
    const request = this.#request;
    if (name === 'authorization') return request.header(name);
    if (name === `${permanentPrefix}accept`) return request.header('accept') ?? '*/*';
    if (name.startsWith(permanentPrefix)) return request.header(name.slice(permanentPrefix.length));
    return request.header(`grpc-metadata-${name}`);
  }

  /** rejects when the client has gone or its time is over */
  untilOver(): { promise: Promise<never>; stop: () => void } {
    let stop = (): void => {};
    const promise = new Promise<never>((_, reject) => {
      const over = (): void => reject(this.signal.reason as Error);
      stop = () => {
        this.signal.removeEventListener('abort', over);
        this.#stopClock();
      };
      this.signal.addEventListener('abort', over, { once: true });
      if (this.signal.aborted) over();
    });
    promise.catch(() => {}); // whoever waits for it is told
    return { promise, stop };
  }
}

export class GatewayStream extends GatewayCall implements ServerStream<unknown, unknown> {
  readonly requests: AsyncIterable<unknown>;
  readonly #send: (message: unknown) => boolean;
  readonly #drained: () => Promise<void>;

  constructor(
    request: HttpRequest,
    clock: Clock,
    ends: {
      requests: AsyncIterable<unknown>;
      send: (message: unknown) => boolean;
      drained: () => Promise<void>;
    },
  ) {
    super(request, clock);
    this.requests = ends.requests;
    this.#send = ends.send;
    this.#drained = ends.drained;
  }

  send(message: unknown): boolean {
    return this.#send(message);
  }

  drained(): Promise<void> {
    return this.#drained();
  }
}

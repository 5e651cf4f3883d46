import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { Method, Traffic } from '../../grpc/server.ts';

/** Of one method. */
export class CallCounts {
  readonly path: string;
  readonly kind: Method['kind'];
  started = 0;
  /** by status code */
  readonly handled: number[] = Array.from({ length: grpcCode.unauthenticated + 1 }, () => 0);

  constructor({ path, kind }: Pick<Method, 'path' | 'kind'>) {
    this.path = path;
    this.kind = kind;
  }

  readonly succeeded = (): void => {
    this.handled[grpcCode.ok]!++;
  };

  readonly failed = (error: unknown): void => {
    this.handled[error instanceof GrpcError ? error.code : grpcCode.unknown]!++;
  };
}

/** What a member has counted since it started, for /metrics. */
export class MemberCounts {
  readonly healthChecks = { good: 0, bad: 0 };
  /** of the client port, since start */
  traffic: () => Traffic = () => ({ receivedBytes: 0, sentBytes: 0 });
  readonly #probes = new Map<string, { kind: string; name: string; good: number; bad: number; last: boolean }>();
  readonly #calls: CallCounts[] = [];

  /** The same methods, which count how they are called. */
  counting(methods: readonly Method[]): Method[] {
    return methods.map((method) => this.#counting(method));
  }

  get calls(): readonly CallCounts[] {
    return this.#calls;
  }

  get probes(): Iterable<{ kind: string; name: string; good: number; bad: number; last: boolean }> {
    return this.#probes.values();
  }

  probe(kind: string, name: string, good: boolean): void {
    const key = `${kind}/${name}`;
    const probe = this.#probes.get(key) ?? { kind, name, good: 0, bad: 0, last: good };
    this.#probes.set(key, probe);
    probe[good ? 'good' : 'bad']++;
    probe.last = good;
  }

  #counting(method: Method): Method {
    const counts = new CallCounts(method);
    this.#calls.push(counts);
    const handle = method.handle as (first: unknown, call: unknown) => unknown;
    const counted = (first: unknown, call: unknown): unknown => {
      counts.started++;
      let result: unknown;
      try {
        result = handle(first, call);
      } catch (error) {
        counts.failed(error);
        throw error;
      }
      // beside the answer, not before it
      if (result instanceof Promise) void result.then(counts.succeeded, counts.failed);
      else counts.succeeded();
      return result;
    };
    return { ...method, handle: counted } as Method;
  }
}

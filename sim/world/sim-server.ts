import type { GrpcServer, GrpcServerOptions, Method } from '../../grpc/server.ts';
import type { Life } from './event-queue.ts';
import type { SimNetwork } from './sim-network.ts';
import type { Place } from './types.ts';

/** A call as the server holds it. */
export interface ServedCall {
  /** the client hears that the connection is gone */
  lost(): void;
}

/** The client port of one life of a member. */
export class SimServer implements GrpcServer {
  readonly ports: readonly number[] = [2379];
  readonly life: Life;
  readonly calls = new Set<ServedCall>();
  readonly #network: SimNetwork;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #onClosed: () => void;
  #closed = false;

  constructor(network: SimNetwork, life: Life, options: GrpcServerOptions, onClosed: () => void) {
    this.#network = network;
    this.life = life;
    this.#methods = new Map(options.methods.map((method) => [method.path, method]));
    this.#onClosed = onClosed;
  }

  get open(): boolean {
    return !this.#closed && this.life.alive;
  }

  method(path: string): Method | undefined {
    return this.#methods.get(path);
  }

  /** Lets calls finish for a while. */
  async close(graceMs = 0): Promise<void> {
    this.#closed = true;
    this.#onClosed();
    if (this.calls.size > 0 && graceMs > 0) {
      await new Promise<void>((resolve) => this.#network.queue.plan(graceMs * 1000, this.life, resolve));
    }
    this.ended();
  }

  /** Its process is gone, or it cuts what is left. */
  ended(): void {
    this.#closed = true;
    for (const call of this.calls) call.lost();
    this.calls.clear();
  }
}

/** Who serves clients now, by place. */
export type Servers = ReadonlyMap<Place, SimServer>;

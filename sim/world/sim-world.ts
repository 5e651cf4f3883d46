import type { Random } from '../../base/random.ts';
import { RaftInvariants } from '../../raft/core/testing/invariants.ts';
import { EventQueue } from './event-queue.ts';
import { assertDrains, drainMicrotasks } from './microtasks.ts';
import { Cluster } from './sim-cluster.ts';
import { NetworkClient } from './sim-client.ts';
import { SimNetwork } from './sim-network.ts';
import { randomStream } from './sim-random.ts';
import type { SimServer } from './sim-server.ts';
import type { Place, SimClient, SimFailure, SimWorld, WorldOptions } from './types.ts';

/** in one seed of so many the messages pass through the wire's codec */
const encodeOneIn = 8;
/** in some seeds a turn of the event loop takes a while to come, so that more than one thing happens in it */
const turnUsChoices = [0, 0, 300, 3_000] as const;

const framesUntraced = 3;

/** See types.ts. */
export class World implements SimWorld {
  readonly seed: number;
  readonly options: WorldOptions;
  readonly queue = new EventQueue();
  readonly network: SimNetwork;
  readonly cluster: Cluster;
  readonly servers = new Map<Place, SimServer>();
  readonly invariants: RaftInvariants | undefined;
  readonly failures: SimFailure[] = [];
  readonly turnUsMax: number;
  readonly tracing: boolean;
  readonly #clients = new Map<string, NetworkClient>();
  readonly #onUnhandled = (error: unknown): void => {
    const asError = error instanceof Error ? error : new Error(String(error));
    this.fail({ kind: 'unhandled', timeMs: this.nowMs, error: asError });
  };

  constructor(options: WorldOptions) {
    const { seed } = options;
    this.seed = seed;
    this.options = options;
    this.tracing = options.trace !== undefined;
    const random = randomStream(seed, 'world');
    const encode = random.below(encodeOneIn) === 0;
    this.turnUsMax = turnUsChoices[random.below(turnUsChoices.length)]!;
    this.network = new SimNetwork(this.queue, seed, options.encodeMessages ?? encode);
    this.invariants = options.invariants === false ? undefined : new RaftInvariants();
    this.cluster = new Cluster(this, options.members ?? 3);
  }

  get nowUs(): number {
    return this.queue.timeUs;
  }

  get nowMs(): number {
    return this.queue.timeUs / 1000;
  }

  get eventsRun(): number {
    return this.queue.eventsRun;
  }

  random(name: string): Random {
    return randomStream(this.seed, `own/${name}`);
  }

  after(delayMs: number, action: () => void): () => void {
    const event = this.queue.plan(delayMs * 1000, undefined, action);
    return () => {
      event.action = undefined;
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  runFor(durationMs: number): boolean {
    const untilUs = this.queue.timeUs + Math.round(durationMs * 1000);
    return this.#watched(() => {
      while (this.failures.length === 0 && this.queue.step(untilUs)) drainMicrotasks();
      return this.failures.length === 0;
    });
  }

  runUntil(condition: () => boolean, limitMs: number): boolean {
    const untilUs = this.queue.timeUs + Math.round(limitMs * 1000);
    return this.#watched(() => {
      for (;;) {
        if (this.failures.length > 0) return false;
        if (condition()) return true;
        if (!this.queue.step(untilUs)) return false;
        drainMicrotasks();
      }
    });
  }

  step(): boolean {
    return this.#watched(() => {
      if (this.failures.length > 0) return false;
      const ran = this.queue.step(Infinity);
      drainMicrotasks();
      return ran;
    });
  }

  client(name: string): SimClient {
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new NetworkClient(name, this.network, this.servers);
      this.#clients.set(name, client);
    }
    return client;
  }

  trace(who: string, what: () => string): void {
    this.note(who, what);
  }

  note(who: string, what: () => string): void {
    this.options.trace?.(this.queue.timeUs, who, what());
  }

  fail(failure: SimFailure): void {
    this.note('world', () => `${failure.kind}: ${failure.error.message}`);
    this.failures.push(failure);
  }

  /** What was begun before goes on first; what rejects with nobody to hear it is a failure of this world. */
  #watched(run: () => boolean): boolean {
    assertDrains();
    const { stackTraceLimit } = Error;
    // errors are the order of the day here, and most of what one costs is its stack; a run that is traced has them whole
    if (!this.tracing) Error.stackTraceLimit = framesUntraced;
    process.on('unhandledRejection', this.#onUnhandled);
    try {
      return run();
    } finally {
      process.off('unhandledRejection', this.#onUnhandled);
      Error.stackTraceLimit = stackTraceLimit;
    }
  }
}

/** A world with a cluster of which nothing has been started yet. */
export const createWorld = (options: WorldOptions): SimWorld => new World(options);

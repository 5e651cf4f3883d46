import type { Random } from '../../base/random.ts';
import type { Kv, LeaseGrantResult, Outcome, Request } from '../check/history.ts';
import type { SimCallError, SimClient, SimMember, SimWorld } from '../world/types.ts';
import { RequestSource } from './requests.ts';
import type { Drawn, Knowledge, Weights } from './requests.ts';
import type { Recorder } from './recorder.ts';
import { isSorted } from './sorted.ts';
import type { RunStats } from './stats.ts';
import { isRefusal, message, methods, responseOf, stateErrorOf } from './wire.ts';
import type { WireAnswer } from './wire.ts';

export interface WorkloadOptions {
  /** between two operations of a client, on average */
  readonly thinkMs: number;
  readonly weights: Weights;
  /** chance of an operation that its client waits only a short time */
  readonly impatience: number;
}

export interface WorkloadParts {
  readonly world: SimWorld;
  readonly recorder: Recorder;
  readonly stats: RunStats;
  /** places that a client may try: members that were not taken out */
  readonly places: () => readonly SimMember[];
}

const callTimeoutMs = 10_000;
const keepAliveTimeoutMs = 5_000;
const pauseAfterFailureMs = 100;
/** when only progress is to be seen */
const probeFirstMs = 100;
const probeEveryMs = 2500;

const isCallError = (error: unknown): error is SimCallError =>
  error instanceof Error && typeof (error as Partial<SimCallError>).code === 'number';

const readsOnly = (request: Request): boolean => request.kind === 'range' || request.kind === 'lease-keep-alive';

/** What a client may conclude from an error. */
export function outcomeOf(request: Request, error: SimCallError): Outcome {
  const { message: reason } = error;
  if (!error.sent) return { status: 'failed', reason };
  const stateError = stateErrorOf(reason);
  if (stateError !== undefined) return { status: 'error', error: stateError };
  return { status: isRefusal(reason) || readsOnly(request) ? 'failed' : 'unknown', reason };
}

/** One client: it thinks, asks the member it is connected to, and goes to another when that does not answer. */
export class WorkloadClient {
  readonly name: string;
  readonly index: number;
  /** simulated time of the last operation that was answered well */
  lastSuccessMs = 0;
  readonly #parts: WorkloadParts;
  readonly #options: WorkloadOptions;
  readonly #random: Random;
  readonly #source: RequestSource;
  readonly #client: SimClient;
  readonly #known: Knowledge = { revision: 1, compactRevision: 0, lastDelete: 0, leases: [], seen: new Map() };
  #place: number;
  #stopped = false;
  #probing = false;
  #probes = 0;

  constructor(parts: WorkloadParts, options: WorkloadOptions, index: number) {
    this.#parts = parts;
    this.#options = options;
    this.index = index;
    this.name = `c${index}`;
    this.#random = parts.world.random(`workload ${this.name}`);
    this.#source = new RequestSource(this.#random, this.name, options.weights);
    this.#client = parts.world.client(this.name);
    this.#place = this.#random.below(Math.max(1, parts.places().length));
  }

  async run(): Promise<void> {
    const { world } = this.#parts;
    while (!this.#stopped) {
      await world.sleep(this.#thinkMs());
      if (this.#stopped) return;
      const drawn = this.#probing ? { request: this.#source.probe() } : this.#source.next(this.#known);
      const outcome = await this.#do(drawn);
      if (outcome.status === 'failed' || outcome.status === 'unknown') {
        this.#move();
        await world.sleep(pauseAfterFailureMs * (0.5 + this.#random.next()));
      } else if (this.#random.next() < 0.02) this.#move();
      if (outcome.status === 'ok' && outcome.response.kind === 'lease-grant') await this.#maybeBrink(outcome.response);
    }
  }

  /** Keeps a lease alive at the very moment at which it runs out. */
  async #maybeBrink({ lease, ttlSeconds }: LeaseGrantResult): Promise<void> {
    if (this.#random.next() > 0.3) return;
    const put = { kind: 'put', key: this.#source.key(), value: this.#source.value(), lease } as const;
    const written = await this.#do({ request: put });
    await this.#parts.world.sleep(ttlSeconds * 1000 + this.#random.below(900));
    if (written.status === 'ok' && !this.#probing && !this.#stopped)
      await this.#do({ request: { kind: 'lease-keep-alive', lease } });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** From now on it only writes what can only succeed. */
  probe(): void {
    this.#probing = true;
    this.#probes = 0;
  }

  get knownRevision(): number {
    return this.#known.revision;
  }

  async #do(drawn: Drawn): Promise<Outcome> {
    const { world, recorder, stats } = this.#parts;
    const { request } = drawn;
    const member = world.cluster.members[this.#place]!;
    const finish = recorder.begin(this.index, member.name, member.starts, request);
    world.trace(this.name, () => `→ ${member.name} ${JSON.stringify(request)}`);
    let outcome: Outcome;
    try {
      const answer = request.kind === 'lease-keep-alive' ? await this.#keepAlive(request) : await this.#call(drawn);
      this.#checkSorting(drawn, answer);
      const response = responseOf(request.kind, answer);
      // the history is in the order of keys
      if (drawn.sorting && response.kind === 'range') byKey(response.kvs as Kv[]);
      outcome = { status: 'ok', response };
    } catch (error) {
      if (!isCallError(error)) throw error;
      outcome = outcomeOf(request, error);
    }
    finish(outcome);
    stats.operation(request.kind, outcome.status);
    this.#learn(request, outcome);
    if (outcome.status === 'ok') this.lastSuccessMs = world.nowMs;
    world.trace(this.name, () => `← ${member.name} ${JSON.stringify(outcome)}`);
    return outcome;
  }

  #call({ request, sorting, physical }: Drawn): Promise<WireAnswer> {
    const impatient = this.#random.next() < this.#options.impatience;
    const timeoutMs = impatient ? 100 + this.#random.below(1500) : callTimeoutMs;
    const body = request.kind === 'compact' ? { ...message(request), physical } : message(request, sorting);
    const metadata: Record<string, string> = this.#random.next() < 0.1 ? { hasleader: 'true' } : {};
    return this.#client.call<WireAnswer>(this.#place, methods[request.kind], body, { timeoutMs, metadata });
  }

  /** As a client without a standing stream would do it. */
  #keepAlive(request: Request): Promise<WireAnswer> {
    const { world } = this.#parts;
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        cancelTimeout();
        stream.cancel();
        action();
      };
      const stream = this.#client.stream<object, WireAnswer>(this.#place, methods['lease-keep-alive'], {
        onMessage: (answer) => settle(() => resolve(answer)),
        onEnd: (error) =>
          settle(() => reject(error ?? callError('the keep-alive stream ended without an answer', 14, true))),
      });
      const cancelTimeout = world.after(keepAliveTimeoutMs, () =>
        settle(() => reject(callError('no answer to a keep-alive', 4, true))),
      );
      stream.send(message(request));
    });
  }

  #checkSorting({ request, sorting }: Drawn, answer: WireAnswer): void {
    if (sorting === undefined || isSorted(answer.kvs ?? [], sorting)) return;
    const { world } = this.#parts;
    const error = new Error(`the answer to ${JSON.stringify(request)} is not sorted by ${JSON.stringify(sorting)}`);
    world.fail({ kind: 'check', timeMs: world.nowMs, place: this.#place, error });
  }

  #learn(request: Request, outcome: Outcome): void {
    const { leases, seen } = this.#known;
    const drop = (lease: string): void => {
      const at = leases.indexOf(lease);
      if (at >= 0) leases.splice(at, 1);
    };
    if (outcome.status === 'error') {
      if (outcome.error !== 'lease-not-found') return;
      // often enough a lease that is over is tried once more
      if (leases.length > 0 && this.#random.next() < 0.7) leases.shift();
      return;
    }
    if (outcome.status !== 'ok') {
      // it may have been granted, and may be used
      if (outcome.status === 'unknown' && request.kind === 'lease-grant' && request.lease !== '0')
        leases.push(request.lease);
      return;
    }
    const { response } = outcome;
    this.#known.revision = Math.max(this.#known.revision, response.revision);
    if (response.kind === 'lease-grant') leases.push(response.lease);
    if (response.kind === 'lease-keep-alive' && response.ttlSeconds === 0 && request.kind === 'lease-keep-alive')
      drop(request.lease);
    if (request.kind === 'lease-revoke') drop(request.lease);
    if (response.kind === 'delete' && response.deleted > 0) this.#known.lastDelete = response.revision;
    if (request.kind === 'compact') this.#known.compactRevision = request.revision;
    if (response.kind === 'range') for (const kv of response.kvs) seen.set(kv.key, kv);
  }

  #thinkMs(): number {
    if (this.#probing) return this.#probes++ === 0 ? probeFirstMs : probeEveryMs;
    const { thinkMs } = this.#options;
    // now and then a burst
    return this.#random.next() < 0.2 ? 0 : thinkMs * 2 * this.#random.next();
  }

  #move(): void {
    const places = this.#parts.places();
    if (places.length > 0) this.#place = places[this.#random.below(places.length)]!.place;
  }
}

const byKey = (kvs: Kv[]): Kv[] => kvs.sort((a, b) => (a.key < b.key ? -1 : 1));

const callError = (text: string, code: number, sent: boolean): SimCallError =>
  Object.assign(new Error(text), { code, sent });

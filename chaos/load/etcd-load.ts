import { sleep } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { noLease } from '../../sim/check/history.ts';
import type { Operation, Outcome, Request, Response } from '../../sim/check/history.ts';
import type { ChaosCluster } from '../cluster/chaos-cluster.ts';
import type { Activity } from './activity.ts';
import { drawRequest, newMemory } from './draw-request.ts';
import type { Memory } from './draw-request.ts';
import { methodOf, responseOf, wireRequest } from './etcd-wire.ts';
import { outcomeOfError } from './outcome-of.ts';
import type { Recorder } from './recorder.ts';
import { StoreClient } from './store-client.ts';

export interface LoadContext {
  readonly cluster: ChaosCluster;
  readonly recorder: Recorder;
  readonly activity: Activity;
  readonly random: Random;
}

const callTimeoutMs = 2000;
const pauseAfterFailureMs = 20;
/** a replica that did not answer is left alone for so long */
const avoidMs = 1000;

const isWrite = (request: Request): boolean => ['put', 'delete', 'txn'].includes(request.kind);

function keepAlive(client: StoreClient, message: object): Promise<object> {
  return new Promise((resolve, reject) => {
    const stream = client.stream<object, object>('Lease/LeaseKeepAlive');
    const timer = setTimeout(() => {
      stream.cancel();
      reject(new Error('keep-alive: no answer in time'));
    }, callTimeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      stream.cancel();
    };
    stream.onMessage((answer) => {
      end();
      resolve(answer);
    });
    stream.onEnd((reason) => {
      end();
      reject(new Error(reason === '' ? 'keep-alive: the stream ended' : reason));
    });
    stream.send(message);
  });
}

/** Asks once; never throws. */
export async function perform(client: StoreClient, request: Request): Promise<Outcome> {
  try {
    const message = wireRequest(request);
    const answer =
      request.kind === 'lease-keep-alive'
        ? await keepAlive(client, message)
        : await client.call(methodOf[request.kind], message, callTimeoutMs);
    return { status: 'ok', response: responseOf(request, answer) };
  } catch (error) {
    return outcomeOfError(error);
  }
}

function remember(memory: Memory, request: Request, response: Response): void {
  memory.revision = Math.max(memory.revision, response.revision);
  if (request.kind === 'lease-grant') memory.lease = request.lease;
  if (response.kind === 'range') {
    for (const kv of response.kvs) if (kv.value !== '') memory.seen.set(kv.key, kv);
  }
  if (response.kind === 'txn')
    for (const step of response.responses) remember(memory, request, { ...step, revision: 0 });
  if (response.kind === 'lease-keep-alive' && response.ttlSeconds <= 0) memory.lease = noLease;
}

/**
 * One client of the etcd API: one call after the other, at its own replica, or the next one while that does not answer.
 * Clients never gather at one replica, so that a silence of all of them is one of the cluster.
 */
export class EtcdLoadClient {
  readonly #context: LoadContext;
  readonly #clients: readonly StoreClient[];
  readonly #memory: Memory;
  readonly #periodMs: number;
  readonly #home: number;
  /** when each replica may be asked again */
  readonly #avoidUntilMs: number[];
  #stopped = false;

  /** `periodMs`: mean pause between two calls */
  constructor(context: LoadContext, number: number, periodMs: number) {
    this.#context = context;
    const { cluster } = context;
    this.#clients = cluster.layout.replicas.map((replica) => new StoreClient(cluster.layout, replica));
    this.#memory = newMemory(number);
    this.#home = number % this.#clients.length;
    this.#avoidUntilMs = this.#clients.map(() => 0);
    this.#periodMs = periodMs;
  }

  async run(): Promise<void> {
    const { random } = this.#context;
    while (!this.#stopped) {
      const answered = await this.once(drawRequest(random, this.#memory));
      await sleep(answered ? this.#periodMs * 2 * random.next() : pauseAfterFailureMs);
    }
    for (const client of this.#clients) client.close();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** its own replica, or the first behind it that has not just failed; where all have, the one that failed first */
  #choose(): number {
    const nowMs = this.#context.activity.nowMs();
    const order = this.#clients.map((_, i) => (this.#home + i) % this.#clients.length);
    const untilMs = (at: number): number => this.#avoidUntilMs[at]!;
    return order.find((at) => untilMs(at) <= nowMs) ?? order.sort((a, b) => untilMs(a) - untilMs(b))[0]!;
  }

  async once(request: Request): Promise<boolean> {
    const { recorder, activity, cluster } = this.#context;
    const at = this.#choose();
    const client = this.#clients[at]!;
    const startMs = activity.nowMs();
    const finish = recorder.begin(this.#memory.client, client.member, cluster.runOf(client.member), request);
    const outcome: Operation['outcome'] = await perform(client, request);
    finish(outcome);
    const answered = outcome.status === 'ok' || outcome.status === 'error';
    activity.add('etcd', startMs, answered, isWrite(request));
    if (outcome.status === 'ok') remember(this.#memory, request, outcome.response);
    if (outcome.status === 'error' && outcome.error === 'lease-not-found') this.#memory.lease = noLease;
    if (!answered) {
      activity.error('etcd', outcome.reason ?? '');
      this.#avoidUntilMs[at] = activity.nowMs() + avoidMs;
    }
    return answered;
  }
}

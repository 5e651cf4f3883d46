import type { Pod, PodCondition } from '../../api/types/core-v1.ts';
import { rfc3339 } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { isConflict, isNotFound, messageOf } from '../../client/api-errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import { pods } from '../../client/resources.ts';
import { keyOf } from '../../client/types.ts';
import type { KubeClient } from '../../client/types.ts';
import { chooseNode } from './choose-node.ts';
import type { Unschedulable } from './choose-node.ts';
import type { ClusterCache } from './cluster-cache.ts';
import type { ClusterChange } from './framework.ts';
import { filterPlugins } from './plugins/index.ts';
import { podInfoOf } from './pod-info.ts';
import type { SchedulingQueue } from './scheduling-queue.ts';

export interface SchedulingLoopOptions {
  readonly client: KubeClient;
  readonly cache: ClusterCache;
  readonly queue: SchedulingQueue;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** requests under way at a time: bindings, and conditions of pods that do not fit */
const requestsInFlightMax = 32;
const flushPeriodMs = 30_000;
/** decisions before other work of the process gets its turn */
const decisionsPerTurn = 16;

/** Takes one pod after the other, decides, and binds in the background. A decision awaits nothing. */
export class SchedulingLoop {
  readonly #options: SchedulingLoopOptions;
  readonly #inFlight = new Set<Promise<void>>();
  #wake: () => void = () => {};
  #startAt = 0;

  constructor(options: SchedulingLoopOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#wake();
  }

  changed(change: ClusterChange): void {
    this.#options.queue.changed(change, this.#options.clock.monotonicMs());
    this.#wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, clock } = this.#options;
    const cancelFlush = clock.every(flushPeriodMs, () => {
      queue.flushUnschedulable(clock.monotonicMs());
      this.#wake();
    });
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort, { once: true });
    let decisions = 0;
    while (!signal.aborted) {
      if (this.#inFlight.size >= requestsInFlightMax) {
        await Promise.race(this.#inFlight);
        continue;
      }
      const pod = queue.pop(clock.monotonicMs());
      if (pod === undefined) await this.#idle();
      else this.#tryDecide(pod);
      if (++decisions % decisionsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    cancelFlush();
    signal.removeEventListener('abort', onAbort);
    await Promise.all(this.#inFlight);
  }

  #idle(): Promise<void> {
    const { queue, clock } = this.#options;
    return new Promise((resolve) => {
      let cancel = (): void => {};
      this.#wake = () => {
        this.#wake = () => {};
        cancel();
        resolve();
      };
      const nextAtMs = queue.nextAtMs();
      if (nextAtMs !== undefined) cancel = clock.after(Math.max(0, nextAtMs - clock.monotonicMs()), () => this.#wake());
    });
  }

  /** One pod that cannot even be looked at must not keep all others waiting. */
  #tryDecide(pod: Pod): void {
    const { queue, clock, log } = this.#options;
    try {
      this.#decide(pod);
    } catch (error) {
      log.error({ pod: keyOf(pod), error: messageOf(error) }, 'cannot decide on the pod; will try again');
      queue.retry(pod.metadata?.uid ?? '', clock.monotonicMs());
    }
  }

  #decide(pod: Pod): void {
    const { cache, random } = this.#options;
    const outcome = chooseNode(podInfoOf(pod), cache, { random, startAt: this.#startAt++ });
    if (outcome.node === undefined) {
      this.#background(this.#refuse(pod, outcome));
      return;
    }
    const { name } = outcome.node;
    cache.assume(pod, name);
    this.#background(this.#bind(pod, name));
  }

  #background(work: Promise<void>): void {
    const tracked = work.finally(() => this.#inFlight.delete(tracked));
    this.#inFlight.add(tracked);
  }

  async #bind(pod: Pod, node: string): Promise<void> {
    const { client, cache, queue, recorder, clock, log } = this.#options;
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    try {
      await client.resource(pods).createSubresource(
        name,
        'binding',
        {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name, namespace, uid },
          target: { apiVersion: 'v1', kind: 'Node', name: node },
        },
        namespace,
      );
      queue.remove(uid);
      log.debug({ pod: keyOf(pod), node }, 'bound');
      recorder.event(pods, pod, 'Normal', 'Scheduled', `Successfully assigned ${keyOf(pod)} to ${node}`);
    } catch (error) {
      cache.forget(uid);
      if (isNotFound(error)) {
        queue.remove(uid); // deleted meanwhile; the watch tells the same
        return;
      }
      // A conflict means: bound already, perhaps by this very request, whose answer was lost. The watch will tell.
      if (!isConflict(error)) {
        log.warn({ pod: keyOf(pod), node, error: messageOf(error) }, 'binding failed; will try again');
        recorder.event(pods, pod, 'Warning', 'FailedScheduling', `binding rejected: ${messageOf(error)}`);
      }
      queue.retry(uid, clock.monotonicMs());
      this.#wake();
    }
  }

  async #refuse(pod: Pod, { message, plugins }: Unschedulable): Promise<void> {
    const { queue, recorder, clock, log } = this.#options;
    const wakenBy = new Set<ClusterChange>(['node-added']);
    for (const plugin of filterPlugins) if (plugins.has(plugin.name)) plugin.wakenBy.forEach((c) => wakenBy.add(c));
    queue.unschedulable(pod.metadata?.uid ?? '', wakenBy, clock.monotonicMs());
    recorder.event(pods, pod, 'Warning', 'FailedScheduling', message);
    log.debug({ pod: keyOf(pod), message }, 'unschedulable');
    await this.#setCondition(pod, message);
  }

  async #setCondition(pod: Pod, message: string): Promise<void> {
    const { client, clock, log } = this.#options;
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (before?.status === 'False' && before.reason === 'Unschedulable' && before.message === message) return;
    const condition: PodCondition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastProbeTime: undefined,
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : rfc3339(clock.nowMs()),
    };
    const { name = '', namespace } = pod.metadata ?? {};
    try {
      const body = { metadata: { uid: pod.metadata?.uid }, status: { conditions: [condition] } };
      await client.resource(pods).patch(name, 'strategic', body, namespace, 'status');
    } catch (error) {
      if (!isNotFound(error)) log.warn({ pod: keyOf(pod), error: messageOf(error) }, 'cannot write PodScheduled');
    }
  }
}

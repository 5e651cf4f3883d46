import type { Node, Pod } from '../../api/types/core-v1.ts';
import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { createEventRecorder } from '../../client/events.ts';
import { InformerFactory } from '../../client/informer.ts';
import { startLeaderElection } from '../../client/leader-election.ts';
import { namespaces, nodes, pods, replicaSets, services } from '../../client/resources.ts';
import type { KubeClient } from '../../client/types.ts';
import { ClusterCache } from './cluster-cache.ts';
import { SchedulingLoop } from './scheduling-loop.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

export interface SchedulerOptions {
  readonly client: KubeClient;
  /** unique among the replicas, also over restarts */
  readonly identity: string;
  /** default true: of several schedulers the holder of the Lease kube-system/kube-scheduler works */
  readonly leaderElect?: boolean;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** the pods with this spec.schedulerName; default `default-scheduler` */
  readonly schedulerName?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
}

export interface Scheduler {
  isLeader(): boolean;
  stop(): Promise<void>;
}

/** Gives pods without a node one, for as long as it leads. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  if (options.leaderElect === false) {
    const abort = new AbortController();
    const working = schedule(options, abort.signal);
    return {
      isLeader: () => !abort.signal.aborted,
      async stop() {
        abort.abort(new Error('the scheduler was stopped'));
        await working;
      },
    };
  }
  const { client, identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, clock, random, log } = options;
  return startLeaderElection(
    {
      client,
      namespace: 'kube-system',
      name: 'kube-scheduler',
      identity,
      leaseDurationMs,
      renewDeadlineMs,
      retryPeriodMs,
      clock,
      random,
      log,
    },
    (signal) => schedule(options, signal),
  );
}

const isFinished = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Changes of a node that can make a pod fit; a heartbeat is none. */
const nodeChanged = (before: Node, after: Node): boolean =>
  JSON.stringify([before.metadata?.labels, before.spec, before.status?.allocatable]) !==
  JSON.stringify([after.metadata?.labels, after.spec, after.status?.allocatable]);

async function schedule(options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const { client, clock = systemClock, random = systemRandom, log = silentLog } = options;
  const schedulerName = options.schedulerName ?? 'default-scheduler';
  const factory = new InformerFactory(client, { log, clock, random });
  const podInformer = factory.informer(pods);
  const nodeInformer = factory.informer(nodes);
  const listers = {
    services: factory.informer(services).lister,
    replicaSets: factory.informer(replicaSets).lister,
    namespaces: factory.informer(namespaces).lister,
  };
  const cache = new ClusterCache(listers);
  const queue = new SchedulingQueue();
  const recorder = createEventRecorder({ client, component: schedulerName, clock, log });
  const loop = new SchedulingLoop({ client, cache, queue, recorder, clock, random, log });
  const isOurs = (pod: Pod): boolean => (pod.spec?.schedulerName ?? 'default-scheduler') === schedulerName;

  const put = (pod: Pod): void => {
    const uid = pod.metadata?.uid ?? '';
    if (pod.spec?.nodeName) {
      const isNew = !cache.isAssumed(uid);
      cache.setPod(pod);
      queue.remove(uid);
      if (isFinished(pod)) loop.changed('pod-removed');
      else if (isNew) loop.changed('pod-added');
    } else if (isOurs(pod) && !pod.metadata?.deletionTimestamp && !isFinished(pod)) {
      // An older state may come after its binding was answered: that pod is done.
      if (cache.isAssumed(uid) && !queue.has(uid)) return;
      queue.set(pod, clock.monotonicMs());
      loop.wake();
    } else queue.remove(uid);
  };
  podInformer.addHandlers({
    added: put,
    updated: (before, after) => {
      if (before.metadata?.uid !== after.metadata?.uid) forgetPod(before);
      put(after);
    },
    deleted: (pod) => forgetPod(pod),
  });
  const forgetPod = (pod: Pod): void => {
    const uid = pod.metadata?.uid ?? '';
    queue.remove(uid);
    cache.removePod(uid);
    loop.changed('pod-removed');
  };
  nodeInformer.addHandlers({
    added(node) {
      cache.setNode(node);
      loop.changed('node-added');
    },
    updated(before, after) {
      cache.setNode(after);
      if (nodeChanged(before, after)) loop.changed('node-changed');
    },
    deleted(node) {
      cache.removeNode(node.metadata?.name ?? '');
    },
  });

  factory.start();
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  try {
    await Promise.race([factory.synced(), stopped]);
    if (!signal.aborted) await loop.run(signal);
  } finally {
    await factory.stop();
    await recorder.stop();
  }
}

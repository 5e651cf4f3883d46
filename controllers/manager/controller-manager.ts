import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { systemRandom } from '../../base/random.ts';
import { messageOf } from '../../client/api-errors.ts';
import { createEventRecorder } from '../../client/events.ts';
import type { EventRecorder } from '../../client/events.ts';
import { InformerFactory } from '../../client/informer.ts';
import { startLeaderElection } from '../../client/leader-election.ts';
import type { KubeClient } from '../../client/types.ts';
import type { WorkQueueMetrics } from '../../client/work-queue.ts';
import { defaultSettings } from './controller-context.ts';
import type { Controller, ControllerContext, ControllerFactory, ControllerSettings } from './controller-context.ts';
import { bootstrapSignerController } from './bootstrap-signer/controller.ts';
import { clusterRoleAggregationController } from './clusterrole-aggregation/controller.ts';
import { csrApprovingController } from './csr-approving/controller.ts';
import { csrCleanerController } from './csr-cleaner/controller.ts';
import { csrSigningController } from './csr-signing/controller.ts';
import { DeploymentController } from './deployment/controller.ts';
import { EndpointsController } from './endpoints/controller.ts';
import { EndpointSliceController } from './endpointslice/controller.ts';
import { GarbageCollector } from './garbage-collector/controller.ts';
import { NamespaceController } from './namespace/controller.ts';
import { NodeLifecycleController } from './node-lifecycle/controller.ts';
import { podGcController } from './pod-gc/controller.ts';
import { ReplicaSetController } from './replicaset/controller.ts';
import { replicationControllerKind } from './replicaset/replica-kinds.ts';
import { ResourceQuotaController } from './resourcequota/controller.ts';
import { rootCaController } from './root-ca/controller.ts';
import { serviceAccountController } from './serviceaccount/controller.ts';
import { ServiceAccountTokenController } from './serviceaccount-token/controller.ts';
import {
  claimProtectionController,
  classProtectionController,
  volumeProtectionController,
} from './storage-protection/controller.ts';
import { TaintEvictionController } from './taint-eviction/controller.ts';
import { tokenCleanerController } from './token-cleaner/controller.ts';

/** Names as kube-controller-manager's `--controllers`. */
const factories: Readonly<Record<string, ControllerFactory>> = {
  'deployment-controller': (context) => new DeploymentController(context),
  'replicaset-controller': (context) => new ReplicaSetController(context),
  'replicationcontroller-controller': (context) => new ReplicaSetController(context, replicationControllerKind),
  'endpoints-controller': (context) => new EndpointsController(context),
  'endpointslice-controller': (context) => new EndpointSliceController(context),
  'namespace-controller': (context) => new NamespaceController(context),
  'garbage-collector-controller': (context) => new GarbageCollector(context),
  'node-lifecycle-controller': (context) => new NodeLifecycleController(context),
  'taint-eviction-controller': (context) => new TaintEvictionController(context),
  'resourcequota-controller': (context) => new ResourceQuotaController(context),
  'serviceaccount-controller': serviceAccountController,
  'serviceaccount-token-controller': (context) => new ServiceAccountTokenController(context),
  'clusterrole-aggregation-controller': clusterRoleAggregationController,
  'certificatesigningrequest-signing-controller': csrSigningController,
  'certificatesigningrequest-approving-controller': csrApprovingController,
  'certificatesigningrequest-cleaner-controller': csrCleanerController,
  'bootstrap-signer-controller': bootstrapSignerController,
  'token-cleaner-controller': tokenCleanerController,
  'root-ca-certificate-publisher-controller': rootCaController,
  'pod-garbage-collector-controller': podGcController,
  'persistentvolumeclaim-protection-controller': claimProtectionController,
  'persistentvolume-protection-controller': volumeProtectionController,
  'volumeattributesclass-protection-controller': classProtectionController,
};

export const controllerNames: readonly string[] = Object.keys(factories);

export interface ControllerManagerOptions {
  readonly client: KubeClient;
  /** unique among all managers, also over restarts */
  readonly identity: string;
  /** false: runs at once, for a single manager; default true */
  readonly leaderElect?: boolean;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** which run, as `--controllers`: `*` all, `-name` not that one; default all */
  readonly controllers?: readonly string[];
  readonly settings?: Partial<ControllerSettings>;
  readonly queueMetrics?: WorkQueueMetrics;
  onNewLeader?(identity: string): void;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface ControllerManager {
  isLeader(): boolean;
  /** identity of the current leader, as far as known; '' where there is none */
  leader(): string;
  /** Stops the controllers, gives the lease back, and resolves when nothing runs any more. The client stays open. */
  stop(): Promise<void>;
}

/** The controllers chosen by a `--controllers` list. Throws for a name that there is not. */
export function chosenControllers(list: readonly string[] = ['*']): string[] {
  for (const entry of list) {
    const name = entry.replace(/^-/, '');
    if (name !== '*' && !(name in factories))
      throw new Error(`"${name}" is not in the list of known controllers: ${controllerNames.join(', ')}`);
  }
  return controllerNames.filter((name) => !list.includes(`-${name}`) && (list.includes(name) || list.includes('*')));
}

/** Campaigns for kube-system/kube-controller-manager and runs the controllers while it leads. */
export function startControllerManager(options: ControllerManagerOptions): ControllerManager {
  const names = chosenControllers(options.controllers);
  if (options.leaderElect === false) {
    const abort = new AbortController();
    const running = runControllers(options, names, abort.signal).catch((error: unknown) => {
      options.log.error({ error: messageOf(error) }, 'the controllers ended');
    });
    return {
      isLeader: () => !abort.signal.aborted,
      leader: () => options.identity,
      stop: async () => {
        abort.abort(new Error('stopped'));
        await running;
      },
    };
  }
  const { client, identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, clock, random, log } = options;
  const election = { client, identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, clock, random, log };
  const lease = { namespace: 'kube-system', name: 'kube-controller-manager' };
  return startLeaderElection(
    { ...election, ...lease, onNewLeader: (leader) => options.onNewLeader?.(leader) },
    (signal) => runControllers(options, names, signal),
  );
}

/** One term: everything is made anew, so that nothing of an earlier term is believed. */
async function runControllers(
  options: ControllerManagerOptions,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { log, clock = systemClock, random = systemRandom, queueMetrics } = options;
  // What is under way when the term ends is cut off: another may lead already.
  const client = options.client.scoped?.(signal) ?? options.client;
  const informers = new InformerFactory(client, { log, clock, random });
  const recorders: EventRecorder[] = [];
  const context = (name: string): ControllerContext => ({
    client,
    informers,
    settings: { ...defaultSettings, ...options.settings },
    clock,
    random,
    log: log.child({ controller: name }),
    queueMetrics,
    recorder: (component) => {
      const recorder = createEventRecorder({ client: options.client, component, clock, log });
      recorders.push(recorder);
      return recorder;
    },
  });
  const controllers: Controller[] = [];
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    for (const name of names) controllers.push(factories[name]?.(context(name)) as Controller);
    informers.start();
    const isSynced = await Promise.race([informers.synced().then(() => true), ended.then(() => false)]);
    if (isSynced && !signal.aborted) {
      for (const controller of controllers) controller.start();
      log.info({ controllers: names.length }, 'controllers started');
    }
    await ended;
  } finally {
    await Promise.all(controllers.map((controller) => controller.stop()));
    await informers.stop();
    await Promise.all(recorders.map((recorder) => recorder.stop()));
    log.info({}, 'controllers stopped');
  }
}

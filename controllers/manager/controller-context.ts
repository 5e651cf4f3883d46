import type { EventRecorder } from '../../client/events.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { KubeClient } from '../../client/types.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { Reconcile, WorkQueueMetrics } from '../../client/work-queue.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';

/** Times and texts that controllers take from outside; the defaults are kube-controller-manager's. */
export interface ControllerSettings {
  /** PEM of the CA that pods shall trust, published as kube-root-ca.crt */
  readonly rootCa?: string;
  /** a node that gave no sign of life this long is Unknown; default 40 s */
  readonly nodeMonitorGraceMs: number;
  readonly nodeMonitorPeriodMs: number;
  /** how many nodes a second of one zone may have their pods evicted */
  readonly nodeEvictionRate: number;
  /** pods of a node that is gone are removed after this */
  readonly podGcQuarantineMs: number;
  readonly podGcPeriodMs: number;
  /** finished pods beyond this many are removed, oldest first */
  readonly terminatedPodsMax: number;
  /** how often new resource types are looked for */
  readonly discoveryPeriodMs: number;
  /** how often what quotas say is used is counted anew */
  readonly quotaSyncPeriodMs: number;
  /** PEM of the authority that signs certificates asked for through the API; absent: none are signed */
  readonly clusterSigning?: { readonly cert: string; readonly key: string };
  /** how long such certificates are good at most */
  readonly clusterSigningSeconds: number;
  readonly csrCleanerPeriodMs: number;
  /** PEM of the key that signs tokens of service accounts in Secrets; absent: Secrets get none */
  readonly serviceAccountKey?: string;
}

export const defaultSettings: ControllerSettings = {
  nodeMonitorGraceMs: 40_000,
  nodeMonitorPeriodMs: 5_000,
  nodeEvictionRate: 0.1,
  podGcQuarantineMs: 40_000,
  podGcPeriodMs: 20_000,
  terminatedPodsMax: 12_500,
  discoveryPeriodMs: 30_000,
  quotaSyncPeriodMs: 300_000,
  clusterSigningSeconds: 365 * 24 * 3_600,
  csrCleanerPeriodMs: 3_600_000,
};

/** What every controller gets. One context lives as long as one term of leadership. */
export interface ControllerContext {
  readonly client: KubeClient;
  readonly informers: InformerFactory;
  readonly settings: ControllerSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly queueMetrics?: WorkQueueMetrics;
  recorder(component: string): EventRecorder;
}

/** Constructing one registers its informers and handlers; it acts from `start` (caches are filled) until `stop`. */
export interface Controller {
  start(): void;
  stop(): Promise<void>;
}

export type ControllerFactory = (context: ControllerContext) => Controller;

export const newQueue = (context: ControllerContext, name: string, workers?: number): WorkQueue =>
  new WorkQueue({ name, workers, clock: context.clock, log: context.log, metrics: context.queueMetrics });

/** The controller that consists of one queue and what is done with its keys. */
export const queueController = (queue: WorkQueue, reconcile: Reconcile): Controller => ({
  start: () => queue.start(reconcile),
  stop: () => queue.stop(),
});

/** `a/b` → `{namespace: 'a', name: 'b'}` */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash === -1 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

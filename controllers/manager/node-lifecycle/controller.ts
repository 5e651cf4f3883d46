import type { Lease } from '../../../api/types/coordination-v1.ts';
import type { Node, Pod } from '../../../api/types/core-v1.ts';
import { rfc3339 } from '../../../base/clock.ts';
import { isNotFound, messageOf } from '../../../client/api-errors.ts';
import type { EventRecorder } from '../../../client/events.ts';
import { leases, nodes, pods } from '../../../client/resources.ts';
import type { Informer, ResourceClient } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { periodicController } from '../periodic.ts';
import { isPodReady } from '../pod-state.ts';
import { nodeNameIndex } from '../taint-eviction/controller.ts';
import { conditionOf, heard, planTaints, readyStatus, signOf, silentConditions } from './plan.ts';
import type { Health } from './plan.ts';
import { planEvictions } from './zones.ts';
import type { ZoneBudget } from './zones.ts';

/** Watches over nodes: silent ones become Unknown, sick ones are tainted, and their pods are not ready. */
export class NodeLifecycleController implements Controller {
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #leases: Informer<Lease>;
  readonly #nodeClient: ResourceClient<Node>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #queue: WorkQueue;
  readonly #monitor: Controller;
  readonly #recorder: EventRecorder;
  readonly #health = new Map<string, Health>();
  #budgets: ReadonlyMap<string, ZoneBudget> = new Map();
  #mayEvict: ReadonlySet<string> = new Set();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer(nodes);
    this.#pods = context.informers.informer(pods);
    this.#leases = context.informers.informer(leases, { namespace: 'kube-node-lease' });
    this.#nodeClient = context.client.resource(nodes);
    this.#podClient = context.client.resource(pods);
    this.#queue = newQueue(context, 'node-lifecycle');
    this.#recorder = context.recorder('node-controller');
    this.#pods.addIndex(nodeNameIndex, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
    this.#monitor = periodicController(context.clock, context.log, context.settings.nodeMonitorPeriodMs, (signal) =>
      this.#round(signal),
    );
    this.#nodes.addHandlers({
      added: (node) => this.#queue.add(node.metadata?.name ?? ''),
      updated: (before, node) => {
        if (readyStatus(before) === 'True' && readyStatus(node) === 'False')
          this.#transitions.add(node.metadata?.name ?? '');
        this.#queue.add(node.metadata?.name ?? '');
      },
      deleted: (node) => void this.#health.delete(node.metadata?.name ?? ''),
    });
  }

  /** Nodes that reported themselves not ready: a kubelet that still reports may contradict us about its pods, so they are marked once. */
  readonly #transitions = new Set<string>();

  start(): void {
    this.#queue.start((name) => this.#sync(name));
    this.#monitor.start();
  }

  async stop(): Promise<void> {
    await this.#monitor.stop();
    await this.#queue.stop();
  }

  /** Listens for signs of life, and decides which nodes may be evicted. */
  async #round(signal: AbortSignal): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs();
    for (const node of this.#nodes.lister.list()) {
      if (signal.aborted) return;
      const name = node.metadata?.name ?? '';
      const lease = this.#leases.lister.get(name, 'kube-node-lease');
      const health = heard(this.#health.get(name), signOf(node, lease?.spec?.renewTime), nowMs);
      this.#health.set(name, health);
      try {
        await this.#markSilent(node, nowMs - health.heardAtMs);
      } catch (error) {
        this.#context.log.warn(
          { node: name, error: messageOf(error) },
          'a silent node could not be marked; the next round tries again',
        );
      }
    }
    const all = this.#nodes.lister.list();
    const plan = planEvictions({
      nodes: all,
      budgets: this.#budgets,
      nowMs,
      rate: this.#context.settings.nodeEvictionRate,
    });
    this.#budgets = plan.budgets;
    this.#mayEvict = plan.mayEvict;
    for (const node of all) if (readyStatus(node) !== 'True') this.#queue.add(node.metadata?.name ?? '');
  }

  async #markSilent(node: Node, silentMs: number): Promise<void> {
    const now = rfc3339(this.#context.clock.nowMs());
    const conditions = silentConditions(node, silentMs, this.#context.settings.nodeMonitorGraceMs, now);
    if (!conditions) return;
    await this.#nodeClient.updateStatus({ ...node, status: { ...node.status, conditions } });
    const name = node.metadata?.name ?? '';
    this.#context.log.info(
      { node: name, silentMs: Math.round(silentMs) },
      'node is silent; its conditions are Unknown now',
    );
    this.#recorder.event(nodes, node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  }

  async #sync(name: string): Promise<void> {
    const node = this.#nodes.lister.get(name);
    if (!node || node.metadata?.deletionTimestamp) return;
    const now = rfc3339(this.#context.clock.nowMs());
    const taints = planTaints(node, this.#mayEvict.has(name), now);
    if (taints) {
      const { uid, resourceVersion } = node.metadata ?? {};
      await this.#nodeClient.patch(name, 'merge', { metadata: { uid, resourceVersion }, spec: { taints } });
    }
    const isSilent = conditionOf(node, 'Ready')?.status === 'Unknown';
    if (isSilent || this.#transitions.has(name)) await this.#markPods(node, now);
    this.#transitions.delete(name);
  }

  /** Endpoints must not lead to pods of which nobody knows. */
  async #markPods(node: Node, now: string): Promise<void> {
    for (const pod of this.#pods.lister.byIndex(nodeNameIndex, node.metadata?.name ?? '')) {
      if (!isPodReady(pod)) continue;
      const conditions = (pod.status?.conditions ?? []).map((condition) =>
        condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: now } : condition,
      );
      try {
        await this.#podClient.updateStatus({ ...pod, status: { ...pod.status, conditions } });
        this.#recorder.event(pods, pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}

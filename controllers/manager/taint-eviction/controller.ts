import type { Node, Pod } from '../../../api/types/core-v1.ts';
import { rfc3339 } from '../../../base/clock.ts';
import type { EventRecorder } from '../../../client/events.ts';
import { nodes, pods } from '../../../client/resources.ts';
import { keyOf } from '../../../client/types.ts';
import type { Informer, ResourceClient } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { disruptPod } from '../disruption.ts';
import { isPodFinished } from '../pod-state.ts';
import { evictionTimeMs, noExecuteTaints } from './plan.ts';

export const nodeNameIndex = 'nodeName';

/** Deletes pods that do not (or no longer) tolerate a NoExecute taint of their node. */
export class TaintEvictionController implements Controller {
  readonly #context: ControllerContext;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #client: ResourceClient<Pod>;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  /** when the taints of a node were first seen: for taints that do not say */
  readonly #seenMs = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#pods = context.informers.informer(pods);
    this.#nodes = context.informers.informer(nodes);
    this.#client = context.client.resource(pods);
    this.#queue = newQueue(context, 'taint-eviction');
    this.#recorder = context.recorder('taint-eviction-controller');
    this.#pods.addIndex(nodeNameIndex, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
    const enqueue = (pod: Pod): void => {
      if (noExecuteTaints(this.#nodes.lister.get(pod.spec?.nodeName ?? '')).length > 0) this.#queue.add(keyOf(pod));
    };
    this.#pods.addHandlers({ added: enqueue, updated: (_, pod) => enqueue(pod) });
    this.#nodes.addHandlers({
      added: (node) => this.#nodeChanged(node),
      updated: (before, node) => {
        if (JSON.stringify(before.spec?.taints) !== JSON.stringify(node.spec?.taints)) this.#nodeChanged(node);
      },
      deleted: (node) => void this.#seenMs.delete(node.metadata?.name ?? ''),
    });
  }

  start(): void {
    this.#queue.start((key) => this.#sync(key));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  #nodeChanged(node: Node): void {
    const name = node.metadata?.name ?? '';
    if (noExecuteTaints(node).length === 0) {
      this.#seenMs.delete(name);
      return;
    }
    if (!this.#seenMs.has(name)) this.#seenMs.set(name, this.#context.clock.nowMs());
    for (const pod of this.#pods.lister.byIndex(nodeNameIndex, name)) this.#queue.add(keyOf(pod));
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | void> {
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.lister.get(name, namespace);
    if (!pod || pod.metadata?.deletionTimestamp || isPodFinished(pod)) return undefined;
    const nodeName = pod.spec?.nodeName ?? '';
    const taints = noExecuteTaints(this.#nodes.lister.get(nodeName));
    const nowMs = this.#context.clock.nowMs();
    const dueMs = evictionTimeMs(pod, taints, this.#seenMs.get(nodeName) ?? nowMs);
    if (dueMs === undefined) return undefined;
    // Looked at again when it is due: by then the taint or the toleration may have gone.
    if (dueMs > nowMs) return { requeueAfterMs: dueMs - nowMs };
    this.#recorder.event(pods, pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    const disruption = {
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      fail: false,
    };
    await disruptPod(this.#client, pod, disruption, rfc3339(nowMs));
    return undefined;
  }
}

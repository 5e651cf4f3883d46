import type { Pod } from '../../../api/types/core-v1.ts';
import { isPodFinished } from '../pod-state.ts';

export interface PodGcInput {
  readonly pods: readonly Pod[];
  hasNode(name: string): boolean;
  /** when a node was first found missing, by monotonic time */
  readonly missingSinceMs: ReadonlyMap<string, number>;
  readonly nowMs: number;
  readonly quarantineMs: number;
  readonly terminatedPodsMax: number;
}

export interface PodGcPlan {
  /** names of nodes that pods refer to and that do not exist */
  readonly missingNodes: Set<string>;
  /** on nodes missing long enough; each node is looked up live before */
  readonly orphaned: Pod[];
  /** deleted before they were ever given to a node: no kubelet will finish them */
  readonly unscheduled: Pod[];
  /** finished ones beyond the limit, oldest first */
  readonly excess: Pod[];
}

const createdMs = (pod: Pod): number => Date.parse(pod.metadata?.creationTimestamp ?? '') || 0;

export function planPodGc(input: PodGcInput): PodGcPlan {
  const missingNodes = new Set<string>();
  const orphaned: Pod[] = [];
  for (const pod of input.pods) {
    const node = pod.spec?.nodeName ?? '';
    if (node === '' || input.hasNode(node)) continue;
    missingNodes.add(node);
    const since = input.missingSinceMs.get(node);
    if (since !== undefined && input.nowMs - since >= input.quarantineMs) orphaned.push(pod);
  }
  const unscheduled = input.pods.filter((pod) => pod.metadata?.deletionTimestamp && !pod.spec?.nodeName);
  const finished = input.pods.filter((pod) => isPodFinished(pod) && !pod.metadata?.deletionTimestamp);
  const count = Math.max(0, finished.length - input.terminatedPodsMax);
  const excess = [...finished].sort((a, b) => createdMs(a) - createdMs(b)).slice(0, count);
  return { missingNodes, orphaned, unscheduled, excess };
}

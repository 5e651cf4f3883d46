import type { LabelMatcher } from '../../api/meta/labels.ts';
import type { Amounts } from '../../api/pods/pod-resources.ts';
import type { Node, Pod } from '../../api/types/core-v1.ts';

/** A pod with what the plugins ask of it again and again. */
export interface PodInfo {
  readonly pod: Pod;
  /** namespace/name */
  readonly key: string;
  readonly requests: Amounts;
  /** with Kubernetes' assumption for containers that ask for nothing */
  readonly assumedRequests: Amounts;
  readonly hostPorts: readonly HostPort[];
}
export interface HostPort {
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
}

/** A node with the pods that are bound to it, or are being bound. Sums always equal those over `pods`. */
export interface NodeInfo {
  readonly node: Node;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: Amounts;
  readonly requested: Readonly<Record<string, number>>;
  readonly assumedRequested: Readonly<Record<string, number>>;
  readonly pods: ReadonlyMap<string, PodInfo>;
  /** those of `pods` that state an affinity or anti-affinity to pods: few, so that all others need not be looked at */
  readonly affinityPods: ReadonlyMap<string, PodInfo>;
}

/** What a decision is made from. It does not change while one is made. */
export interface ClusterView {
  readonly nodes: readonly NodeInfo[];
  /** selector of the services and the owner that a pod belongs to, for spreading by default; undefined where none */
  spreadSelector(pod: Pod): LabelMatcher | undefined;
  namespaceLabels(namespace: string): Readonly<Record<string, string>>;
}

/**
 * A plugin filters nodes, scores them, or both. `prepare…` computes once per pod what the pure judgement of each node
 * needs; undefined means: the plugin has nothing to say about this pod.
 */
export interface FilterPlugin<S = unknown> {
  readonly name: string;
  prepareFilter(pod: PodInfo, view: ClusterView): S | undefined;
  /** why the pod cannot run there, in Kubernetes' words (several where several resources lack); undefined: it can */
  filter(state: S, node: NodeInfo): string | readonly string[] | undefined;
  /** what may make a pod that was refused schedulable */
  readonly wakenBy: readonly ClusterChange[];
}
export interface ScorePlugin<S = unknown> {
  readonly name: string;
  readonly weight: number;
  prepareScore(pod: PodInfo, view: ClusterView, feasible: readonly NodeInfo[]): S | undefined;
  score(state: S, node: NodeInfo): number;
  /** brings the scores into 0..scoreMax; absent: they are */
  normalize?(state: S, scores: number[], nodes: readonly NodeInfo[]): void;
}

export type ClusterChange = 'node-added' | 'node-changed' | 'pod-added' | 'pod-removed' | 'other';

export const scoreMax = 100;

/** Scales so that the highest becomes scoreMax; `reverse` turns "less is better" round. */
export function normalizeByMax(scores: number[], reverse = false): void {
  const max = Math.max(0, ...scores);
  scores.forEach((score, i) => {
    const scaled = max === 0 ? 0 : Math.floor((score * scoreMax) / max);
    scores[i] = reverse ? scoreMax - scaled : scaled;
  });
}

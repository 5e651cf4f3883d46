import { everything, matcherOf, matcherOfSelector, matcherOfSet } from '../../api/meta/labels.ts';
import type { LabelMatcher } from '../../api/meta/labels.ts';
import { amountsOf } from '../../api/pods/pod-resources.ts';
import type { ReplicaSet } from '../../api/types/apps-v1.ts';
import type { Namespace, Node, Pod, Service } from '../../api/types/core-v1.ts';
import { controllerOf } from '../../client/types.ts';
import type { Lister } from '../../client/types.ts';
import type { ClusterView, NodeInfo, PodInfo } from './framework.ts';
import { podInfoOf } from './pod-info.ts';

interface MutableNode extends NodeInfo {
  node: Node;
  name: string;
  labels: Record<string, string>;
  allocatable: Record<string, number>;
  requested: Record<string, number>;
  assumedRequested: Record<string, number>;
  pods: Map<string, PodInfo>;
  affinityPods: Map<string, PodInfo>;
}

export interface ClusterListers {
  readonly services: Lister<Service>;
  readonly replicaSets: Lister<ReplicaSet>;
  readonly namespaces: Lister<Namespace>;
}

function addTo(sums: Record<string, number>, amounts: Readonly<Record<string, number>>, sign: 1 | -1): void {
  for (const [name, amount] of Object.entries(amounts)) sums[name] = (sums[name] ?? 0) + sign * amount;
}

const isFinished = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
const statesAffinity = ({ spec }: Pod): boolean =>
  spec?.affinity?.podAffinity !== undefined || spec?.affinity?.podAntiAffinity !== undefined;

/**
 * Nodes with the pods on them. A pod that is being bound is "assumed": counted on its node before the API server
 * tells of it, so that the next decision sees it; `forget` takes that back when binding failed.
 * Invariant: a pod (by uid) is on at most one node.
 */
export class ClusterCache implements ClusterView {
  readonly #nodes = new Map<string, MutableNode>();
  /** uid → node name, of every pod that is counted */
  readonly #placed = new Map<string, string>();
  readonly #assumed = new Set<string>();
  readonly #listers: ClusterListers;
  #list: NodeInfo[] | undefined;

  constructor(listers: ClusterListers) {
    this.#listers = listers;
  }

  get nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()].filter(({ node }) => node.metadata !== undefined);
    return this.#list;
  }

  setNode(node: Node): void {
    const info = this.#nodeInfo(node.metadata?.name ?? '');
    info.node = node;
    info.labels = node.metadata?.labels ?? {};
    info.allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity);
    this.#list = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    // its pods may be told of as deleted later, or a node of that name may come back
    if (info.pods.size === 0) this.#nodes.delete(name);
    else info.node = {};
    this.#list = undefined;
  }

  /** A pod as the API server has it, bound to a node. */
  setPod(pod: Pod): void {
    const uid = pod.metadata?.uid ?? '';
    this.removePod(uid);
    if (!isFinished(pod)) this.#place(pod, pod.spec?.nodeName ?? '');
  }

  removePod(uid: string): void {
    const name = this.#placed.get(uid);
    const info = name === undefined ? undefined : this.#nodes.get(name);
    const pod = info?.pods.get(uid);
    this.#placed.delete(uid);
    this.#assumed.delete(uid);
    if (!info || !pod) return;
    info.pods.delete(uid);
    info.affinityPods.delete(uid);
    addTo(info.requested, pod.requests, -1);
    addTo(info.assumedRequested, pod.assumedRequests, -1);
    if (info.pods.size === 0 && info.node.metadata === undefined) this.#nodes.delete(info.name);
  }

  assume(pod: Pod, node: string): void {
    const uid = pod.metadata?.uid ?? '';
    this.removePod(uid);
    this.#place(pod, node);
    this.#assumed.add(uid);
  }

  forget(uid: string): void {
    if (this.#assumed.has(uid)) this.removePod(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  namespaceLabels(namespace: string): Readonly<Record<string, string>> {
    return this.#listers.namespaces.get(namespace)?.metadata?.labels ?? {};
  }

  /** Requirements of all services that select the pod, and of its ReplicaSet. */
  spreadSelector(pod: Pod): LabelMatcher | undefined {
    const labels = pod.metadata?.labels ?? {};
    const matchers: LabelMatcher[] = [];
    for (const service of this.#listers.services.list(pod.metadata?.namespace)) {
      const selector = service.spec?.selector ?? {};
      if (Object.keys(selector).length === 0) continue;
      const matcher = matcherOfSet(selector);
      if (matcher.matches(labels)) matchers.push(matcher);
    }
    const owner = controllerOf(pod);
    if (owner?.kind === 'ReplicaSet') {
      const set = this.#listers.replicaSets.get(owner.name, pod.metadata?.namespace);
      if (set?.metadata?.uid === owner.uid) matchers.push(matcherOfSelector(set?.spec?.selector));
    }
    const requirements = matchers.flatMap((matcher) => matcher.requirements);
    return requirements.length === 0 ? everything : matcherOf(requirements);
  }

  #place(pod: Pod, name: string): void {
    const uid = pod.metadata?.uid ?? '';
    const info = this.#nodeInfo(name);
    const podInfo = podInfoOf(pod);
    info.pods.set(uid, podInfo);
    if (statesAffinity(pod)) info.affinityPods.set(uid, podInfo);
    addTo(info.requested, podInfo.requests, 1);
    addTo(info.assumedRequested, podInfo.assumedRequests, 1);
    this.#placed.set(uid, name);
  }

  /** Pods may be heard of before their node is: it counts them, and takes no others until it is there. */
  #nodeInfo(name: string): MutableNode {
    const known = this.#nodes.get(name);
    if (known) return known;
    const info: MutableNode = {
      node: {},
      name,
      labels: {},
      allocatable: {},
      requested: {},
      assumedRequested: {},
      pods: new Map(),
      affinityPods: new Map(),
    };
    this.#nodes.set(name, info);
    return info;
  }
}

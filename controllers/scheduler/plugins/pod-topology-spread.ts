import { matcherOf, matcherOfSelector } from '../../../api/meta/labels.ts';
import type { LabelMatcher } from '../../../api/meta/labels.ts';
import { nodeSuitsPod } from '../../../api/pods/node-selection.ts';
import { untoleratedTaint } from '../../../api/pods/tolerations.ts';
import type { Pod, TopologySpreadConstraint } from '../../../api/types/core-v1.ts';
import { scoreMax } from '../framework.ts';
import type { ClusterView, FilterPlugin, NodeInfo, PodInfo, ScorePlugin } from '../framework.ts';

export const hostnameLabel = 'kubernetes.io/hostname';
const zoneLabel = 'topology.kubernetes.io/zone';

interface Constraint {
  readonly key: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: LabelMatcher;
  readonly honoursAffinity: boolean;
  readonly honoursTaints: boolean;
}

const withLabelKeys = (selector: LabelMatcher, keys: readonly string[] | undefined, pod: Pod): LabelMatcher => {
  const labels = pod.metadata?.labels ?? {};
  const extra = (keys ?? []).filter((key) => labels[key] !== undefined);
  return extra.length === 0
    ? selector
    : matcherOf([
        ...selector.requirements,
        ...extra.map((key) => ({ key, operator: '=' as const, values: [labels[key] ?? ''] })),
      ]);
};

const constraintOf = (constraint: TopologySpreadConstraint, pod: Pod): Constraint => ({
  key: constraint.topologyKey,
  maxSkew: constraint.maxSkew,
  minDomains: constraint.minDomains ?? 1,
  selector: withLabelKeys(matcherOfSelector(constraint.labelSelector), constraint.matchLabelKeys, pod),
  honoursAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
  honoursTaints: constraint.nodeTaintsPolicy === 'Honor',
});

const constraintsOf = (pod: Pod, when: string): Constraint[] =>
  (pod.spec?.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when)
    .map((constraint) => constraintOf(constraint, pod));

/** What kube-scheduler does for a pod that says nothing: loosely over hosts, less loosely over zones. */
function defaultConstraints(pod: Pod, view: ClusterView): Constraint[] {
  const selector = view.spreadSelector(pod);
  if (selector === undefined || selector.empty) return [];
  const common = { minDomains: 1, selector, honoursAffinity: true, honoursTaints: false };
  return [
    { key: hostnameLabel, maxSkew: 3, ...common },
    { key: zoneLabel, maxSkew: 5, ...common },
  ];
}

const counts = (constraint: Constraint, node: NodeInfo, pod: Pod): boolean =>
  (!constraint.honoursAffinity || nodeSuitsPod(node.node, pod)) &&
  (!constraint.honoursTaints ||
    untoleratedTaint(node.node.spec?.taints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute']) === undefined);

function matching(selector: LabelMatcher, node: NodeInfo, namespace: string | undefined): number {
  let count = 0;
  for (const { pod } of node.pods.values()) {
    const { metadata } = pod;
    if (metadata?.namespace === namespace && !metadata?.deletionTimestamp && selector.matches(metadata?.labels))
      count++;
  }
  return count;
}

const hasKeys = (constraints: readonly Constraint[], node: NodeInfo): boolean =>
  constraints.every(({ key }) => node.labels[key] !== undefined);

interface FilterState {
  readonly constraints: readonly {
    readonly constraint: Constraint;
    /** matching pods by the label's value */
    readonly perDomain: ReadonlyMap<string, number>;
    readonly least: number;
    readonly self: number;
  }[];
}

/**
 * Skew is the number of matching pods in the node's domain, with this pod, less the fewest in any domain:
 *
 *     zone a: ● ●    zone b: ●    maxSkew 1    →  only b takes another (a would have 3, b 1)
 */
export const podTopologySpreadFilter: FilterPlugin<FilterState> = {
  name: 'PodTopologySpread',
  wakenBy: ['node-added', 'node-changed', 'pod-added', 'pod-removed'],
  prepareFilter({ pod }, { nodes }) {
    const constraints = constraintsOf(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const eligible = nodes.filter((node) => hasKeys(constraints, node));
    return {
      constraints: constraints.map((constraint) => {
        const perDomain = new Map<string, number>();
        for (const node of eligible) {
          if (!counts(constraint, node, pod)) continue;
          const domain = node.labels[constraint.key] ?? '';
          const found = matching(constraint.selector, node, pod.metadata?.namespace);
          perDomain.set(domain, (perDomain.get(domain) ?? 0) + found);
        }
        const least = perDomain.size < constraint.minDomains ? 0 : Math.min(...perDomain.values());
        return { constraint, perDomain, least, self: constraint.selector.matches(pod.metadata?.labels) ? 1 : 0 };
      }),
    };
  },
  filter({ constraints }, node) {
    for (const { constraint, perDomain, least, self } of constraints) {
      const domain = node.labels[constraint.key];
      if (domain === undefined) {
        return "node(s) didn't match pod topology spread constraints (missing required label)";
      }
      const skew = (perDomain.get(domain) ?? 0) + self - (Number.isFinite(least) ? least : 0);
      if (skew > constraint.maxSkew) return "node(s) didn't match pod topology spread constraints";
    }
    return undefined;
  },
};

interface ScoreState {
  readonly pod: Pod;
  readonly constraints: readonly {
    readonly constraint: Constraint;
    readonly perDomain: ReadonlyMap<string, number>;
    readonly weight: number;
  }[];
  readonly ignored: ReadonlySet<NodeInfo>;
}

function scoreState({ pod }: PodInfo, view: ClusterView, feasible: readonly NodeInfo[]): ScoreState | undefined {
  const own = constraintsOf(pod, 'ScheduleAnyway');
  const constraints = pod.spec?.topologySpreadConstraints?.length ? own : defaultConstraints(pod, view);
  if (constraints.length === 0) return undefined;
  const ignored = new Set(own.length > 0 ? feasible.filter((node) => !hasKeys(constraints, node)) : []);
  return {
    pod,
    ignored,
    constraints: constraints.map((constraint) => {
      const { key } = constraint;
      const isHost = key === hostnameLabel;
      const perDomain = new Map<string, number>();
      for (const node of isHost ? [] : feasible) {
        const domain = node.labels[key];
        if (domain !== undefined && !ignored.has(node)) perDomain.set(domain, 0);
      }
      for (const node of perDomain.size === 0 ? [] : view.nodes) {
        const before = perDomain.get(node.labels[key] ?? '');
        if (before === undefined || node.labels[key] === undefined || !counts(constraint, node, pod)) continue;
        perDomain.set(node.labels[key], before + matching(constraint.selector, node, pod.metadata?.namespace));
      }
      const domains = isHost ? feasible.length - ignored.size : perDomain.size;
      return { constraint, perDomain, weight: Math.log(domains + 2) };
    }),
  };
}

export const podTopologySpreadScore: ScorePlugin<ScoreState> = {
  name: 'PodTopologySpread',
  weight: 2,
  prepareScore: scoreState,
  /** weighted number of matching pods in the node's domains: fewer are better */
  score({ constraints, pod, ignored }, node) {
    if (ignored.has(node)) return 0;
    let sum = 0;
    for (const { constraint, perDomain, weight } of constraints) {
      const domain = node.labels[constraint.key];
      if (domain === undefined) continue;
      const isHost = constraint.key === hostnameLabel;
      const found = isHost
        ? matching(constraint.selector, node, pod.metadata?.namespace)
        : (perDomain.get(domain) ?? 0);
      sum += found * weight + (constraint.maxSkew - 1);
    }
    return Math.round(sum);
  },
  normalize({ ignored }, scores, nodes) {
    const counted = scores.filter((_, i) => !ignored.has(nodes[i] as NodeInfo));
    const max = Math.max(0, ...counted);
    const min = Math.min(Infinity, ...counted);
    nodes.forEach((node, i) => {
      const score = scores[i] ?? 0;
      if (ignored.has(node)) scores[i] = 0;
      else scores[i] = max === 0 ? scoreMax : Math.floor((scoreMax * (max + min - score)) / max);
    });
  },
};

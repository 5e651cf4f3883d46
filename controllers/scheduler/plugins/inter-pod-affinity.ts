import { matcherOf, matcherOfSelector } from '../../../api/meta/labels.ts';
import type { LabelMatcher, Requirement } from '../../../api/meta/labels.ts';
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../../api/types/core-v1.ts';
import { scoreMax } from '../framework.ts';
import type { ClusterView, FilterPlugin, NodeInfo, PodInfo, ScorePlugin } from '../framework.ts';

/** A term with its selectors read, as seen from the pod that states it. */
interface Term {
  readonly key: string;
  readonly weight: number;
  matches(other: Pod): boolean;
}
/** `label=value` → a number; what counts is the domain a node belongs to */
type PerDomain = Map<string, number>;

const domainOf = (key: string, node: NodeInfo): string | undefined => {
  const value = node.labels[key];
  return value === undefined ? undefined : `${key}=${value}`;
};

function selectorOf(term: PodAffinityTerm, owner: Pod): LabelMatcher {
  const labels = owner.metadata?.labels ?? {};
  const extra = (keys: readonly string[] | undefined, operator: 'in' | 'notin'): Requirement[] =>
    (keys ?? [])
      .filter((key) => labels[key] !== undefined)
      .map((key) => ({ key, operator, values: [labels[key] ?? ''] }));
  const more = [...extra(term.matchLabelKeys, 'in'), ...extra(term.mismatchLabelKeys, 'notin')];
  const selector = matcherOfSelector(term.labelSelector);
  return more.length === 0 ? selector : matcherOf([...selector.requirements, ...more]);
}

function termOf(term: PodAffinityTerm, owner: Pod, view: ClusterView, weight = 1): Term {
  const selector = selectorOf(term, owner);
  const ownNamespace = owner.metadata?.namespace ?? '';
  const names = new Set(term.namespaces ?? []);
  if (names.size === 0 && term.namespaceSelector === undefined) names.add(ownNamespace);
  const byLabels = term.namespaceSelector && matcherOfSelector(term.namespaceSelector);
  return {
    key: term.topologyKey,
    weight,
    matches(other) {
      const namespace = other.metadata?.namespace ?? '';
      const inScope = names.has(namespace) || byLabels?.matches(view.namespaceLabels(namespace));
      return inScope === true && selector.matches(other.metadata?.labels);
    },
  };
}

type Side = 'podAffinity' | 'podAntiAffinity';
const requiredTerms = (pod: Pod, side: Side, view: ClusterView): Term[] =>
  (pod.spec?.affinity?.[side]?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((t) => termOf(t, pod, view));
const preferredTerms = (pod: Pod, side: Side, view: ClusterView): Term[] =>
  (pod.spec?.affinity?.[side]?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
    (t: WeightedPodAffinityTerm) => termOf(t.podAffinityTerm, pod, view, t.weight),
  );

function add(domains: PerDomain, key: string, node: NodeInfo, amount: number): void {
  const domain = domainOf(key, node);
  if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + amount);
}

interface FilterState {
  readonly affinity: readonly Term[];
  readonly antiAffinity: readonly Term[];
  /** pods that match all affinity terms, in the domains of each term */
  readonly wanted: PerDomain;
  /** pods that match one of the anti-affinity terms */
  readonly avoided: PerDomain;
  /** domains of pods that want not to be with this one */
  readonly forbidden: PerDomain;
  readonly matchesItself: boolean;
}

function filterState({ pod }: PodInfo, view: ClusterView): FilterState | undefined {
  const affinity = requiredTerms(pod, 'podAffinity', view);
  const antiAffinity = requiredTerms(pod, 'podAntiAffinity', view);
  const wanted: PerDomain = new Map();
  const avoided: PerDomain = new Map();
  const forbidden: PerDomain = new Map();
  const looks = affinity.length + antiAffinity.length > 0;
  for (const node of view.nodes) {
    for (const { pod: other } of (looks ? node.pods : node.affinityPods).values()) {
      if (affinity.length > 0 && affinity.every((term) => term.matches(other))) {
        for (const { key } of affinity) add(wanted, key, node, 1);
      }
      for (const term of antiAffinity) if (term.matches(other)) add(avoided, term.key, node, 1);
      if (!other.spec?.affinity?.podAntiAffinity) continue;
      for (const term of requiredTerms(other, 'podAntiAffinity', view)) {
        if (term.matches(pod)) add(forbidden, term.key, node, 1);
      }
    }
  }
  if (affinity.length === 0 && antiAffinity.length === 0 && forbidden.size === 0) return undefined;
  return {
    affinity,
    antiAffinity,
    wanted,
    avoided,
    forbidden,
    matchesItself: affinity.every((term) => term.matches(pod)),
  };
}

/** The first of a group of pods that want to be together may go anywhere with the label. */
function affinityHolds({ affinity, wanted, matchesItself }: FilterState, node: NodeInfo): boolean {
  if (!affinity.every(({ key }) => node.labels[key] !== undefined)) return false;
  if (affinity.every(({ key }) => (wanted.get(domainOf(key, node) ?? '') ?? 0) > 0)) return true;
  return wanted.size === 0 && matchesItself;
}

const isInAny = (domains: PerDomain, node: NodeInfo): boolean =>
  [...domains.keys()].some((domain) => {
    const key = domain.slice(0, domain.indexOf('='));
    return domainOf(key, node) === domain;
  });

export const interPodAffinityFilter: FilterPlugin<FilterState> = {
  name: 'InterPodAffinity',
  wakenBy: ['node-added', 'node-changed', 'pod-added', 'pod-removed'],
  prepareFilter: filterState,
  filter(state, node) {
    if (!affinityHolds(state, node)) return "node(s) didn't match pod affinity rules";
    if (isInAny(state.avoided, node)) return "node(s) didn't match pod anti-affinity rules";
    if (isInAny(state.forbidden, node)) return "node(s) didn't satisfy existing pods anti-affinity rules";
    return undefined;
  },
};

/** How much an existing pod's required affinity draws others that match it. */
const hardAffinityWeight = 1;

export const interPodAffinityScore: ScorePlugin<PerDomain> = {
  name: 'InterPodAffinity',
  weight: 2,
  prepareScore({ pod }, view) {
    const near = preferredTerms(pod, 'podAffinity', view);
    const far = preferredTerms(pod, 'podAntiAffinity', view);
    const looks = near.length + far.length > 0;
    const domains: PerDomain = new Map();
    for (const node of view.nodes) {
      for (const { pod: other } of (looks ? node.pods : node.affinityPods).values()) {
        for (const term of near) if (term.matches(other)) add(domains, term.key, node, term.weight);
        for (const term of far) if (term.matches(other)) add(domains, term.key, node, -term.weight);
        if (!other.spec?.affinity?.podAffinity && !other.spec?.affinity?.podAntiAffinity) continue;
        const draws: [Term[], number][] = [
          [requiredTerms(other, 'podAffinity', view), hardAffinityWeight],
          [preferredTerms(other, 'podAffinity', view), 1],
          [preferredTerms(other, 'podAntiAffinity', view), -1],
        ];
        for (const [terms, sign] of draws) {
          for (const term of terms) if (term.matches(pod)) add(domains, term.key, node, sign * term.weight);
        }
      }
    }
    return domains.size === 0 ? undefined : domains;
  },
  score(domains, node) {
    let sum = 0;
    for (const [domain, amount] of domains) {
      if (domainOf(domain.slice(0, domain.indexOf('=')), node) === domain) sum += amount;
    }
    return sum;
  },
  normalize(_, scores) {
    const max = Math.max(...scores);
    const min = Math.min(...scores);
    scores.forEach((score, i) => (scores[i] = max === min ? 0 : Math.floor((scoreMax * (score - min)) / (max - min))));
  },
};

import { nodeMatchesTerm, nodeSuitsPod } from '../../../api/pods/node-selection.ts';
import type { PreferredSchedulingTerm } from '../../../api/types/core-v1.ts';
import { normalizeByMax } from '../framework.ts';
import type { FilterPlugin, PodInfo, ScorePlugin } from '../framework.ts';

type Preferred = readonly PreferredSchedulingTerm[];

export const nodeAffinityFilter: FilterPlugin<PodInfo> = {
  name: 'NodeAffinity',
  wakenBy: ['node-added', 'node-changed'],
  prepareFilter(pod) {
    const required = pod.pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    return required || pod.pod.spec?.nodeSelector ? pod : undefined;
  },
  filter: ({ pod }, { node }) =>
    nodeSuitsPod(node, pod) ? undefined : "node(s) didn't match Pod's node affinity/selector",
};

export const nodeAffinityScore: ScorePlugin<Preferred> = {
  name: 'NodeAffinity',
  weight: 2,
  prepareScore({ pod }) {
    const terms = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    return terms?.length ? terms : undefined;
  },
  score: (terms, { node }) =>
    terms.reduce((sum, { weight, preference }) => sum + (nodeMatchesTerm(node, preference) ? weight : 0), 0),
  normalize: (_, scores) => normalizeByMax(scores),
};

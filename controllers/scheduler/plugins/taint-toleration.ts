import { tolerates, untoleratedTaint } from '../../../api/pods/tolerations.ts';
import { normalizeByMax } from '../framework.ts';
import type { FilterPlugin, PodInfo, ScorePlugin } from '../framework.ts';

export const taintToleration: FilterPlugin<PodInfo> & ScorePlugin<PodInfo> = {
  name: 'TaintToleration',
  weight: 3,
  wakenBy: ['node-added', 'node-changed'],
  prepareFilter: (pod) => pod,
  filter({ pod }, { node }) {
    const taint = untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute']);
    return taint && `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  },
  prepareScore: (pod) => pod,
  /** how many taints ask to stay away if possible */
  score({ pod }, { node }) {
    const soft = pod.spec?.tolerations?.filter(({ effect }) => !effect || effect === 'PreferNoSchedule') ?? [];
    const taints = node.spec?.taints?.filter(({ effect }) => effect === 'PreferNoSchedule') ?? [];
    return taints.filter((taint) => !soft.some((t) => tolerates(t, taint))).length;
  },
  normalize: (_, scores) => normalizeByMax(scores, true),
};

import { tolerates } from '../../../api/pods/tolerations.ts';
import type { Taint } from '../../../api/types/core-v1.ts';
import type { FilterPlugin, PodInfo } from '../framework.ts';

const taint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const nodeUnschedulable: FilterPlugin<PodInfo> = {
  name: 'NodeUnschedulable',
  wakenBy: ['node-added', 'node-changed'],
  prepareFilter: (pod) => pod,
  filter({ pod }, { node }) {
    if (!node.spec?.unschedulable || pod.spec?.tolerations?.some((t) => tolerates(t, taint))) return undefined;
    return 'node(s) were unschedulable';
  },
};

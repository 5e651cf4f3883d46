import type { Amounts } from '../../../api/pods/pod-resources.ts';
import { scoreMax } from '../framework.ts';
import type { FilterPlugin, NodeInfo, ScorePlugin } from '../framework.ts';

/** Every resource that lacks, in a stable order. */
export function lacking(requests: Amounts, node: NodeInfo): string[] {
  const reasons: string[] = [];
  if (node.pods.size + 1 > (node.allocatable['pods'] ?? 0)) reasons.push('Too many pods');
  for (const [name, amount] of Object.entries(requests)) {
    if (amount === 0) continue;
    const free = (node.allocatable[name] ?? 0) - (node.requested[name] ?? 0);
    if (amount > free) reasons.push(`Insufficient ${name}`);
  }
  return reasons;
}

export const nodeResourcesFit: FilterPlugin<Amounts> = {
  name: 'NodeResourcesFit',
  wakenBy: ['node-added', 'node-changed', 'pod-removed'],
  prepareFilter: ({ requests }) => requests,
  filter(requests, node) {
    const reasons = lacking(requests, node);
    return reasons.length > 0 ? reasons : undefined;
  },
};

const scored = ['cpu', 'memory'];

/** Share of the node that stays free, on average over the resources; 0 where the pod does not fit. */
export function leastAllocatedScore(requests: Amounts, node: NodeInfo): number {
  let sum = 0;
  let counted = 0;
  for (const name of scored) {
    const capacity = node.allocatable[name] ?? 0;
    if (capacity === 0) continue;
    const used = (node.assumedRequested[name] ?? 0) + (requests[name] ?? 0);
    sum += used > capacity ? 0 : Math.floor(((capacity - used) * scoreMax) / capacity);
    counted++;
  }
  return counted === 0 ? 0 : Math.floor(sum / counted);
}

export const leastAllocated: ScorePlugin<Amounts> = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepareScore: ({ assumedRequests }) => assumedRequests,
  score: leastAllocatedScore,
};

import type { Amounts } from '../../../api/pods/pod-resources.ts';
import { scoreMax } from '../framework.ts';
import type { NodeInfo, ScorePlugin } from '../framework.ts';

const balanced = ['cpu', 'memory'];

/** The closer together the used shares of CPU and memory would be, the higher. */
export function balanceScore(requests: Amounts, node: NodeInfo): number {
  const shares = balanced
    .filter((name) => (node.allocatable[name] ?? 0) > 0)
    .map((name) => Math.min(1, ((node.requested[name] ?? 0) + (requests[name] ?? 0)) / (node.allocatable[name] ?? 1)));
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, shares.length);
  return Math.floor((1 - Math.sqrt(variance)) * scoreMax);
}

export const balancedAllocation: ScorePlugin<Amounts> = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  /** A pod that asks for nothing changes no balance. */
  prepareScore: ({ requests }) => (balanced.some((name) => (requests[name] ?? 0) > 0) ? requests : undefined),
  score: balanceScore,
};

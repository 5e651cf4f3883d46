import type { ConfState, NodeId } from '../core/types.ts';

/**
 * How long after it reached a quorum a member that never heard of a leader waits before it campaigns; undefined while
 * there is no quorum, or where it is no voter. Members wait by their rank, so they do not split the vote. It costs
 * nothing where a leader exists: that one is heard first, and pre-votes are refused in its favour.
 */
export function firstCampaignDelayMs(
  id: NodeId,
  { voters, votersOutgoing }: ConfState,
  heartbeatMs: number,
  isUp: (peer: NodeId) => boolean,
): number | undefined {
  const rank = [...voters].sort().indexOf(id);
  if (rank < 0) return undefined;
  const reached = (half: readonly NodeId[]): boolean =>
    half.length === 0 || half.filter((voter) => voter === id || isUp(voter)).length > half.length / 2;
  return reached(voters) && reached(votersOutgoing) ? heartbeatMs * (0.5 + 1.5 * rank) : undefined;
}

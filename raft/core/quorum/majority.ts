import type { LogIndex, NodeId } from '../types.ts';

export type VoteResult = 'won' | 'lost' | 'pending';

/**
 * The largest index a majority has acknowledged: sorted downwards, the one at position ⌊n/2⌋.
 *
 *     acknowledged 9 7 4 2 0 -> 4: three of five hold it
 *
 * An empty set agrees to everything, which makes it neutral in a joint configuration.
 */
export function majorityIndex(voters: ReadonlySet<NodeId>, acked: (id: NodeId) => LogIndex): LogIndex {
  if (voters.size === 0) return Number.MAX_SAFE_INTEGER;
  const sorted = [...voters].map(acked).sort((a, b) => b - a);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** `votes` answers true, false, or undefined while a voter has not answered. */
export function majorityVote(voters: ReadonlySet<NodeId>, votes: (id: NodeId) => boolean | undefined): VoteResult {
  if (voters.size === 0) return 'won';
  const needed = Math.floor(voters.size / 2) + 1;
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

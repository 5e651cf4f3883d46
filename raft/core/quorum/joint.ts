import type { LogIndex, NodeId } from '../types.ts';
import { majorityIndex, majorityVote, type VoteResult } from './majority.ts';

/** Two majorities, both of which must agree; `outgoing` is empty outside a joint configuration. */
export interface JointVoters {
  readonly incoming: ReadonlySet<NodeId>;
  readonly outgoing: ReadonlySet<NodeId>;
}

export const isVoter = (voters: JointVoters, id: NodeId): boolean => voters.incoming.has(id) || voters.outgoing.has(id);

export const allVoters = (voters: JointVoters): ReadonlySet<NodeId> =>
  new Set([...voters.incoming, ...voters.outgoing]);

export function jointIndex(voters: JointVoters, acked: (id: NodeId) => LogIndex): LogIndex {
  return Math.min(majorityIndex(voters.incoming, acked), majorityIndex(voters.outgoing, acked));
}

export function jointVote(voters: JointVoters, votes: (id: NodeId) => boolean | undefined): VoteResult {
  const results = [majorityVote(voters.incoming, votes), majorityVote(voters.outgoing, votes)];
  if (results.includes('lost')) return 'lost';
  return results.includes('pending') ? 'pending' : 'won';
}

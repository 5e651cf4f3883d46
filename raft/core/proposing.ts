import { changeConfiguration } from './conf-change.ts';
import { decodeConfChange } from './conf-change-codec.ts';
import { ConfChangeError } from './errors.ts';
import { appendAsLeader, type Proposal } from './leader-log.ts';
import type { Raft } from './raft.ts';
import type { Message } from './types.ts';

/** False when nothing was appended. */
export function handleProposalAsLeader(raft: Raft, message: Message): boolean {
  // A leader that is no member any more, or hands over, takes nothing new.
  if (!raft.tracker.contains(raft.id) || raft.leadTransferee !== '') return false;
  const proposals = message.entries ?? [];
  const changes = proposals.filter((proposal) => proposal.type === 'conf-change');
  if (changes.length > 1 || changes.some((change) => !mayChange(raft, change))) return false;
  if (proposals.length === 0 || !appendAsLeader(raft, proposals)) return false;
  if (changes.length > 0) raft.pendingConfIndex = raft.log.lastIndex;
  return true;
}

/** One change at a time, each decided on the configuration that is in force, and none that could not be applied. */
function mayChange(raft: Raft, proposal: Proposal): boolean {
  if (raft.pendingConfIndex > raft.log.applied) return false;
  try {
    changeConfiguration(raft.tracker.configuration, decodeConfChange(proposal.data));
    return true;
  } catch (error) {
    if (error instanceof ConfChangeError || error instanceof RangeError) return false;
    throw error;
  }
}

export function handleProposalAsFollower(raft: Raft, message: Message): boolean {
  if (raft.leader === '' || raft.config.disableProposalForwarding) return false;
  raft.outbox.send({ ...message, to: raft.leader, term: 0 });
  return true;
}

import { changeConfiguration } from './conf-change.ts';
import { decodeConfChange } from './conf-change-codec.ts';
import { ConfChangeError } from './errors.ts';
import { appendAsLeader, type Proposal } from './leader-log.ts';
import type { Raft } from './raft.ts';
import type { Message, Refusal } from './types.ts';

/** Appends all of the message's proposals or none, and answers why none. */
export function handleProposalAsLeader(raft: Raft, message: Message): Refusal | undefined {
  // A leader that is no member any more, or hands over, takes nothing new.
  if (!raft.tracker.contains(raft.id)) return 'not-member';
  if (raft.leadTransferee !== '') return 'transferring';
  const proposals = message.entries ?? [];
  const changes = proposals.filter((proposal) => proposal.type === 'conf-change');
  const [change] = changes;
  if (change && !raft.config.disableConfChangeValidation) {
    const refusal = changes.length > 1 ? 'change-pending' : refusalOf(raft, change);
    if (refusal) return refusal;
  }
  if (proposals.length === 0) return undefined;
  if (!appendAsLeader(raft, proposals)) return 'too-much-uncommitted';
  if (change) raft.pendingConfIndex = raft.log.lastIndex;
  if (message.from !== raft.id) raft.forwardedIndex = raft.log.lastIndex;
  return undefined;
}

/** One change at a time, each decided on the configuration that is in force, and none that could not be applied. */
function refusalOf(raft: Raft, proposal: Proposal): Refusal | undefined {
  if (raft.pendingConfIndex > raft.log.applied) return 'change-pending';
  try {
    changeConfiguration(raft.tracker.configuration, decodeConfChange(proposal.data));
    return undefined;
  } catch (error) {
    if (error instanceof ConfChangeError || error instanceof RangeError) return 'unsafe-change';
    throw error;
  }
}

export function handleProposalAsFollower(raft: Raft, message: Message): Refusal | undefined {
  if (raft.leader === '') return 'no-leader';
  if (raft.config.disableProposalForwarding) return 'not-leader';
  raft.outbox.send({ ...message, to: raft.leader, term: 0 });
  return undefined;
}

import { changeConfiguration } from './conf-change.ts';
import { encodeConfChange } from './conf-change-codec.ts';
import { confStateOf } from './configuration.ts';
import { handleTimeoutNow } from './election.ts';
import { emptyData } from './entry.ts';
import { appendAsLeader, maybeCommit } from './leader-log.ts';
import type { Raft } from './raft.ts';
import { becomeFollower } from './roles.ts';
import { maybeSendAppend } from './sending.ts';
import { abortTransfer, bestSuccessor, sendTimeoutNow } from './transfer.ts';
import type { ConfChange, ConfState } from './types.ts';

const leaveJointData = encodeConfChange({ transition: 'auto', changes: [], data: emptyData });

/** The entry of this change is being applied: from now on it is in force here. */
export function applyConfChange(raft: Raft, change: ConfChange): ConfState {
  // An entry handed out before a snapshot arrived: the snapshot's configuration has it already, or undoes it.
  if (raft.log.unstable.snapshot) return confStateOf(raft.tracker.configuration);
  const configuration = changeConfiguration(raft.tracker.configuration, change);
  raft.tracker.switchTo(configuration, raft.log.lastIndex);
  if (raft.role === 'leader') adaptLeader(raft);
  else if (raft.role !== 'follower' && !raft.tracker.isVoter(raft.id)) {
    // Else it might win by the votes of a configuration that it is no part of, and lead without being able to do anything.
    becomeFollower(raft, raft.term, '', 'no voter any more');
  }
  return confStateOf(configuration);
}

function adaptLeader(raft: Raft): void {
  const own = raft.tracker.progress.get(raft.id);
  if (own) own.recentActive = true;
  const mayLead = raft.tracker.isVoter(raft.id);
  if (!mayLead && raft.config.stepDownOnRemoval) {
    // Spares the others the wait for an election timeout.
    const successor = bestSuccessor(raft);
    if (successor !== '') sendTimeoutNow(raft, successor);
    becomeFollower(raft, raft.term, '', own ? 'leader became a learner' : 'leader removed from the configuration');
    return;
  }
  // A smaller quorum may have been reached already; new members should hear of us without waiting for a proposal.
  if (!maybeCommit(raft)) {
    for (const id of raft.tracker.progress.keys()) if (id !== raft.id) maybeSendAppend(raft, id, false);
  }
  if (raft.leadTransferee !== '' && !raft.tracker.isVoter(raft.leadTransferee)) abortTransfer(raft);
}

/** The state machine got this far: what waited for that may go on. A joint configuration with auto-leave is left now. */
export function appliedTo(raft: Raft, index: number): void {
  raft.log.appliedTo(index);
  if (raft.campaignOnceApplied) handleTimeoutNow(raft);
  if (raft.role !== 'leader' || !raft.tracker.configuration.autoLeave || raft.log.applied < raft.pendingConfIndex)
    return;
  // When the tail is full this is tried again with the next applied entry.
  if (appendAsLeader(raft, [{ type: 'conf-change', data: leaveJointData }])) raft.pendingConfIndex = raft.log.lastIndex;
}

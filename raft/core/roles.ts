import { appendAsLeader } from './leader-log.ts';
import { emptyData } from './entry.ts';
import { ReadOnly } from './read-only.ts';
import type { Raft } from './raft.ts';
import type { NodeId, Term } from './types.ts';
import { assert } from '../../base/assert.ts';

/** Why a follower follows, where the candidacy has not been seen here. */
const heardLeaderReason = 'heard from the leader';

function reset(raft: Raft, term: Term): void {
  if (term !== raft.term) {
    assert(term > raft.term, `term goes back from ${raft.term} to ${term}`);
    raft.term = term;
    raft.vote = '';
  }
  raft.timer.restart();
  raft.heartbeatElapsed = 0;
  raft.leadTransferee = '';
  raft.transferReason = '';
  raft.leaseWaived = false;
  raft.leaderTicks = 1;
  raft.campaignOnceApplied = false;
  raft.pendingConfIndex = 0;
  raft.uncommittedBytes = 0;
  raft.broadcastPending = false;
  raft.commitUntold = false;
  raft.forwardedIndex = 0;
  raft.reads = new ReadOnly();
  raft.readsBeforeFirstCommit = [];
  raft.tracker.reset(raft.log.lastIndex);
}

export function becomeFollower(raft: Raft, term: Term, leader: NodeId, reason = ''): void {
  reset(raft, term);
  raft.role = 'follower';
  if (leader === '') raft.setLeader('', reason);
  else hearLeader(raft, leader);
}

/** A follower gets something that only the leader of its term sends. */
export function hearLeader(raft: Raft, leader: NodeId): void {
  raft.timer.heardLeader();
  raft.promise.renew();
  raft.closedLeader = '';
  raft.setLeader(leader, heardLeaderReason);
}

/** Keeps term and vote: a pre-vote binds nobody (thesis, section 9.6). */
export function becomePreCandidate(raft: Raft, reason: string): void {
  assert(raft.role !== 'leader', 'a leader cannot become pre-candidate');
  raft.role = 'pre-candidate';
  raft.tracker.clearVotes();
  raft.setLeader('', reason);
}

export function becomeCandidate(raft: Raft, reason: string): void {
  assert(raft.role !== 'leader', 'a leader cannot become candidate');
  reset(raft, raft.term + 1);
  raft.role = 'candidate';
  raft.vote = raft.id;
  raft.setLeader('', reason);
}

export function becomeLeader(raft: Raft): void {
  assert(raft.role === 'candidate', `a ${raft.role} cannot become leader`);
  reset(raft, raft.term);
  raft.timer.cancelEarly();
  raft.closedLeader = '';
  raft.role = 'leader';
  raft.setLeader(raft.id, raft.campaignReason);
  const own = raft.tracker.progress.get(raft.id);
  if (own) {
    own.match = raft.log.stableIndex;
    own.becomeReplicate();
    own.recentActive = true;
  }
  // Whatever configuration change may be in the tail, none is proposed before all of it is applied.
  raft.pendingConfIndex = raft.log.lastIndex;
  const appended = appendAsLeader(raft, [{ type: 'normal', data: emptyData }]);
  assert(appended, 'the empty entry of a new term is free of bounds');
}

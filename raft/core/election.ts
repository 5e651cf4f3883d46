import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.ts';
import type { Raft } from './raft.ts';
import type { Message, MessageType, Refusal, Term } from './types.ts';

export type Campaign = 'pre-election' | 'election' | 'transfer';

const transferReason = 'leadership transfer';

/** A vote request that the leader itself asked for is not stopped by leases; the reason it gives may have details. */
export const overridesLeases = ({ context }: Message): boolean => context?.startsWith(transferReason) === true;

const reasonOfContext = (context: string | undefined): string => context ?? 'election timeout';

/** Campaigns, unless that would be useless or unsafe. False when it did not. */
export function maybeCampaign(raft: Raft, reason: string, transfer = false): boolean {
  if (raft.role === 'leader' || !raft.isPromotable || hasUnappliedConfChange(raft)) return false;
  // Our own vote is bound by the promise like every vote.
  if (!transfer && raft.promise.isBinding) return false;
  // Our own vote is on its way to the disk. Another campaign would need another one: a slow disk would never get there.
  if (!transfer && raft.role === 'candidate' && !raft.tracker.hasVoted(raft.id)) return false;
  raft.campaignReason = reason;
  campaign(raft, transfer ? 'transfer' : raft.config.preVote ? 'pre-election' : 'election');
  return true;
}

/** The leader hands over to us. Where a change is not applied yet that must come first, but soon will. */
export function handleTimeoutNow(raft: Raft, { context }: Pick<Message, 'context'> = {}): void {
  const started = maybeCampaign(raft, context ? `${transferReason}: ${context}` : transferReason, true);
  raft.campaignOnceApplied = !started && raft.role !== 'leader' && raft.isPromotable;
}

/** A configuration change that is committed but not applied may decide who votes; electing before it is unsafe. */
function hasUnappliedConfChange(raft: Raft): boolean {
  return raft.log.someUnapplied((entry) => entry.type === 'conf-change', raft.config.maxCommittedBytesPerReady);
}

function campaign(raft: Raft, kind: Campaign): void {
  const reason = raft.campaignReason;
  if (kind === 'pre-election') {
    becomePreCandidate(raft, reason);
    // The term is the one we would campaign in; it is not taken yet.
    requestVotes(raft, 'pre-vote', raft.term + 1, reason);
    countClosedLeader(raft);
    poll(raft, raft.id, true);
    return;
  }
  becomeCandidate(raft, reason);
  requestVotes(raft, 'vote', raft.term, reason);
  // Our own vote counts when it is on disk, as everybody else's.
  raft.outbox.send({ type: 'vote-resp', to: raft.id, term: raft.term });
  countClosedLeader(raft);
}

/** No vote is to be expected of it, so that an attempt the others refuse is known as lost at once, and repeated soon. */
function countClosedLeader(raft: Raft): void {
  if (raft.closedLeader !== '') raft.tracker.recordVote(raft.closedLeader, false);
}

function requestVotes(raft: Raft, type: MessageType, term: Term, context: string): void {
  const { lastIndex: index, lastTerm: logTerm } = raft.log;
  const known = knownCommitted(raft);
  for (const to of raft.tracker.voters()) {
    if (to !== raft.id) raft.outbox.send({ type, to, term, index, logTerm, context, ...known });
  }
}

function poll(raft: Raft, from: string, granted: boolean): void {
  const result = raft.tracker.recordVote(from, granted);
  if (result === 'won') {
    if (raft.role === 'candidate') becomeLeader(raft);
    else if (!hasUnappliedConfChange(raft)) campaign(raft, 'election');
    else becomeFollower(raft, raft.term, '', 'a configuration change is to be applied first');
  } else if (result === 'lost') {
    becomeFollower(raft, raft.term, '', 'election lost');
    raft.timer.retryEarly();
  }
}

/** `vote-resp` reaches candidates and `pre-vote-resp` pre-candidates. */
export function handleVoteResponse(raft: Raft, message: Message): void {
  poll(raft, message.from, !message.reject);
}

/** Sections 5.2 and 5.4.1. Also asked of learners: a configuration they do not know yet may have made them voters. */
export function handleVoteRequest(raft: Raft, message: Message): void {
  const isPreVote = message.type === 'pre-vote';
  const mayVote =
    raft.vote === message.from || (raft.vote === '' && raft.leader === '') || (isPreVote && message.term > raft.term);
  const promised = raft.promise.isBinding && !overridesLeases(message);
  const granted = mayVote && !promised && raft.log.isUpToDate(message.index ?? 0, message.logTerm ?? 0);
  if (!granted) {
    rejectVote(raft, message);
    return;
  }
  // A granted pre-vote carries the term asked for, which we have not taken ourselves.
  raft.outbox.send({ type: responseType(message), to: message.from, term: message.term });
  raft.timer.yieldEarly();
  if (isPreVote) return;
  raft.timer.elapsed = 0;
  raft.vote = message.from;
  // also where its term was known before
  noteCandidacy(raft, message);
}

export function rejectVote(raft: Raft, message: Message): void {
  const known = knownCommitted(raft);
  raft.outbox.send({ type: responseType(message), to: message.from, term: raft.term, reject: true, ...known });
}

function knownCommitted(raft: Raft): Pick<Message, 'commit' | 'commitTerm'> {
  const { committed: commit } = raft.log;
  const commitTerm = raft.log.termAt(commit);
  return commit > 0 && commitTerm !== undefined ? { commit, commitTerm } : {};
}

/**
 * Who asks for a vote, and who refuses it, tells what it knows to be committed; that is true in any term. Groups need it
 * to find a leader, since a configuration is in force only where its entry is known to be committed:
 * - one that was removed while the news did not reach it stops asking for votes;
 * - members whose leader removed itself before they heard may still count on its vote, while its longer log makes it
 *   refuse (the thesis, section 4.2.2, has such a leader lead on);
 * - a learner that was made a voter without knowing may have the longest log, so that only it can be elected.
 */
export function learnCommitted(raft: Raft, { commit, commitTerm }: Message): void {
  if (commit !== undefined && commitTerm !== undefined && raft.log.matchTerm(commit, commitTerm)) {
    raft.log.commitTo(commit);
  }
}

const responseType = (message: Message): MessageType => (message.type === 'pre-vote' ? 'pre-vote-resp' : 'vote-resp');

/** Remembers why a candidate campaigns, to explain the change of leader it may bring. */
export function noteCandidacy(raft: Raft, message: Message): void {
  raft.noteCandidacy(message.term, message.from, reasonOfContext(message.context));
}

/** A leader whose connection closed is no leader to us: look for another soon, and grant others that saw it too. */
export function handlePeerClosed(raft: Raft): void {
  // Without pre-vote and leases one broken connection could depose a healthy leader; with lease reads a leader relies on
  // nobody being elected within its lease.
  const { preVote, checkQuorum, readOnly } = raft.config;
  if (!preVote || !checkQuorum || readOnly === 'lease') return;
  raft.closedLeader = raft.leader;
  raft.setLeader('', 'peer connection closed');
  raft.timer.startEarly();
}

/** Gives up the leader without waiting for its lease to end. Refused under lease reads, which rely on it. */
export function handleForgetLeader(raft: Raft): Refusal | undefined {
  if (raft.config.readOnly === 'lease') return 'refused-to-forget';
  if (raft.leader === '') return 'no-leader';
  raft.setLeader('', 'leader forgotten on request');
  return undefined;
}

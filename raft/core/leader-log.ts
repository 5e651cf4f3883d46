import { payloadBytes } from './entry.ts';
import { releaseReadsAfterFirstCommit } from './read-index.ts';
import type { Raft } from './raft.ts';
import type { Entry, LogIndex, Term } from './types.ts';

/** What is proposed, before it has a place in the log. */
export type Proposal = Pick<Entry, 'type' | 'data'>;

/** False, and nothing is appended, when the uncommitted tail is full. */
export function appendAsLeader(raft: Raft, proposals: readonly Proposal[]): boolean {
  const { lastIndex } = raft.log;
  const { term } = raft;
  const entries = proposals.map(({ type, data }, i): Entry => ({ term, index: lastIndex + 1 + i, type, data }));
  const bytes = payloadBytes(entries);
  // One proposal is let through an empty tail, however large, and empty entries always: else nothing would ever move.
  if (raft.uncommittedBytes > 0 && bytes > 0 && raft.uncommittedBytes + bytes > raft.config.maxUncommittedBytes) {
    return false;
  }
  raft.uncommittedBytes += bytes;
  raft.log.append(entries);
  raft.broadcastPending = true;
  return true;
}

/** Entries handed out for applying leave the bounded tail. */
export function releaseUncommitted(raft: Raft, committed: readonly Entry[]): void {
  raft.uncommittedBytes = Math.max(0, raft.uncommittedBytes - payloadBytes(committed));
}

/** Commits what a quorum holds. True when the commit index moved. */
export function maybeCommit(raft: Raft): boolean {
  const before = raft.log.committed;
  if (!raft.log.maybeCommit(raft.tracker.committed(), raft.term)) return false;
  const followersWait = before < raft.forwardedIndex || before < raft.pendingConfIndex;
  if (raft.config.lazyCommit === true && !followersWait) raft.commitUntold = true;
  else raft.broadcastPending = true;
  releaseReadsAfterFirstCommit(raft);
  return true;
}

/** A write of ours has reached the disk: only now may a leader count itself. */
export function ownAppendDurable(raft: Raft, index: LogIndex, term: Term): void {
  if (!raft.log.unstable.acknowledge(index, term) || raft.role !== 'leader') return;
  const own = raft.tracker.progress.get(raft.id);
  if (own?.maybeUpdate(raft.log.stableIndex)) maybeCommit(raft);
}

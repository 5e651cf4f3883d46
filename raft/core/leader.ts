import { maybeCommit } from './leader-log.ts';
import type { Progress } from './progress/progress.ts';
import type { Raft } from './raft.ts';
import { confirmRead } from './read-index.ts';
import { becomeFollower } from './roles.ts';
import { broadcastHeartbeat, maybeSendAppend, sendAppend } from './sending.ts';
import { abortTransfer, maybeFinishTransfer } from './transfer.ts';
import type { Message, NodeId } from './types.ts';

export function handleAppendResponse(raft: Raft, message: Message): void {
  const progress = raft.tracker.progress.get(message.from);
  if (!progress || message.from === raft.id) return;
  progress.recentActive = true;
  if (message.reject) handleRejection(raft, message, progress);
  else handleAcknowledgement(raft, message, progress);
}

/**
 * Finds where to probe next. The follower skipped what cannot match us; we skip what cannot match it.
 *
 *     index     1 2 3 4 5 6 7 8 9
 *     leader    1 3 3 3 5 5 5 5 5      append after (9, t5) is refused
 *     follower  1 1 1 1 2 2            hint (6, t2): our last entry of a term <= 2 is at 1, so probe there
 */
function handleRejection(raft: Raft, message: Message, progress: Progress): void {
  const { index = 0, rejectHint = 0, logTerm = 0 } = message;
  const hint = logTerm > 0 ? raft.log.findConflictByTerm(rejectHint, logTerm).index : rejectHint;
  if (!progress.maybeDecreaseTo(index, hint)) return;
  if (progress.state === 'replicate') progress.becomeProbe();
  sendAppend(raft, message.from);
}

function handleAcknowledgement(raft: Raft, message: Message, progress: Progress): void {
  const { from, index = 0 } = message;
  // Nobody can hold more than we do; such an answer is damaged.
  if (index > raft.log.lastIndex) return;
  const wasPaused = progress.isPaused;
  const isNews = progress.maybeUpdate(index) || (progress.state === 'probe' && progress.match === index);
  if (!isNews) return;
  if (progress.state === 'replicate') progress.inflights.freeTo(index);
  else if (progress.state === 'probe' || progress.match + 1 >= raft.log.firstIndex) progress.becomeReplicate();
  // A new commit index goes to all with the next Ready; one that was paused may not know the present one.
  if (!maybeCommit(raft) && wasPaused && !raft.broadcastPending) sendAppend(raft, from);
  // One answer may free the window for several appends.
  while (maybeSendAppend(raft, from, false));
  maybeFinishTransfer(raft, from);
}

export function handleHeartbeatResponse(raft: Raft, message: Message): void {
  const progress = raft.tracker.progress.get(message.from);
  if (!progress) return;
  progress.recentActive = true;
  progress.leaseTick = Math.max(progress.leaseTick, message.index ?? 0);
  progress.resume();
  if (progress.match < raft.log.lastIndex || progress.state === 'probe') sendAppend(raft, message.from);
  if (message.context !== undefined) confirmRead(raft, message.context, message.from);
}

/** What was in flight is lost in all likelihood: look again where the peer stands. */
export function handleUnreachable(raft: Raft, peer: NodeId): void {
  const progress = raft.tracker.progress.get(peer);
  if (raft.role === 'leader' && progress?.state === 'replicate') progress.becomeProbe();
}

export function handleSnapshotReport(raft: Raft, peer: NodeId, outcome: 'finished' | 'failed'): void {
  const progress = raft.tracker.progress.get(peer);
  if (raft.role === 'leader' && progress?.state === 'snapshot') progress.snapshotReported(outcome);
}

export function tickLeader(raft: Raft): void {
  raft.leaderTicks++;
  raft.heartbeatElapsed++;
  raft.timer.elapsed++;
  if (raft.timer.elapsed >= raft.config.electionTicks) {
    raft.timer.elapsed = 0;
    if (raft.config.checkQuorum && !hearsQuorum(raft)) {
      becomeFollower(raft, raft.term, '', 'quorum lost');
      return;
    }
    // One that did not take over within an election timeout is not going to (thesis, section 3.10).
    abortTransfer(raft);
  }
  if (raft.heartbeatElapsed >= raft.config.heartbeatTicks) {
    raft.heartbeatElapsed = 0;
    broadcastHeartbeat(raft);
  }
}

/** Whether a quorum was heard from since the last such check (section 6.2 of the thesis). */
function hearsQuorum(raft: Raft): boolean {
  const { progress } = raft.tracker;
  const heard = raft.tracker.quorumOf((id) => id === raft.id || progress.get(id)?.recentActive === true);
  for (const [id, peer] of progress) peer.restartActivity(id === raft.id);
  return heard;
}

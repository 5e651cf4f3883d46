import { totalBytes } from './entry.ts';
import type { Progress } from './progress/progress.ts';
import type { Raft } from './raft.ts';
import type { NodeId } from './types.ts';

/** Sends an append, with whatever entries there are, or a snapshot, unless the peer is paused. */
export function sendAppend(raft: Raft, to: NodeId): void {
  maybeSendAppend(raft, to, true);
}

/** False when nothing was sent: the peer is paused, or there is nothing new and `evenIfEmpty` is not set. */
export function maybeSendAppend(raft: Raft, to: NodeId, evenIfEmpty: boolean): boolean {
  const progress = raft.tracker.progress.get(to);
  if (!progress || progress.isPaused) return false;
  const index = progress.next - 1;
  const logTerm = raft.log.termAt(index);
  // A full window leaves room for an empty append: its answer tells whether what is in flight was lost.
  const windowFull = progress.state === 'replicate' && progress.inflights.full;
  const entries = windowFull ? [] : raft.log.entriesFrom(progress.next, raft.config.maxSizePerMessageBytes);
  if (logTerm === undefined || entries === undefined) return maybeSendSnapshot(raft, to, progress);
  if (entries.length === 0 && !evenIfEmpty) return false;
  raft.outbox.send({ type: 'app', to, term: raft.term, index, logTerm, entries, commit: raft.log.committed });
  progress.sentEntries(entries.length, totalBytes(entries));
  return true;
}

function maybeSendSnapshot(raft: Raft, to: NodeId, progress: Progress): boolean {
  // Somebody who does not answer needs no snapshot.
  if (!progress.recentActive) return false;
  const snapshot = raft.log.snapshot();
  if (!snapshot) return false;
  progress.becomeSnapshot(snapshot.index);
  raft.outbox.send({ type: 'snap', to, term: raft.term, snapshot });
  return true;
}

export function broadcastAppend(raft: Raft): void {
  raft.broadcastPending = false;
  raft.commitUntold = false;
  for (const id of raft.tracker.progress.keys()) if (id !== raft.id) sendAppend(raft, id);
}

/** A read's context, or that of the newest read that still waits. */
export function broadcastHeartbeat(raft: Raft, context: string | undefined = raft.reads.lastContext()): void {
  for (const [to, progress] of raft.tracker.progress) {
    if (to === raft.id) continue;
    // Never beyond what the peer acknowledged: it may not have the entries yet.
    const commit = Math.min(progress.match, raft.log.committed);
    raft.outbox.send({
      type: 'heartbeat',
      to,
      term: raft.term,
      commit,
      ...(raft.config.readOnly === 'lease' && { index: raft.leaderTicks }),
      ...(context !== undefined && { context }),
    });
  }
}

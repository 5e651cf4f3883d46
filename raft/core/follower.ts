import { configurationOf } from './configuration.ts';
import { hearLeader } from './roles.ts';
import type { Raft } from './raft.ts';
import type { Message, SnapshotMeta } from './types.ts';

/** Section 5.3. The answer leaves when what it acknowledges is on disk. */
export function handleAppend(raft: Raft, message: Message): void {
  hearLeader(raft, message.from);
  const { log, term } = raft;
  const { from: to, index = 0, logTerm = 0, commit = 0, entries = [] } = message;
  if (index < log.committed) {
    raft.outbox.send({ type: 'app-resp', to, term, index: log.committed });
    return;
  }
  const lastNew = log.maybeAppend(index, logTerm, commit, entries);
  if (lastNew !== undefined) {
    raft.outbox.send({ type: 'app-resp', to, term, index: lastNew });
    return;
  }
  // Skip all entries of terms above the leader's at this place: they cannot match. With the term of what is left, the
  // leader skips on its side, so that conflicts are passed by terms and not by entries (end of section 5.3).
  const hint = log.findConflictByTerm(index, logTerm);
  raft.outbox.send({ type: 'app-resp', to, term, index, reject: true, rejectHint: hint.index, logTerm: hint.term });
}

export function handleHeartbeat(raft: Raft, message: Message): void {
  hearLeader(raft, message.from);
  raft.log.commitTo(message.commit ?? 0);
  const { from: to, context, index } = message;
  raft.outbox.send({
    type: 'heartbeat-resp',
    to,
    term: raft.term,
    ...(index !== undefined && { index }),
    ...(context !== undefined && { context }),
  });
}

/** Section 7. */
export function handleSnapshot(raft: Raft, message: Message): void {
  hearLeader(raft, message.from);
  const restored = message.snapshot !== undefined && maybeRestore(raft, message.snapshot);
  const index = restored ? raft.log.lastIndex : raft.log.committed;
  raft.outbox.send({ type: 'app-resp', to: message.from, term: raft.term, index });
}

function maybeRestore(raft: Raft, snapshot: SnapshotMeta): boolean {
  if (snapshot.index <= raft.log.committed) return false;
  if (raft.log.matchTerm(snapshot.index, snapshot.term)) {
    // We have the entries; they need only be known as committed.
    raft.log.commitTo(snapshot.index);
    return false;
  }
  raft.log.restore(snapshot);
  // It may have been made before we were added; the entries behind it will tell of us.
  raft.tracker.switchTo(configurationOf(snapshot.confState), raft.log.lastIndex);
  return true;
}

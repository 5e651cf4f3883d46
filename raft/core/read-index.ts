import type { Raft } from './raft.ts';
import { maxPendingReads } from './read-only.ts';
import { broadcastHeartbeat } from './sending.ts';
import type { LogIndex, Message, NodeId, Refusal } from './types.ts';

/** Section 8: remember the commit index, make sure we still lead, answer. */
export function handleReadIndexAsLeader(raft: Raft, message: Message): Refusal | undefined {
  if (message.context === undefined) return undefined;
  if (raft.hasCommittedInTerm) return startRead(raft, message.from, message.context);
  if (raft.readsBeforeFirstCommit.length >= maxPendingReads) return 'too-many-reads';
  raft.readsBeforeFirstCommit.push(message);
  return undefined;
}

function startRead(raft: Raft, from: NodeId, context: string): Refusal | undefined {
  const index = raft.log.committed;
  if (raft.leadsByLease) {
    answerRead(raft, from, context, index);
    return undefined;
  }
  if (!raft.reads.add({ from, context, index })) return 'too-many-reads';
  // Where we are a quorum alone (a single voter, perhaps with learners) no heartbeat is needed.
  if (!confirmRead(raft, context, raft.id)) broadcastHeartbeat(raft, context);
  return undefined;
}

/** A heartbeat with this context was answered. True when that confirmed the read. */
export function confirmRead(raft: Raft, context: string, by: NodeId): boolean {
  const acks = raft.reads.acknowledge(context, by);
  if (!acks || !raft.tracker.quorumOf((id) => acks.has(id))) return false;
  for (const request of raft.reads.releaseTo(context)) answerRead(raft, request.from, request.context, request.index);
  return true;
}

function answerRead(raft: Raft, to: NodeId, context: string, index: LogIndex): void {
  if (to === raft.id) raft.readStates.push({ index, context });
  else raft.outbox.send({ type: 'read-index-resp', to, term: raft.term, index, context });
}

export function releaseReadsAfterFirstCommit(raft: Raft): void {
  if (raft.readsBeforeFirstCommit.length === 0 || !raft.hasCommittedInTerm) return;
  const waiting = raft.readsBeforeFirstCommit;
  raft.readsBeforeFirstCommit = [];
  for (const { from, context } of waiting) if (context !== undefined) startRead(raft, from, context);
}

export function handleReadIndexAsFollower(raft: Raft, message: Message): Refusal | undefined {
  if (raft.leader === '') return 'no-leader';
  raft.outbox.send({ ...message, to: raft.leader, term: 0 });
  return undefined;
}

export function handleReadIndexResponse(raft: Raft, message: Message): void {
  if (message.context === undefined || message.index === undefined) return;
  raft.readStates.push({ index: message.index, context: message.context });
}

import type { Raft } from './raft.ts';
import { sendAppend } from './sending.ts';
import type { Message, NodeId } from './types.ts';

/**
 * Leadership transfer (thesis, section 3.10): bring the target up to date, then tell it to campaign at once. Proposals are
 * refused meanwhile. It ends when the target's higher term arrives, or after an election timeout.
 */
export function handleTransferAsLeader(raft: Raft, message: Message): void {
  const to = message.context ?? '';
  const progress = raft.tracker.progress.get(to);
  if (!progress || !raft.tracker.isVoter(to) || raft.leadTransferee === to) return;
  abortTransfer(raft);
  if (to === raft.id) return;
  raft.leadTransferee = to;
  raft.timer.elapsed = 0;
  if (progress.match === raft.log.lastIndex) sendTimeoutNow(raft, to);
  else sendAppend(raft, to);
}

export function handleTransferAsFollower(raft: Raft, message: Message): boolean {
  if (raft.leader === '') return false;
  raft.outbox.send({ ...message, to: raft.leader, term: 0 });
  return true;
}

export function maybeFinishTransfer(raft: Raft, peer: NodeId): void {
  if (peer !== raft.leadTransferee) return;
  if (raft.tracker.progress.get(peer)?.match === raft.log.lastIndex) sendTimeoutNow(raft, peer);
}

export function abortTransfer(raft: Raft): void {
  raft.leadTransferee = '';
}

export function sendTimeoutNow(raft: Raft, to: NodeId): void {
  raft.leaseWaived = true;
  raft.outbox.send({ type: 'timeout-now', to, term: raft.term });
}

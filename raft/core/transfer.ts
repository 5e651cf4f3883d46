import type { Raft } from './raft.ts';
import { sendAppend } from './sending.ts';
import type { Message, NodeId, Refusal } from './types.ts';

/**
 * Leadership transfer (thesis, section 3.10): bring the target up to date, then tell it to campaign at once. Proposals are
 * refused meanwhile. It ends when the target's higher term arrives, or after an election timeout. Our own disk has no part
 * in it: a leader whose disk is stuck gets rid of leadership this way.
 */
export function handleTransferAsLeader(raft: Raft, message: Message): Refusal | undefined {
  // to whom, and behind a space why
  const [, to = '', reason = ''] = /^(\S*) ?(.*)$/s.exec(message.context ?? '') ?? [];
  const progress = raft.tracker.progress.get(to);
  if (!progress || !raft.tracker.isVoter(to)) return 'not-a-voter';
  if (raft.leadTransferee === to) return undefined;
  abortTransfer(raft);
  if (to === raft.id) return undefined;
  raft.leadTransferee = to;
  raft.transferReason = reason;
  raft.timer.elapsed = 0;
  if (progress.match === raft.log.lastIndex) sendTimeoutNow(raft, to);
  else sendAppend(raft, to);
  return undefined;
}

/** The voter that can take over soonest; '' where nobody is alive. */
export function bestSuccessor(raft: Raft): NodeId {
  let best = { id: '', match: -1 };
  for (const id of raft.role === 'leader' ? raft.tracker.voters() : []) {
    const peer = raft.tracker.progress.get(id);
    if (id !== raft.id && peer?.isAlive && peer.match > best.match) best = { id, match: peer.match };
  }
  return best.id;
}

export function handleTransferAsFollower(raft: Raft, message: Message): Refusal | undefined {
  if (raft.leader === '') return 'no-leader';
  raft.outbox.send({ ...message, to: raft.leader, term: 0 });
  return undefined;
}

export function maybeFinishTransfer(raft: Raft, peer: NodeId): void {
  if (peer !== raft.leadTransferee) return;
  if (raft.tracker.progress.get(peer)?.match === raft.log.lastIndex) sendTimeoutNow(raft, peer);
}

export function abortTransfer(raft: Raft): void {
  raft.leadTransferee = '';
  raft.transferReason = '';
}

export function sendTimeoutNow(raft: Raft, to: NodeId): void {
  raft.leaseWaived = true;
  const { transferReason: context } = raft;
  raft.outbox.send({ type: 'timeout-now', to, term: raft.term, ...(context !== '' && { context }) });
}

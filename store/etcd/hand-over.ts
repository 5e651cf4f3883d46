import type { Log } from '../../base/log.ts';
import { messageOf } from '../../base/message-of.ts';
import type { Clock } from '../../base/clock.ts';
import type { RaftNode } from '../../raft/runtime/types.ts';

const pollMs = 5;

export interface HandOverOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly electionMs: number;
  /** commands of this member's clients that wait for their outcome */
  readonly pendingCommands: () => number;
}

/**
 * A leader that stops tells the best follower to take over, so that nobody waits for an election, and stays until its
 * own clients have their answers. It takes at most half an election timeout; a group that stops as a whole has nobody
 * to hand over to.
 */
export async function handOverBeforeStop(node: RaftNode, options: HandOverOptions): Promise<void> {
  const { clock, log, electionMs, pendingCommands } = options;
  const { role, confState } = node.status();
  if (role !== 'leader' || confState.voters.length < 2) return;
  const deadlineMs = clock.monotonicMs() + electionMs / 2;
  try {
    await node.transferLeadership('', electionMs / 2, 'the leader stops');
  } catch (error) {
    log.info({ error: messageOf(error) }, 'stops without handing leadership over');
    return;
  }
  while (pendingCommands() > 0 && clock.monotonicMs() < deadlineMs) {
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}

import type { LogIndex, RaftStatus } from '../core/types.ts';
import type { LeaderHistory } from './leader-history.ts';
import type { NodeStatus } from './types.ts';
import type { Wal } from './wal/wal.ts';

/** Each by its name and no spread: it is asked several times a request, and an object of one shape is made ten times as fast. */
export function nodeStatus(
  raft: RaftStatus,
  applied: LogIndex,
  history: LeaderHistory,
  wal: Wal,
  heartbeatGapMaxMs: number,
  tickLateMaxMs: number,
): NodeStatus {
  const { lastMs, maxMs } = wal.syncStats;
  return {
    id: raft.id,
    role: raft.role,
    leader: raft.leader,
    term: raft.term,
    commit: raft.commit,
    applied,
    lastIndex: raft.lastIndex,
    durable: raft.durable,
    confState: raft.confState,
    progress: raft.progress,
    leadTransferee: raft.leadTransferee,
    lastLeaderChange: history.last,
    recentLeaderChanges: history.recent,
    leaderChanges: history.count,
    leaderChangesByReason: history.byReason,
    heartbeatGapMaxMs,
    tickLateMaxMs,
    fsyncLastMs: lastMs,
    fsyncMaxMs: maxMs,
    fsyncDurations: wal.syncDurations,
    proposalsPending: raft.lastIndex - applied,
    walBytes: wal.bytes,
    snapshotIndex: wal.mark.index,
  };
}

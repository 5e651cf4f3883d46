import { describe } from './describe.ts';
import type { MemberDescription } from './describe.ts';
import { etcdVersion } from './version.ts';
import type { MemberContext } from './service.ts';

type Kind = 'gauge' | 'counter';
type Row = readonly [name: string, kind: Kind, help: string, value: (d: Omit<MemberDescription, 'hash'>) => number];

/** etcd's names where there is one */
const rows: readonly Row[] = [
  ['etcd_server_has_leader', 'gauge', 'Whether a leader is known. 1: yes.', (d) => Number(d.leader !== '')],
  ['etcd_server_is_leader', 'gauge', 'Whether this member leads. 1: yes.', (d) => Number(d.role === 'leader')],
  ['etcd_server_leader_changes_seen_total', 'counter', 'Changes of leader seen.', (d) => d.leaderChanges],
  ['etcd_server_proposals_pending', 'gauge', 'Commands waiting for their outcome.', (d) => d.proposalsPending],
  ['etcd_server_proposals_committed_total', 'gauge', 'Index committed.', (d) => d.commitIndex],
  ['etcd_server_proposals_applied_total', 'gauge', 'Index applied.', (d) => d.appliedIndex],
  ['etcd_mvcc_db_total_size_in_bytes', 'gauge', 'Space the store takes on disk.', (d) => d.dbSizeBytes],
  ['etcd_mvcc_db_total_size_in_use_in_bytes', 'gauge', 'Bytes the store keeps.', (d) => d.dbSizeInUseBytes],
  ['etcd_debugging_mvcc_keys_total', 'gauge', 'Keys.', (d) => d.keys],
  ['etcd_debugging_mvcc_current_revision', 'gauge', 'The newest revision.', (d) => d.revision],
  ['etcd_debugging_mvcc_compact_revision', 'gauge', 'The last compaction.', (d) => d.compactRevision],
  ['etcd_debugging_mvcc_watcher_total', 'gauge', 'Watchers.', (d) => d.watchers],
  ['etcd_debugging_mvcc_slow_watcher_total', 'gauge', 'Watchers that lag behind.', (d) => d.watchersLagging],
  ['etcd_debugging_auth_revision', 'gauge', 'Changes of users and roles.', (d) => d.auth.revision],
  ['kuorum_store_durable_index', 'gauge', 'Index up to which the store is on disk.', (d) => d.durableIndex],
  ['kuorum_raft_term', 'gauge', 'Raft term.', (d) => d.term],
  ['kuorum_raft_wal_bytes', 'gauge', 'Size of the write-ahead log.', (d) => d.walBytes],
  [
    'kuorum_raft_heartbeat_gap_max_seconds',
    'gauge',
    'Longest time between two heartbeats of one leader.',
    (d) => d.heartbeatGapMaxMs / 1000,
  ],
  [
    'kuorum_raft_tick_late_max_seconds',
    'gauge',
    'How late the clock of the process was at worst.',
    (d) => d.tickLateMaxMs / 1000,
  ],
  ['kuorum_raft_fsync_last_seconds', 'gauge', 'Time the last fsync of the log took.', (d) => d.fsyncLastMs / 1000],
  ['kuorum_raft_fsync_max_seconds', 'gauge', 'Longest fsync of the log since start.', (d) => d.fsyncMaxMs / 1000],
  ['kuorum_leases', 'gauge', 'Leases.', (d) => d.leases],
];

function changesOf({ leaderChangesByReason }: Pick<MemberDescription, 'leaderChangesByReason'>): string {
  const name = 'kuorum_raft_leader_changes_total';
  const lines = Object.entries(leaderChangesByReason).map(([reason, n]) => `${name}{reason="${reason}"} ${n}\n`);
  return `# HELP ${name} Changes of leader seen, by reason.\n# TYPE ${name} counter\n${lines.join('')}`;
}

/** In Prometheus' text format. */
export function metricsOf(context: MemberContext): string {
  const description = describe(context);
  const lines = rows.map(
    ([name, kind, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${value(description)}\n`,
  );
  const version = `# HELP etcd_server_version Version of the API served.\n# TYPE etcd_server_version gauge\n`;
  return `${lines.join('')}${changesOf(description)}${version}etcd_server_version{server_version="${etcdVersion}"} 1\n`;
}

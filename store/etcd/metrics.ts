import { describeBriefly } from './describe.ts';
import type { MemberDescription } from './describe.ts';
import { etcdVersion, storageVersion } from './version.ts';
import { callMetrics } from './call-metrics.ts';
import { histogram, metric } from './metrics-text.ts';
import { processMetrics } from './process-metrics.ts';
import { isLearner } from './service.ts';
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

/** what is known besides the description */
function more(
  context: MemberContext,
  { leaderChangesByReason, id }: Pick<MemberDescription, 'leaderChangesByReason' | 'id'>,
): string {
  const { proposer, limits, counts, machine, node } = context;
  const { receivedBytes, sentBytes } = counts.traffic();
  const [major, minor] = storageVersion.split('.');
  const changes = Object.entries(leaderChangesByReason).map(([reason, n]) => [{ reason }, n] as const);
  return [
    metric('kuorum_raft_leader_changes_total', 'counter', 'Changes of leader seen, by reason.', changes),
    metric('etcd_server_version', 'gauge', 'Version of the API served.', [[{ server_version: etcdVersion }, 1]]),
    metric('etcd_cluster_version', 'gauge', 'Version of the cluster.', [[{ cluster_version: `${major}.${minor}` }, 1]]),
    metric('etcd_server_id', 'gauge', "This member's id.", [[{ server_id: id.replace(/^0+/, '') }, 1]]),
    metric('etcd_server_is_learner', 'gauge', 'Whether this member has no vote. 1: yes.', [
      [{}, Number(isLearner(context))],
    ]),
    metric('etcd_server_proposals_failed_total', 'counter', 'Commands that came to no outcome.', [
      [{}, proposer.failedCommands],
    ]),
    metric('etcd_server_quota_backend_bytes', 'gauge', 'The store may keep so much.', [[{}, limits.quotaBackendBytes]]),
    metric('etcd_network_client_grpc_received_bytes_total', 'counter', 'Bytes that came in at the client port.', [
      [{}, receivedBytes],
    ]),
    metric('etcd_network_client_grpc_sent_bytes_total', 'counter', 'Bytes that went out at the client port.', [
      [{}, sentBytes],
    ]),
    histogram(
      'etcd_disk_wal_fsync_duration_seconds',
      'Time that fsyncs of the log took.',
      node.status().fsyncDurations,
    ),
    histogram(
      'etcd_disk_backend_commit_duration_seconds',
      'Time that writing batches of changes to the store took.',
      machine.writeDurations,
    ),
  ].join('');
}

/** In Prometheus' text format. */
export function metricsOf(context: MemberContext): string {
  const description = describeBriefly(context);
  const lines = rows.map(([name, kind, help, value]) => metric(name, kind, help, [[{}, value(description)]]));
  return [...lines, more(context, description), callMetrics(context.counts), processMetrics(context.clock)].join('');
}

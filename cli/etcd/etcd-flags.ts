import { grpcServers } from '../../store/etcd/grpc-server-choice.ts';
import { choice, count, file, list, time, toggle } from '../commands/flag-table.ts';
import type { FlagGroup, TableFlag } from '../commands/flag-table.ts';

const member: readonly TableFlag[] = [
  { name: 'name', type: 'text', fallback: 'default', text: "this member's name" },
  file('data-dir', 'where its data is (default <name>.etcd)'),
  file('wal-dir', 'a place of its own for the write-ahead log (default inside data-dir)'),
  count('snapshot-count', 10_000, 'entries between cuts of the log', 1),
  count('snapshot-catchup-entries', 5000, 'entries kept in the log for slow followers'),
  { name: 'heartbeat-interval', type: 'ms', fallback: '100', text: 'milliseconds between heartbeats' },
  { name: 'election-timeout', type: 'ms', fallback: '1000', text: 'milliseconds without a leader before an election' },
  list('listen-peer-urls', 'where it listens for its peers', 'http://localhost:2380'),
  list('listen-client-urls', 'where it listens for clients', 'http://localhost:2379'),
  { ...count('quota-backend-bytes', 0, 'NOSPACE above this size; 0 means 2 GiB, negative none'), atLeast: -Infinity },
  count('max-txn-ops', 128, 'operations in one transaction'),
  count('max-request-bytes', 1_572_864, 'larger requests are refused'),
  count('max-concurrent-streams', 4_294_967_295, 'calls at a time on one connection'),
  time('grpc-keepalive-interval', '2h', 'a silent client is asked after so long; 0 never'),
  time('grpc-keepalive-timeout', '20s', 'and left when it does not answer in this time'),
  toggle('enable-grpc-gateway', 'the JSON gateway: POST /v3/kv/range and so on', true),
  list('listen-metrics-urls', 'where /metrics and /health are served besides'),
  choice('grpc-server', grpcServers, 'what carries the client port (not a flag of etcd)'),
];

const clustering: readonly TableFlag[] = [
  list('initial-advertise-peer-urls', 'where its peers reach it', 'http://localhost:2380'),
  file('initial-cluster', 'name=peerURL,... of all members (default this one alone)'),
  choice('initial-cluster-state', ['new', 'existing'], 'make a new cluster, or join one'),
  { name: 'initial-cluster-token', type: 'text', fallback: 'etcd-cluster', text: 'keeps clusters apart' },
  list('advertise-client-urls', 'where clients reach it', 'http://localhost:2379'),
  toggle('strict-reconfig-check', 'refuse changes of the membership that endanger the quorum', true),
  count('max-learners', 1, 'learners at a time'),
  choice('auto-compaction-mode', ['periodic', 'revision'], 'what the retention counts'),
  {
    name: 'auto-compaction-retention',
    type: 'text',
    fallback: '0',
    text: 'history kept: 30m or 5 (hours), or so many revisions; 0 keeps all',
  },
];

const security: readonly TableFlag[] = [
  file('cert-file', "the client port's certificate"),
  file('key-file', "the client port's key"),
  toggle('client-cert-auth', 'refuse clients without a certificate'),
  file('client-crl-file', 'client certificates that were revoked'),
  list('client-cert-allowed-hostname', 'client certificates must be for one of these names'),
  file('trusted-ca-file', 'clients need a certificate of this authority'),
  toggle('auto-tls', 'a certificate of its own making for the client port'),
  file('peer-cert-file', "the peer port's certificate"),
  file('peer-key-file', "the peer port's key"),
  toggle('peer-client-cert-auth', 'refuse peers without a certificate'),
  file('peer-client-cert-file', 'the certificate shown to peers, if not the one of the port'),
  file('peer-client-key-file', 'its key'),
  file('peer-trusted-ca-file', "the peers' authority"),
  list('peer-cert-allowed-cn', "peers' certificates must have one of these common names"),
  list('peer-cert-allowed-hostname', "peers' certificates must be for one of these names"),
  toggle('peer-auto-tls', 'a certificate of its own making for the peer port'),
  count('self-signed-cert-validity', 1, 'years that those last', 1),
  file('peer-crl-file', "peers' certificates that were revoked"),
  list('cipher-suites', 'TLS 1.2 cipher suites, by their names in the standard'),
  list('host-whitelist', 'names by which plain HTTP may ask', '*'),
  list('cors', 'origins of web pages that may read answers', '*'),
  choice('tls-min-version', ['TLS1.2', 'TLS1.3'], 'the oldest TLS spoken'),
  choice('tls-max-version', ['', 'TLS1.2', 'TLS1.3'], 'the newest TLS spoken'),
];

const auth: readonly TableFlag[] = [
  {
    name: 'auth-token',
    type: 'text',
    fallback: 'simple',
    text: 'how who has shown a password is known again: simple, or jwt,sign-method=RS256,pub-key=FILE,priv-key=FILE,ttl=10m',
  },
  count('auth-token-ttl', 300, 'seconds that a simple token holds after its last use'),
  count('bcrypt-cost', 10, 'what hashing a password costs, 4 to 31: each step is twice the work'),
];

const logging: readonly TableFlag[] = [
  list('log-outputs', 'stderr, stdout, or files to append to', 'default'),
  choice('log-level', ['info', 'debug', 'warn', 'error', 'dpanic', 'panic', 'fatal'], 'what is told'),
  time('warning-unary-request-duration', '300ms', 'a warning for requests that take longer'),
  time('warning-apply-duration', '100ms', 'a warning for log entries that take longer to apply'),
];

const features: readonly TableFlag[] = [
  { name: 'feature-gates', type: 'text', text: 'InitialCorruptCheck=true|false,CompactHashCheck=true|false' },
  time('corrupt-check-time', '1m', 'the members compare their data so often; 0 never'),
  time('compact-hash-check-time', '1m', 'and after compactions so often', 1),
  time('watch-progress-notify-interval', '10m', 'watchers that want it hear so often how far they are', 1),
];

const unsafe: readonly TableFlag[] = [
  toggle('force-new-cluster', 'make a cluster of this member alone out of what it holds (see docs/recovery.md)'),
  toggle('unsafe-no-fsync', 'acknowledge what is not on the disk: a crash loses data'),
];

/** https://etcd.io/docs/latest/op-guide/configuration/ */
export const etcdFlagGroups: readonly FlagGroup[] = [
  { title: 'Member', flags: member },
  { title: 'Clustering', flags: clustering },
  { title: 'Security', flags: security },
  { title: 'Auth', flags: auth },
  { title: 'Logging', flags: logging },
  { title: 'Features', flags: features },
  { title: 'Unsafe', flags: unsafe },
];

export const etcdFlags: readonly TableFlag[] = etcdFlagGroups.flatMap(({ flags }) => flags);

/** Names of 3.4 and 3.5, and what they are called now. */
export const olderNames: Readonly<Record<string, string>> = {
  'experimental-corrupt-check-time': 'corrupt-check-time',
  'experimental-compact-hash-check-time': 'compact-hash-check-time',
  'experimental-compaction-batch-limit': 'compaction-batch-limit',
  'experimental-compaction-sleep-interval': 'compaction-sleep-interval',
  'experimental-watch-progress-notify-interval': 'watch-progress-notify-interval',
  'experimental-warning-apply-duration': 'warning-apply-duration',
  'experimental-warning-unary-request-duration': 'warning-unary-request-duration',
  'experimental-bootstrap-defrag-threshold-megabytes': 'bootstrap-defrag-threshold-megabytes',
  'experimental-peer-skip-client-san-verification': 'peer-skip-client-san-verification',
  'experimental-memory-mlock': 'memory-mlock',
  'experimental-snapshot-catchup-entries': 'snapshot-catchup-entries',
  'experimental-snapshot-catch-up-entries': 'snapshot-catchup-entries',
  'experimental-downgrade-check-time': 'downgrade-check-time',
  'experimental-backend-bbolt-freelist-type': 'backend-bbolt-freelist-type',
  'experimental-max-learners': 'max-learners',
  'experimental-enable-distributed-tracing': 'enable-distributed-tracing',
  'experimental-distributed-tracing-address': 'distributed-tracing-address',
  'experimental-distributed-tracing-service-name': 'distributed-tracing-service-name',
  'experimental-distributed-tracing-instance-id': 'distributed-tracing-instance-id',
  'experimental-distributed-tracing-sampling-rate': 'distributed-tracing-sampling-rate',
};

/** Flags of 3.4 and 3.5 that are feature gates now. */
export const olderGates: Readonly<Record<string, string>> = {
  'experimental-initial-corrupt-check': 'InitialCorruptCheck',
  'experimental-compact-hash-check-enabled': 'CompactHashCheck',
  'experimental-stop-grpc-service-on-defrag': 'StopGRPCServiceOnDefrag',
  'experimental-txn-mode-write-with-shared-buffer': 'TxnModeWriteWithSharedBuffer',
  'experimental-enable-lease-checkpoint': 'LeaseCheckpoint',
  'experimental-enable-lease-checkpoint-persist': 'LeaseCheckpointPersist',
};

import type { ForeignFlag } from '../commands/foreign-flag.ts';

const noBbolt = 'the store is not a bbolt file';
const accepted: readonly ForeignFlag[] = [
  { name: 'max-wals', type: 'number', why: 'the log is cut by itself, as soon as nobody needs it' },
  { name: 'max-snapshots', type: 'number', why: 'one snapshot is kept' },
  { name: 'initial-election-tick-advance', type: 'boolean', why: 'a member that starts hears of a leader at once' },
  { name: 'backend-batch-interval', type: 'duration', why: noBbolt },
  { name: 'backend-batch-limit', type: 'number', why: noBbolt },
  { name: 'backend-bbolt-freelist-type', type: 'text', why: noBbolt },
  { name: 'bootstrap-defrag-threshold-megabytes', type: 'number', why: 'space is used again without defragmentation' },
  { name: 'compaction-batch-limit', type: 'number', why: 'compactions clean up between other work by themselves' },
  { name: 'compaction-sleep-interval', type: 'duration', why: 'compactions clean up between other work by themselves' },
  { name: 'downgrade-check-time', type: 'duration', why: 'no downgrade is ever under way' },
  { name: 'socket-reuse-address', type: 'boolean', why: 'ports in TIME_WAIT are always used again' },
  { name: 'grpc-keepalive-min-time', type: 'duration', why: 'clients may ping up to 1,000 times a second' },
  { name: 'raft-read-timeout', type: 'duration', why: 'connections between members have keep-alives of their own' },
  { name: 'raft-write-timeout', type: 'duration', why: 'connections between members have keep-alives of their own' },
  {
    name: 'peer-skip-client-san-verification',
    type: 'boolean',
    why: "addresses in peers' certificates are not compared",
  },
  { name: 'log-rotation-config-json', type: 'text', why: 'logs are not rotated' },
  { name: 'client-cert-file', type: 'text', why: 'nothing here is a client of its own client port' },
  { name: 'client-key-file', type: 'text', why: 'nothing here is a client of its own client port' },
  { name: 'distributed-tracing-address', type: 'text', why: 'there is no tracing' },
  { name: 'distributed-tracing-service-name', type: 'text', why: 'there is no tracing' },
  { name: 'distributed-tracing-instance-id', type: 'text', why: 'there is no tracing' },
  { name: 'distributed-tracing-sampling-rate', type: 'number', why: 'there is no tracing' },
  { name: 'v2-deprecation', type: 'text', why: 'there is no v2 store' },
  ...['proxy-failure-wait', 'proxy-refresh-interval', 'proxy-dial-timeout', 'proxy-write-timeout'].map(
    (name): ForeignFlag => ({ name, type: 'number', why: 'there is no v2 proxy' }),
  ),
  { name: 'proxy-read-timeout', type: 'number', why: 'there is no v2 proxy' },
];

const off = ['false'];
const empty = [''];
const noDiscovery = 'the members are named by --initial-cluster';
const refused: readonly ForeignFlag[] = [
  { name: 'pre-vote', type: 'boolean', only: ['true'], why: 'elections always begin with a pre-vote' },
  { name: 'memory-mlock', type: 'boolean', only: off, why: 'Node.js cannot lock its memory' },
  { name: 'socket-reuse-port', type: 'boolean', only: off, why: 'two processes on one port would share its clients' },
  { name: 'enable-pprof', type: 'boolean', only: off, why: 'pprof is of Go; use `node --inspect` or `--cpu-prof`' },
  { name: 'enable-distributed-tracing', type: 'boolean', only: off, why: 'there is no tracing' },
  { name: 'enable-log-rotation', type: 'boolean', only: off, why: 'leave that to logrotate or journald' },
  { name: 'log-format', type: 'text', only: ['json'], why: 'logs are JSON lines' },
  { name: 'logger', type: 'text', only: ['zap'], why: 'the older log format is not spoken' },
  { name: 'log-package-levels', type: 'text', only: empty, why: '--log-level is for all parts' },
  { name: 'metrics', type: 'text', only: ['basic', 'extensive'], why: 'all metrics are always served' },
  { name: 'listen-client-http-urls', type: 'list', only: empty, why: 'HTTP is served on the client URLs' },
  { name: 'enable-v2', type: 'boolean', only: off, why: 'there is no v2 API' },
  { name: 'experimental-enable-v2v3', type: 'text', only: empty, why: 'there is no v2 API' },
  { name: 'proxy', type: 'text', only: ['off', ''], why: 'there is no v2 proxy' },
  { name: 'discovery-fallback', type: 'text', only: ['', 'exit', 'proxy'], why: noDiscovery },
  { name: 'discovery-dial-timeout', type: 'duration', why: noDiscovery },
  { name: 'discovery-request-timeout', type: 'duration', why: noDiscovery },
  { name: 'discovery-keepalive-time', type: 'duration', why: noDiscovery },
  { name: 'discovery-keepalive-timeout', type: 'duration', why: noDiscovery },
  { name: 'discovery-insecure-transport', type: 'boolean', why: noDiscovery },
  { name: 'discovery-insecure-skip-tls-verify', type: 'boolean', why: noDiscovery },
  ...['', '-token', '-endpoints', '-proxy', '-srv', '-srv-name', '-cert', '-key', '-cacert', '-user', '-password'].map(
    (part): ForeignFlag => ({ name: `discovery${part}`, type: 'text', only: empty, why: noDiscovery }),
  ),
];

/** etcd takes them, and does nothing with them. */
const ignored: readonly ForeignFlag[] = (
  'cluster-active-size cluster-remove-delay cluster-sync-interval config force max-result-buffer max-retry-attempts ' +
  'peer-heartbeat-interval peer-election-timeout retry-interval snapshot v vv'
)
  .split(' ')
  .map((name) => ({ name, type: 'text', why: 'etcd itself ignores it' }));

export const foreignFlags: readonly ForeignFlag[] = [...accepted, ...refused, ...ignored];

/** Feature gates that are known: what may be said of them, and why nothing else. */
export const featureGates: Readonly<Record<string, { readonly only?: boolean; readonly why: string }>> = {
  InitialCorruptCheck: { why: '' },
  CompactHashCheck: { why: '' },
  StopGRPCServiceOnDefrag: { why: 'defragmentation stops nobody' },
  TxnModeWriteWithSharedBuffer: { why: 'it is of bbolt' },
  FastLeaseKeepAlive: { why: 'keep-alives go through the log' },
  PriorityRequest: { only: false, why: 'requests have no priorities' },
  LeaseCheckpoint: { only: false, why: 'a new leader gives every lease its full time' },
  LeaseCheckpointPersist: { only: false, why: 'a new leader gives every lease its full time' },
  SetMemberLocalAddr: { only: false, why: 'the system chooses the address that peers see' },
};

import type { Flag } from '../commands/flags.ts';
import type { ForeignFlag } from '../commands/foreign-flag.ts';

const named = (type: Flag['type'], names: string, why: string, only?: readonly string[]): ForeignFlag[] =>
  names.split(' ').map((name) => ({ name, type, why, ...(only && { only }) }));

const off = ['false'];
const empty = [''];

const accepted: readonly ForeignFlag[] = [
  ...named('duration', 'etcd-compaction-interval', 'history is compacted by itself'),
  ...named(
    'duration',
    'etcd-count-metric-poll-period etcd-db-metric-poll-interval',
    'metrics are as of when they are read',
  ),
  ...named('duration', 'etcd-healthcheck-timeout etcd-readycheck-timeout', 'a check that hangs fails after 5 s'),
  ...named('number', 'lease-reuse-duration-seconds', 'objects that end together share a lease as it is'),
  ...named('number', 'delete-collection-workers', 'objects are deleted one after the other'),
  ...named('boolean', 'watch-cache', 'lists and watches are always served from memory'),
  ...named('number', 'default-watch-cache-size', 'the latest 10,000 changes of each resource are kept'),
  ...named('list', 'watch-cache-sizes', 'the latest 10,000 changes of each resource are kept'),
  ...named('duration', 'storage-initialization-timeout', 'the server waits for its store as long as it takes'),
  ...named('duration', 'livez-grace-period', '/livez does not wait for what the server begins with'),
  ...named(
    'duration',
    'shutdown-watch-termination-grace-period',
    'watches are ended in order, and clients go on elsewhere',
  ),
  ...named('boolean', 'enable-aggregator-routing', 'extension API servers are always reached at their endpoints'),
  ...named('boolean', 'aggregator-reject-forwarding-redirect', 'redirects of extension API servers go to the client'),
  ...named('boolean', 'enable-garbage-collector', 'finalizers for the garbage collector are always kept'),
  ...named('number', 'apiserver-count', 'the servers count themselves'),
  ...named('boolean', 'profiling contention-profiling', 'that is of Go; use `node --inspect` or `--cpu-prof`'),
  ...named('list', 'tls-curve-preferences', 'the curves are those of Node.js'),
  ...named('boolean', 'permit-address-sharing', 'ports in TIME_WAIT are always used again'),
  ...named('number', 'max-connection-bytes-per-sec', 'bandwidth is not limited'),
  ...named('duration', 'log-flush-frequency', 'the log is not held back'),
  ...named('text', 'log-text-info-buffer-size log-json-info-buffer-size', 'the log is not held back'),
  ...named('boolean', 'log-text-split-stream log-json-split-stream', 'the log goes to one stream'),
  ...named('text', 'vmodule', '--log-level is for all parts'),
  ...named('text', 'show-hidden-metrics-for-version', 'there are no hidden metrics'),
  ...named('list', 'disabled-metrics allow-metric-labels', 'all metrics are always served'),
  ...named('text', 'allow-metric-labels-manifest', 'all metrics are always served'),
  ...named(
    'duration',
    'coordinated-leadership-lease-duration coordinated-leadership-renew-deadline coordinated-leadership-retry-period',
    'leaders are elected by their own leases',
  ),
  ...named('number', 'kubelet-read-only-port', 'kubelets are asked at the port that their nodes name'),
];

const refused: readonly ForeignFlag[] = [
  ...named('text', 'storage-backend', 'the store speaks etcd v3', ['', 'etcd3']),
  ...named('text', 'storage-media-type', 'objects are stored as JSON', ['application/json']),
  ...named('list', 'etcd-servers-overrides', 'all objects are in one store', empty),
  ...named('boolean', 'permit-port-sharing', 'two processes on one port would share its clients', off),
  ...named('boolean', 'disable-http2-serving', 'clients that want HTTP/1.1 get it', off),
  ...named('boolean', 'enable-logs-handler', 'files of the host are not served', off),
  ...named('text', 'egress-selector-config-file', 'connections are made directly', empty),
  ...named('text', 'tracing-config-file', 'there is no tracing', empty),
  ...named('text', 'debug-socket-path', 'profiles are of Go; use `node --inspect`', empty),
  ...named('text', 'logging-format', 'logs are JSON lines', ['json']),
  ...named('list', 'emulated-version min-compatibility-version', 'there is one version', empty),
  ...named(
    'boolean',
    'emulation-forward-compatible runtime-config-emulation-forward-compatible',
    'there is one version',
    off,
  ),
  ...named(
    'text',
    'peer-ca-file peer-advertise-ip peer-advertise-port',
    'every server serves all of the API itself',
    empty,
  ),
  ...named('text', 'endpoint-reconciler-type', 'the servers keep the endpoints by leases', ['', 'lease']),
  ...named('number', 'kubernetes-service-node-port', 'the service kubernetes is of type ClusterIP', ['0']),
  ...named(
    'text',
    'service-account-signing-endpoint',
    'tokens are signed with --service-account-signing-key-file',
    empty,
  ),
  ...named('text', 'authorization-policy-file', 'attribute-based rules are not read: use RBAC', empty),
];

const notYet = 'that is not there yet';
/** What has to come: said to be off, they are taken. */
const missing: readonly ForeignFlag[] = [
  ...named('list', 'cors-allowed-origins', notYet, empty),
  ...named('boolean', 'shutdown-send-retry-after', notYet, off),
  ...named('list', 'admission-control', 'use --enable-admission-plugins and --disable-admission-plugins', empty),
  ...named('boolean', 'allow-privileged', notYet),
];

export const foreignFlags: readonly ForeignFlag[] = [...accepted, ...refused, ...missing];

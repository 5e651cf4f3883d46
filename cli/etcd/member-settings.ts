import type { GrpcServerName } from '../../store/etcd/grpc-server-choice.ts';
import { isIP } from 'node:net';
import type { EtcdMemberOptions } from '../../store/etcd/member.ts';
import { CliError } from '../cli-error.ts';
import { readDuration } from '../commands/flags.ts';
import type { FlagValues } from '../commands/flags.ts';
import { readFeatureGates } from './feature-gates.ts';
import type { Settings } from './read-settings.ts';

/** `a=http://h:1,a=http://h:2,b=http://h:3` → a: two URLs, b: one */
export function parseInitialCluster(text: string): Record<string, string[]> {
  const members: Record<string, string[]> = {};
  for (const part of text.split(',').filter((p) => p !== '')) {
    const [name = '', url] = part.split('=');
    if (name === '' || url === undefined) throw new CliError(`--initial-cluster: "${part}" is not name=URL`);
    (members[name] ??= []).push(url);
  }
  return members;
}

const electionMsMax = 50_000;
/** as etcd: heartbeats are lost now and then, and one lost must not begin an election */
const heartbeatsInElection = 5;

function checkTimes(values: FlagValues): void {
  const [heartbeat, election] = [values.number('heartbeat-interval'), values.number('election-timeout')];
  if (heartbeat <= 0) throw new CliError(`--heartbeat-interval must be >0 (set to ${heartbeat}ms)`);
  if (election <= 0) throw new CliError(`--election-timeout must be >0 (set to ${election}ms)`);
  if (heartbeatsInElection * heartbeat > election) {
    throw new CliError(
      `--election-timeout[${election}ms] should be at least as 5 times as --heartbeat-interval[${heartbeat}ms]`,
    );
  }
  if (election > electionMsMax) {
    throw new CliError(`--election-timeout[${election}ms] is too long, and should be set less than ${electionMsMax}ms`);
  }
}

/** A listener needs an address of this machine, and a name may have several. */
function checkListened(flag: string, urls: readonly string[]): void {
  if (urls.length === 0) throw new CliError(`--${flag} names no URL`);
  for (const url of urls) {
    if (url.startsWith('unix:')) continue;
    const host = URL.canParse(url) && /^https?:/.test(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined;
    if (host === undefined) throw new CliError(`--${flag}: "${url}" is no URL such as http://127.0.0.1:2379`);
    if (host !== 'localhost' && isIP(host) === 0) {
      throw new CliError(`--${flag}: expected IP in URL for binding (${url})`);
    }
  }
}

type Compaction = EtcdMemberOptions['autoCompaction'];

/** etcd reads a retention without a unit as hours, or as a number of revisions. */
export function autoCompactionOf(mode: string, retention: string): Compaction {
  const invalid = (): CliError =>
    new CliError(`--auto-compaction-retention: "${retention}" is neither a number nor a duration such as 30m`);
  if (mode === 'revision') {
    if (!/^\d+$/.test(retention)) throw invalid();
    const revisions = Number(retention);
    return revisions === 0 ? undefined : { mode, revisions };
  }
  const hours = /^\d+$/.test(retention);
  let periodMs;
  try {
    periodMs = hours ? Number(retention) * 3_600_000 : readDuration('auto-compaction-retention', retention);
  } catch {
    throw invalid();
  }
  return periodMs === 0 ? undefined : { mode: 'periodic', periodMs };
}

function clusterFrom({ values, given }: Settings) {
  const name = values.text('name');
  const peerUrls = values.list('initial-advertise-peer-urls');
  const initialCluster = values.optional('initial-cluster');
  checkListened('listen-peer-urls', values.list('listen-peer-urls'));
  checkListened('listen-client-urls', values.list('listen-client-urls'));
  if (given.has('listen-client-urls') && !given.has('advertise-client-urls')) {
    throw new CliError('--advertise-client-urls is required when --listen-client-urls is set explicitly');
  }
  return {
    name,
    dataDir: values.optional('data-dir') ?? `${name}.etcd`,
    listenClientUrls: values.list('listen-client-urls'),
    advertiseClientUrls: values.list('advertise-client-urls'),
    listenPeerUrls: values.list('listen-peer-urls'),
    initialAdvertisePeerUrls: peerUrls,
    initialCluster: initialCluster === undefined ? { [name]: peerUrls } : parseInitialCluster(initialCluster),
    initialClusterState: values.text('initial-cluster-state') as 'new' | 'existing',
    initialClusterToken: values.text('initial-cluster-token'),
  };
}

/** All of a member's options but its certificates and its log. Throws a CliError where flags contradict each other. */
export function memberSettings(settings: Settings): Omit<EtcdMemberOptions, 'log' | 'clientTls' | 'peerTls'> {
  const { values } = settings;
  checkTimes(values);
  const gates = readFeatureGates(values.text('feature-gates'));
  return {
    ...clusterFrom(settings),
    heartbeatMs: values.number('heartbeat-interval'),
    electionMs: values.number('election-timeout'),
    snapshotCount: values.number('snapshot-count'),
    catchUpEntries: values.number('snapshot-catchup-entries'),
    enableGrpcGateway: values.boolean('enable-grpc-gateway'),
    listenMetricsUrls: values.list('listen-metrics-urls'),
    grpcServer: values.text('grpc-server') as GrpcServerName,
    quotaBackendBytes: values.number('quota-backend-bytes'),
    maxRequestBytes: values.number('max-request-bytes'),
    maxTxnOps: values.number('max-txn-ops'),
    connections: {
      maxConcurrentCalls: values.number('max-concurrent-streams'),
      keepAliveMs: values.number('grpc-keepalive-interval'),
      keepAliveAnswerMs: values.number('grpc-keepalive-timeout'),
    },
    watchProgressMs: values.number('watch-progress-notify-interval'),
    strictReconfigCheck: values.boolean('strict-reconfig-check'),
    maxLearners: values.number('max-learners'),
    forceNewCluster: values.boolean('force-new-cluster'),
    unsafeNoFsync: values.boolean('unsafe-no-fsync'),
    auth: {
      token: values.text('auth-token'),
      tokenTtlMs: values.number('auth-token-ttl') * 1000,
      bcryptCost: values.number('bcrypt-cost'),
      trustCommonName: values.boolean('client-cert-auth'),
    },
    autoCompaction: autoCompactionOf(values.text('auto-compaction-mode'), values.text('auto-compaction-retention')),
    corruptionCheck: {
      initial: gates.get('InitialCorruptCheck') ?? true,
      everyMs: values.number('corrupt-check-time'),
      afterCompactionEveryMs: (gates.get('CompactHashCheck') ?? true) ? values.number('compact-hash-check-time') : 0,
    },
    slowRequestMs: values.number('warning-unary-request-duration'),
    slowApplyMs: values.number('warning-apply-duration'),
    httpPolicy: { hosts: values.list('host-whitelist'), origins: values.list('cors') },
  };
}

import type { GrpcServerName } from './grpc-server-choice.ts';
import type { Log } from '../../base/log.ts';
import type { ConnectionLimits } from '../../grpc/server.ts';
import type { TlsSettings } from '../../grpc/tls.ts';
import type { TlsFiles } from '../../raft/runtime/types.ts';
import type { AuthOptions } from './auth/auth-options.ts';
import type { AutoCompaction } from './auto-compactor.ts';
import type { CorruptionCheckTimes } from './corruption/corruption-check.ts';
import type { HttpPolicy } from './http-policy.ts';
import { clusterIdOf, memberIdOf } from './identity.ts';
import type { MemberRecord } from './store-state.ts';

/** Flags of etcd, with etcd's defaults where a value may be left out. */
export interface EtcdMemberOptions {
  readonly name: string;
  readonly dataDir: string;
  readonly listenClientUrls: readonly string[];
  /** default: where it listens */
  readonly advertiseClientUrls?: readonly string[];
  readonly listenPeerUrls: readonly string[];
  readonly initialAdvertisePeerUrls: readonly string[];
  /** name → peer URLs */
  readonly initialCluster: Readonly<Record<string, readonly string[]>>;
  /** 'vacant': as 'existing', but `initialCluster` may name more members than there are: the peer URLs say which is ours */
  readonly initialClusterState?: 'new' | 'existing' | 'vacant';
  readonly initialClusterToken?: string;
  readonly heartbeatMs?: number;
  readonly electionMs?: number;
  readonly snapshotCount?: number;
  /** entries kept in the log for slow followers */
  readonly catchUpEntries?: number;
  /** 0: 2 GiB; negative: none */
  readonly quotaBackendBytes?: number;
  readonly maxRequestBytes?: number;
  readonly maxTxnOps?: number;
  readonly watchProgressMs?: number;
  /** refuses changes of the membership that would endanger the quorum; default true */
  readonly strictReconfigCheck?: boolean;
  readonly maxLearners?: number;
  /** a member counts as healthy once it has been connected for so long; default 5 s */
  readonly healthyAfterMs?: number;
  /** makes a cluster of this one member out of what it holds; see docs/recovery.md */
  readonly forceNewCluster?: boolean;
  /** a client certificate is required when `ca` is given */
  readonly clientTls?: TlsSettings;
  readonly peerTls?: TlsFiles;
  readonly auth?: AuthOptions;
  /** what carries the client port; default 'lean' */
  readonly grpcServer?: GrpcServerName;
  /** absent: history is kept until somebody compacts */
  readonly autoCompaction?: AutoCompaction | undefined;
  /** members compare their data; `initial`: with their peers before they serve anybody. Default: all of it */
  readonly corruptionCheck?: CorruptionCheckTimes & { readonly initial: boolean };
  /** bounds of a client's connection */
  readonly connections?: ConnectionLimits;
  /** a warning for requests, and for log entries, that take longer; 0: none */
  readonly slowRequestMs?: number;
  readonly slowApplyMs?: number;
  /** etcd's JSON gateway, POST /v3/…; default true */
  readonly enableGrpcGateway?: boolean;
  /** where /metrics and what tells of health is served besides; default nowhere */
  readonly listenMetricsUrls?: readonly string[];
  /** plain HTTP */
  readonly httpPolicy?: HttpPolicy;
  /** a log without fsync: a crash loses what was acknowledged */
  readonly unsafeNoFsync?: boolean;
  readonly log: Log;
}

export const memberDefaults = {
  initialClusterState: 'new',
  initialClusterToken: 'etcd-cluster',
  heartbeatMs: 100,
  electionMs: 1000,
  snapshotCount: 10_000,
  catchUpEntries: 5000,
  quotaBackendBytes: 2 * 1024 * 1024 * 1024,
  maxRequestBytes: 1.5 * 1024 * 1024,
  maxTxnOps: 128,
  watchProgressMs: 10 * 60 * 1000,
  maxLearners: 1,
  healthyAfterMs: 5000,
  corruptionCheck: { initial: true, everyMs: 60_000, afterCompactionEveryMs: 60_000 },
  httpPolicy: { hosts: [], origins: [] },
} as const;

export interface Bootstrap {
  readonly memberId: string;
  readonly clusterId: string;
  readonly members: ReadonlyMap<string, MemberRecord>;
}

/** The flags that say who is who. */
export type BootstrapOptions = Pick<
  EtcdMemberOptions,
  'name' | 'initialCluster' | 'initialClusterToken' | 'initialAdvertisePeerUrls'
>;

/** Who is who in a new cluster, as every member works it out by itself. Throws on flags that contradict each other. */
export function bootstrapOf(options: BootstrapOptions): Bootstrap {
  const { name, initialCluster, initialAdvertisePeerUrls } = options;
  const token = options.initialClusterToken ?? memberDefaults.initialClusterToken;
  const own = initialCluster[name];
  if (own === undefined) {
    const known = Object.keys(initialCluster).join(', ');
    throw new Error(`couldn't find local name "${name}" in the initial cluster configuration, which has: ${known}`);
  }
  const same = (urls: readonly string[]): string => [...urls].sort().join(',');
  if (same(own) !== same(initialAdvertisePeerUrls)) {
    throw new Error(
      `--initial-cluster has ${name}=${same(own)} but --initial-advertise-peer-urls is ${same(initialAdvertisePeerUrls)}: they must be the same`,
    );
  }
  const members = new Map<string, MemberRecord>();
  for (const [peer, peerUrls] of Object.entries(initialCluster)) {
    const id = memberIdOf(peerUrls, token);
    if (members.has(id)) throw new Error(`the initial cluster has two members with the peer URLs ${same(peerUrls)}`);
    members.set(id, { name: peer, peerUrls, clientUrls: [] });
  }
  return { memberId: memberIdOf(own, token), clusterId: clusterIdOf([...members.keys()]), members };
}

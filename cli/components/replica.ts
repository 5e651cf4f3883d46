import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApiServer, type ApiServerOptions } from '../../apiserver/server.ts';
import type { Log } from '../../base/log.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import type { KubeClient } from '../../client/types.ts';
import { tlsFromFiles } from '../../grpc/tls-files.ts';
import { startControllerManager } from '../../controllers/manager/controller-manager.ts';
import { startScheduler } from '../../controllers/scheduler/scheduler.ts';
import { grpcServerFrom } from '../../store/etcd/grpc-server-choice.ts';
import { startEtcdMember } from '../../store/etcd/member.ts';
import type { EtcdMember } from '../../store/etcd/member.ts';
import type { Layout, ReplicaPlace } from '../cluster/layout.ts';
import { memberPlatformWithFaults } from '../faults/fault-server.ts';
import { replicaRoles } from '../membership/replica-roles.ts';
import { readPair } from '../pki/cluster-pki.ts';
import { newIdentity } from './controllers.ts';
import type { Part } from './process-life.ts';

/** The replica asks first: itself, then the others. */
const ownFirst = (layout: Layout, replica: ReplicaPlace): ReplicaPlace[] => [
  replica,
  ...layout.replicas.filter((other) => other.name !== replica.name),
];

async function startMember(layout: Layout, replica: ReplicaPlace, log: Log): Promise<EtcdMember> {
  const { timeouts, name, store } = layout.config;
  const file = (of: string): string => join(layout.pkiDir, of);
  // renewed by `kuorum up`, and read again when they are
  const tls = await tlsFromFiles(
    { cert: file(`${replica.name}-etcd.crt`), key: file(`${replica.name}-etcd.key`), ca: file('etcd-ca.crt') },
    log.child({ part: 'store' }),
  );
  const platform = await memberPlatformWithFaults(() => replica.dir, log);
  const options = {
    name: replica.name,
    dataDir: replica.dir,
    listenClientUrls: [replica.clientUrl],
    advertiseClientUrls: [replica.clientUrl],
    listenPeerUrls: [replica.peerUrl],
    initialAdvertisePeerUrls: [replica.peerUrl],
    initialCluster: Object.fromEntries(layout.replicas.map((r) => [r.name, [r.peerUrl]])),
    initialClusterState: replicaRoles(layout)[replica.name] === 'joins' ? ('vacant' as const) : ('new' as const),
    initialClusterToken: name,
    heartbeatMs: timeouts.heartbeat,
    electionMs: timeouts.election,
    snapshotCount: store.snapshotCount,
    catchUpEntries: store.catchUpEntries,
    grpcServer: grpcServerFrom(process.env),
    clientTls: tls,
    peerTls: tls,
    // off until somebody turns it on: the API server is then known by its certificate
    auth: { trustCommonName: true },
    log: log.child({ part: 'store' }),
  };
  return await startEtcdMember(options, platform);
}

/** A Lease is renewed at two thirds of its life and tried for at a fifth, about as client-go's 15 s / 10 s / 2 s. */
function electionTimes(leaseMs: number): { leaseDurationMs: number; renewDeadlineMs: number; retryPeriodMs: number } {
  return {
    leaseDurationMs: leaseMs,
    renewDeadlineMs: Math.round((leaseMs * 2) / 3),
    retryPeriodMs: Math.round(leaseMs / 5),
  };
}

function startControllers(layout: Layout, replica: ReplicaPlace, log: Log): Part[] {
  const ca = readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8');
  const { timeouts } = layout.config;
  const election = { identity: newIdentity(replica.name), ...electionTimes(timeouts.lease) };
  const clientOf = (user: string): KubeClient =>
    createKubeClient({
      servers: ownFirst(layout, replica).map((r) => r.apiUrl),
      ca,
      ...readPair(layout.pkiDir, user),
      userAgent: `kuorum-${user}/${replica.name}`,
    });
  const managerClient = clientOf('controller-manager');
  const schedulerClient = clientOf('scheduler');
  const manager = startControllerManager({
    client: managerClient,
    ...election,
    settings: {
      rootCa: ca,
      clusterSigning: readPair(layout.pkiDir, 'ca'),
      serviceAccountKey: readFileSync(join(layout.pkiDir, 'sa.key'), 'utf8'),
      nodeMonitorGraceMs: timeouts.nodeGracePeriod,
      nodeMonitorPeriodMs: Math.min(5000, Math.ceil(timeouts.nodeGracePeriod / 4)),
    },
    log: log.child({ part: 'controllers' }),
  });
  const scheduler = startScheduler({ client: schedulerClient, ...election, log: log.child({ part: 'scheduler' }) });
  return [
    { name: 'client of the controllers', stop: () => managerClient.close() },
    { name: 'client of the scheduler', stop: () => schedulerClient.close() },
    { name: 'controllers', stop: () => manager.stop() },
    { name: 'scheduler', stop: () => scheduler.stop() },
  ];
}

/** undefined: the cluster is of a time before there was one, and gets one when it is brought up again. */
function frontProxyOf(layout: Layout): Pick<ApiServerOptions, 'requestHeader' | 'proxyClient'> {
  const path = join(layout.pkiDir, 'front-proxy-ca.crt');
  if (!existsSync(path)) return {};
  return {
    proxyClient: readPair(layout.pkiDir, 'front-proxy-client'),
    requestHeader: {
      clientCa: readFileSync(path, 'utf8'),
      allowedNames: ['front-proxy-client'],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
    },
  };
}

/** undefined: the cluster is of a time before kubelets had a port. */
function kubeletClientOf(layout: Layout): Pick<ApiServerOptions, 'kubeletClient'> {
  if (!existsSync(join(layout.pkiDir, 'apiserver-kubelet-client.crt'))) return {};
  return {
    kubeletClient: {
      ...readPair(layout.pkiDir, 'apiserver-kubelet-client'),
      ca: readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8'),
      preferredAddressTypes: ['InternalIP', 'ExternalIP', 'Hostname'],
    },
  };
}

/** A whole replica in this process: store member, API server, controllers, scheduler; they talk over loopback. */
export async function startReplica(layout: Layout, replica: ReplicaPlace, log: Log): Promise<Part[]> {
  const starting = startMember(layout, replica, log);
  const etcdTls = {
    ...readPair(layout.pkiDir, 'apiserver-etcd-client'),
    ca: readFileSync(join(layout.pkiDir, 'etcd-ca.crt'), 'utf8'),
  };
  const member = await starting;
  const server = await startApiServer({
    etcdServers: ownFirst(layout, replica).map((r) => r.clientUrl),
    etcdTls,
    securePort: replica.apiPort,
    tls: readPair(layout.pkiDir, 'apiserver'),
    clientCa: readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8'),
    ...frontProxyOf(layout),
    ...kubeletClientOf(layout),
    serviceClusterIpRange: layout.config.network.serviceCidr,
    serviceAccounts: { signingKey: readFileSync(join(layout.pkiDir, 'sa.key'), 'utf8'), extends: true },
    log: log.child({ part: 'apiserver' }),
  });
  return [
    { name: 'store member', stop: () => member.stop(), failed: member.failed },
    { name: 'API server', stop: () => server.stop(1000) },
    ...startControllers(layout, replica, log),
  ];
}

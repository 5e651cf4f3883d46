import { readFileSync } from 'node:fs';
import { createLog } from '../../base/log.ts';
import { etcdVersion, startEtcdMember } from '../../store/etcd/member.ts';
import type { EtcdMemberOptions } from '../../store/etcd/member.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { memberPlatformWithFaults } from '../faults/fault-server.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';

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

export function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`--${flag}: ${messageOf(error)}`);
  }
}

type Tls = { cert: string; key: string; ca?: string };

/** The certificate flags of one port, `prefix` '' for clients and 'peer-' for peers. */
function tlsFrom(values: FlagValues, prefix: '' | 'peer-', urls: readonly string[]): Tls | undefined {
  const certFile = values.optional(`${prefix}cert-file`);
  const keyFile = values.optional(`${prefix}key-file`);
  const caFile = values.optional(`${prefix}trusted-ca-file`);
  if (certFile === undefined || keyFile === undefined) {
    const needs = urls.find((url) => url.startsWith('https:'));
    if (needs !== undefined) throw new CliError(`${needs} needs --${prefix}cert-file and --${prefix}key-file`);
    return undefined;
  }
  const verify = values.boolean(`${prefix}client-cert-auth`) || prefix === 'peer-';
  if (verify && caFile === undefined) {
    throw new CliError(`--${prefix}client-cert-auth needs --${prefix}trusted-ca-file`);
  }
  return {
    cert: readPem(`${prefix}cert-file`, certFile),
    key: readPem(`${prefix}key-file`, keyFile),
    ca: verify && caFile !== undefined ? readPem(`${prefix}trusted-ca-file`, caFile) : undefined,
  };
}

function optionsFrom(values: FlagValues): Omit<EtcdMemberOptions, 'log'> {
  const name = values.text('name');
  const peerUrls = values.list('initial-advertise-peer-urls');
  const initialCluster = values.optional('initial-cluster');
  const state = values.text('initial-cluster-state');
  if (state !== 'new' && state !== 'existing') {
    throw new CliError(`--initial-cluster-state must be new or existing, not "${state}"`);
  }
  const peerTls = tlsFrom(values, 'peer-', values.list('listen-peer-urls'));
  return {
    name,
    dataDir: values.optional('data-dir') ?? `${name}.etcd`,
    listenClientUrls: values.list('listen-client-urls'),
    advertiseClientUrls: values.list('advertise-client-urls'),
    listenPeerUrls: values.list('listen-peer-urls'),
    initialAdvertisePeerUrls: peerUrls,
    initialCluster: initialCluster === undefined ? { [name]: peerUrls } : parseInitialCluster(initialCluster),
    initialClusterState: state,
    initialClusterToken: values.text('initial-cluster-token'),
    heartbeatMs: values.number('heartbeat-interval'),
    electionMs: values.number('election-timeout'),
    snapshotCount: values.number('snapshot-count'),
    grpcServer: grpcServerOf(values.text('grpc-server')),
    quotaBackendBytes: values.number('quota-backend-bytes'),
    maxRequestBytes: values.number('max-request-bytes'),
    maxTxnOps: values.number('max-txn-ops'),
    strictReconfigCheck: values.boolean('strict-reconfig-check'),
    maxLearners: values.number('max-learners'),
    forceNewCluster: values.boolean('force-new-cluster'),
    clientTls: tlsFrom(values, '', values.list('listen-client-urls')),
    peerTls: peerTls && { ...peerTls, ca: peerTls.ca ?? '' },
  };
}

function grpcServerOf(text: string): 'lean' | 'grpc-js' {
  if (text === 'lean' || text === 'grpc-js') return text;
  throw new CliError(`--grpc-server must be lean or grpc-js, not "${text}"`);
}

/** `kuorum etcd`: a member of the store, alone in its process. */
export async function runEtcd(values: FlagValues): Promise<void> {
  if (values.boolean('version')) {
    process.stdout.write(`etcd Version: ${etcdVersion}\nKuorum store\n`);
    return;
  }
  const log = createLog('etcd', values.text('log-level'));
  dieLoudly(log);
  const options = optionsFrom(values);
  const platform = await memberPlatformWithFaults(() => options.dataDir, log);
  const member = await startEtcdMember({ ...options, log }, platform).catch((error: unknown) => {
    throw new CliError(messageOf(error), 1, { cause: error });
  });
  log.info({ name: values.text('name'), clientUrls: member.clientUrls }, 'ready to serve client requests');
  await liveUntilSignal([{ name: 'store member', stop: () => member.stop(), failed: member.failed }], log);
}

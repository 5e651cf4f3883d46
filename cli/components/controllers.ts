import { hostname } from 'node:os';
import { createLog } from '../../base/log.ts';
import { randomId64 } from '../../base/random.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { KubeconfigError, loadKubeconfig } from '../../client/kubeconfig.ts';
import type { KubeClient } from '../../client/types.ts';
import { startControllerManager } from '../../controllers/manager/controller-manager.ts';
import { startScheduler } from '../../controllers/scheduler/scheduler.ts';
import { CliError } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { readPem } from './read-pem.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';

/** The client that `--kubeconfig` describes. */
export function clientFrom(values: FlagValues, userAgent: string): KubeClient {
  try {
    return createKubeClient({ ...loadKubeconfig(values.text('kubeconfig')), userAgent });
  } catch (error) {
    if (error instanceof KubeconfigError) throw new CliError(error.message);
    throw error;
  }
}

/** Unique among replicas and over restarts, as client-go's `hostname_uuid`. */
export const newIdentity = (name: string = hostname()): string => `${name}_${randomId64().toString(16)}`;

function electionFrom(values: FlagValues) {
  return {
    identity: newIdentity(),
    leaderElect: values.boolean('leader-elect'),
    leaseDurationMs: values.number('leader-elect-lease-duration'),
    renewDeadlineMs: values.number('leader-elect-renew-deadline'),
    retryPeriodMs: values.number('leader-elect-retry-period'),
  };
}

function pemOf(values: FlagValues, flag: string): string | undefined {
  const path = values.optional(flag);
  return path === undefined ? undefined : readPem(flag, path);
}

function signingPair(values: FlagValues): { cert: string; key: string } | undefined {
  const cert = pemOf(values, 'cluster-signing-cert-file');
  const key = pemOf(values, 'cluster-signing-key-file');
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw new CliError('--cluster-signing-cert-file and --cluster-signing-key-file belong together');
}

/** `kuorum controller-manager` */
export async function runControllerManager(values: FlagValues): Promise<void> {
  const log = createLog('controller-manager', values.text('log-level'));
  dieLoudly(log);
  const client = clientFrom(values, 'kuorum-controller-manager');
  const manager = startControllerManager({
    client,
    ...electionFrom(values),
    controllers: values.list('controllers'),
    settings: {
      rootCa: pemOf(values, 'root-ca-file'),
      serviceAccountKey: pemOf(values, 'service-account-private-key-file'),
      clusterSigning: signingPair(values),
      clusterSigningSeconds: values.number('cluster-signing-duration') / 1000,
      nodeMonitorGraceMs: values.number('node-monitor-grace-period'),
      nodeMonitorPeriodMs: values.number('node-monitor-period'),
    },
    log,
  });
  const parts = [
    { name: 'client', stop: () => client.close() },
    { name: 'controllers', stop: () => manager.stop() },
  ];
  await liveUntilSignal(parts, log);
}

/** `kuorum scheduler` */
export async function runScheduler(values: FlagValues): Promise<void> {
  const log = createLog('scheduler', values.text('log-level'));
  dieLoudly(log);
  const client = clientFrom(values, 'kuorum-scheduler');
  const scheduler = startScheduler({
    client,
    ...electionFrom(values),
    schedulerName: values.text('scheduler-name'),
    log,
  });
  const parts = [
    { name: 'client', stop: () => client.close() },
    { name: 'scheduler', stop: () => scheduler.stop() },
  ];
  await liveUntilSignal(parts, log);
}

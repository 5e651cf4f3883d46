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

/** `kuorum controller-manager` */
export async function runControllerManager(values: FlagValues): Promise<void> {
  const log = createLog('controller-manager', values.text('log-level'));
  dieLoudly(log);
  const client = clientFrom(values, 'kuorum-controller-manager');
  const rootCaFile = values.optional('root-ca-file');
  const manager = startControllerManager({
    client,
    ...electionFrom(values),
    controllers: values.list('controllers'),
    settings: {
      rootCa: rootCaFile === undefined ? undefined : readPem('root-ca-file', rootCaFile),
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

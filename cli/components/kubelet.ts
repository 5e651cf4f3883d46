import { hostname } from 'node:os';
import { createLog } from '../../base/log.ts';
import { startKubelet } from '../../node/kubelet/kubelet.ts';
import type { KubeletOptions } from '../../node/kubelet/kubelet.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { clientFrom } from './controllers.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';

/** `embedded`, or a socket with or without its scheme. */
export function runtimeEndpoint(text: string): KubeletOptions['runtimeEndpoint'] {
  if (text === 'embedded') return text;
  if (text.startsWith('unix:///')) return text as `unix://${string}`;
  if (text.startsWith('/')) return `unix://${text}`;
  throw new CliError(`--container-runtime-endpoint must be embedded or unix:///path, not "${text}"`);
}

function labelsFrom(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((item) => {
      const [key = '', value] = item.split('=');
      if (value === undefined) throw new CliError(`--node-labels: "${item}" is not key=value`);
      return [key, value];
    }),
  );
}

/** `kuorum kubelet` */
export async function runKubelet(values: FlagValues): Promise<void> {
  const log = createLog('kubelet', values.text('log-level'));
  dieLoudly(log);
  const client = clientFrom(values, 'kuorum-kubelet');
  const kubelet = await startKubelet({
    client,
    nodeName: (values.optional('hostname-override') ?? hostname()).toLowerCase(),
    nodeIp: values.text('node-ip'),
    labels: labelsFrom(values.list('node-labels')),
    runtimeEndpoint: runtimeEndpoint(values.text('container-runtime-endpoint')),
    dataDir: values.text('root-dir'),
    podCidr: values.optional('pod-cidr'),
    statusUpdateMs: values.number('node-status-update-frequency'),
    log,
  }).catch((error: unknown) => {
    throw new CliError(messageOf(error), 1, { cause: error });
  });
  const parts = [
    { name: 'client', stop: () => client.close() },
    { name: 'kubelet', stop: () => kubelet.stop() },
  ];
  await liveUntilSignal(parts, log);
}

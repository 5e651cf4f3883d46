import { hostname } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../base/log.ts';
import { startKubelet } from '../../node/kubelet/kubelet.ts';
import type { KubeletOptions } from '../../node/kubelet/kubelet.ts';
import type { KubeletServerSettings } from '../../node/kubelet/server/kubelet-server.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { clientFrom } from './controllers.ts';
import { readPem } from './read-pem.ts';
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

const selfSignedYears = 1;

async function serverFrom(values: FlagValues, nodeName: string): Promise<KubeletServerSettings> {
  const [cert, key] = [values.optional('tls-cert-file'), values.optional('tls-private-key-file')];
  if ((cert === undefined) !== (key === undefined)) {
    throw new CliError('--tls-cert-file and --tls-private-key-file go together');
  }
  const hosts = [nodeName, values.text('node-ip'), values.text('address')];
  const own = async (): Promise<{ cert: string; key: string }> => {
    const { selfSigned } = await import('../etcd/self-signed.ts');
    return selfSigned(join(values.text('root-dir'), 'pki'), hosts, selfSignedYears);
  };
  const files = cert !== undefined && key !== undefined ? { cert, key } : await own();
  const clientCa = values.optional('client-ca-file');
  return {
    address: values.text('address'),
    port: values.number('port'),
    cert: readPem('tls-cert-file', files.cert),
    key: readPem('tls-private-key-file', files.key),
    ...(clientCa !== undefined && { clientCa: readPem('client-ca-file', clientCa) }),
  };
}

/** `kuorum kubelet` */
export async function runKubelet(values: FlagValues): Promise<void> {
  const log = createLog('kubelet', values.text('log-level'));
  dieLoudly(log);
  const client = clientFrom(values, 'kuorum-kubelet');
  const nodeName = (values.optional('hostname-override') ?? hostname()).toLowerCase();
  const kubelet = await startKubelet({
    client,
    nodeName,
    server: await serverFrom(values, nodeName),
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

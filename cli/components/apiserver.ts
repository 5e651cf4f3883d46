import { createLog } from '../../base/log.ts';
import { startApiServer } from '../../apiserver/server.ts';
import { apiserverHelp } from '../apiserver/help.ts';
import { readApiserverFlags } from '../apiserver/read-flags.ts';
import { serverSettings } from '../apiserver/server-settings.ts';
import { servingTlsFrom } from '../apiserver/serving-settings.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { version } from '../version.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';

const debugVerbosity = 4;

function levelFrom(values: FlagValues): string {
  return values.number('v') >= debugVerbosity ? 'debug' : values.text('log-level');
}

/** `kuorum apiserver`: the Kubernetes API alone in its process, over our store or a real etcd. `args` stand behind `apiserver`. */
export async function runApiserver(args: readonly string[]): Promise<void> {
  const settings = readApiserverFlags(args);
  if (settings.asks === 'help') process.stdout.write(apiserverHelp());
  if (settings.asks === 'version') process.stdout.write(`kuorum ${version}\n`);
  if (settings.asks !== 'run') return;
  const log = createLog('apiserver', levelFrom(settings.values));
  dieLoudly(log);
  for (const { level, fields, text } of settings.notices) log[level](fields, text);
  const options = { ...serverSettings(settings, log), tls: await servingTlsFrom(settings.values), log };
  const server = await startApiServer(options).catch((error: unknown) => {
    if (error instanceof CliError) throw error;
    throw new CliError(messageOf(error), 1, { cause: error });
  });
  log.info({ port: server.port }, 'serving');
  await liveUntilSignal([{ name: 'API server', stop: () => server.stop() }], log, options.shutdownDelayMs);
}

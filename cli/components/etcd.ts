import { createLog } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import { etcdVersion, startEtcdMember } from '../../store/etcd/member.ts';
import type { EtcdMemberOptions } from '../../store/etcd/member.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { etcdHelp } from '../etcd/help.ts';
import { memberSettings } from '../etcd/member-settings.ts';
import { readSettings } from '../etcd/read-settings.ts';
import type { Settings } from '../etcd/read-settings.ts';
import { tlsFrom } from '../etcd/tls-settings.ts';
import { placeLog } from '../etcd/wal-dir.ts';
import { memberPlatformWithFaults } from '../faults/fault-server.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';

/** levels of etcd's that are one here */
const logLevels: Readonly<Record<string, string>> = { dpanic: 'fatal', panic: 'fatal' };

function logFrom(values: FlagValues): Log {
  const outputs = values.list('log-outputs');
  if (outputs.length > 1 && outputs.includes('default')) {
    throw new CliError('--log-outputs: default cannot be combined with others');
  }
  const level = values.text('log-level');
  return createLog('etcd', logLevels[level] ?? level, outputs);
}

async function optionsFrom(settings: Settings, log: Log): Promise<EtcdMemberOptions> {
  const { values } = settings;
  const options = memberSettings(settings);
  const { dataDir, listenClientUrls, listenPeerUrls } = options;
  const walDir = values.optional('wal-dir');
  if (walDir !== undefined) placeLog(dataDir, walDir);
  const clientTls = await tlsFrom(
    values,
    { prefix: '', urls: listenClientUrls, dataDir },
    log.child({ port: 'client' }),
  );
  const peerTls = await tlsFrom(
    values,
    { prefix: 'peer-', urls: listenPeerUrls, dataDir },
    log.child({ port: 'peer' }),
  );
  return { ...options, ...(clientTls && { clientTls }), ...(peerTls && { peerTls }), log };
}

/** `kuorum etcd`: a member of the store, alone in its process. `args` is what stands behind `etcd`. */
export async function runEtcd(args: readonly string[]): Promise<void> {
  const settings = readSettings(args, process.env);
  if (settings.asks === 'help') process.stdout.write(etcdHelp());
  if (settings.asks === 'version') process.stdout.write(`etcd Version: ${etcdVersion}\nKuorum store\n`);
  if (settings.asks !== 'run') return;
  const log = logFrom(settings.values);
  dieLoudly(log);
  for (const { level, fields, text } of settings.notices) log[level](fields, text);
  const options = await optionsFrom(settings, log);
  const platform = await memberPlatformWithFaults(() => options.dataDir, log);
  const member = await startEtcdMember(options, platform).catch((error: unknown) => {
    throw new CliError(messageOf(error), 1, { cause: error });
  });
  log.info({ name: options.name, clientUrls: member.clientUrls }, 'ready to serve client requests');
  await liveUntilSignal([{ name: 'store member', stop: () => member.stop(), failed: member.failed }], log);
}

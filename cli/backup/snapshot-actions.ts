import { existsSync } from 'node:fs';
import { BackupFile } from '../../store/etcd/backup-file.ts';
import { bootstrapOf } from '../../store/etcd/member-options.ts';
import { restoreBackup } from '../../store/etcd/restore.ts';
import { CliError, messageOf } from '../cli-error.ts';
import { parseInitialCluster } from '../etcd/member-settings.ts';
import { saveSnapshot } from './save-snapshot.ts';
import { statusText } from './status-text.ts';
import type { StoreAddress } from './store-connection.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export interface RestoreFlags {
  readonly name: string;
  readonly dataDir?: string;
  readonly initialCluster?: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: string;
  readonly skipHashCheck?: boolean;
  readonly bumpRevision: number;
  readonly markCompacted?: boolean;
}

export async function save(file: string, address: StoreAddress): Promise<void> {
  const { version } = await saveSnapshot({ address, file, signal: new AbortController().signal });
  say(`Snapshot saved at ${file}`);
  if (version !== '') say(`Server version ${version}`);
}

/** A backup's errors say all that there is to say. */
export async function inWords<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(messageOf(error), 1, { cause: error });
  }
}

export async function status(file: string, format: string): Promise<void> {
  await inWords(async () => {
    // a copy of a data directory's file has no hash, and can be looked at
    const backup = await BackupFile.open(file, { needsHash: false });
    try {
      const text = statusText(backup.status(), format);
      if (text === undefined) throw new CliError(`--write-out must be simple, table or json, not "${format}"`);
      say(text);
    } finally {
      backup.close();
    }
  });
}

export async function restore(file: string, flags: RestoreFlags): Promise<void> {
  const { name, initialClusterToken, bumpRevision, markCompacted = false, skipHashCheck = false } = flags;
  if (bumpRevision > 0 !== markCompacted) {
    throw new CliError(
      '--bump-revision and --mark-compacted belong together: what clients saw beyond the backup is gone',
    );
  }
  if (!existsSync(file)) throw new CliError(`${file}: no such file`);
  const dataDir = flags.dataDir ?? `${name}.etcd`;
  const initialCluster = parseInitialCluster(flags.initialCluster ?? `${name}=http://localhost:2380`);
  const initialAdvertisePeerUrls = flags.initialAdvertisePeerUrls.split(',');
  await inWords(async () => {
    const bootstrap = bootstrapOf({ name, initialCluster, initialClusterToken, initialAdvertisePeerUrls });
    const restored = await restoreBackup({ file, dataDir, bootstrap, skipHashCheck, bumpRevision });
    const { memberId, clusterId, revision, records, leases } = restored;
    say(`restored ${file} into ${dataDir}: revision ${revision}, ${records} records, ${leases} leases`);
    say(`member ${memberId} of the new cluster ${clusterId}`);
  });
}

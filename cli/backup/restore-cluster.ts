import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { bootstrapOf } from '../../store/etcd/member-options.ts';
import { restoreBackup } from '../../store/etcd/restore.ts';
import type { Restored } from '../../store/etcd/restore.ts';
import { CliError } from '../cli-error.ts';
import { componentsOf } from '../cluster/layout.ts';
import type { Layout } from '../cluster/layout.ts';
import { stateOf } from '../cluster/processes.ts';
import { findState, saveState } from '../cluster/state.ts';
import { loadClusterConfig } from '../config/cluster-config.ts';
import { setAside } from '../membership/join-replica.ts';
import { setReplicaRole } from '../membership/replica-roles.ts';
import { inWords } from './snapshot-actions.ts';

export interface RestoreClusterOptions {
  readonly file?: string;
  readonly dataDir?: string;
  readonly skipHashCheck?: boolean;
  readonly bumpRevision: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const unchanged = 'Nothing was changed';

/** The cluster that is there, or the one that cluster.yaml describes where its folder is lost. */
function clusterToRestore({ file, dataDir }: RestoreClusterOptions): Layout {
  const fromFile = loadClusterConfig(file);
  const folder = dataDir === undefined ? fromFile.dataDir : resolve(dataDir);
  return findState(folder) ?? saveState({ ...fromFile, dataDir: folder });
}

function refuseRunning(layout: Layout): void {
  const running = componentsOf(layout).filter((component) => stateOf(layout, component).pid !== undefined);
  if (running.length === 0) return;
  throw new CliError(
    `${unchanged}: ${running.join(', ')} must not run meanwhile; stop the cluster first with \`kuorum down\``,
  );
}

/** Each replica's store beside the one that is there; nothing is replaced before all are made. */
async function makeStores(layout: Layout, backup: string, options: RestoreClusterOptions): Promise<Restored[]> {
  const salt = randomBytes(16).toString('hex');
  const initialCluster = Object.fromEntries(layout.replicas.map(({ name, peerUrl }) => [name, [peerUrl]]));
  const made: Restored[] = [];
  for (const { name, peerUrl } of layout.replicas) {
    const bootstrap = bootstrapOf({
      name,
      initialCluster,
      initialAdvertisePeerUrls: [peerUrl],
      initialClusterToken: layout.config.name,
    });
    const { bumpRevision, skipHashCheck = false } = options;
    const dataDir = newDirOf(layout, name);
    made.push(await restoreBackup({ file: backup, dataDir, bootstrap, skipHashCheck, bumpRevision, salt }));
  }
  return made;
}

const newDirOf = (layout: Layout, name: string): string => `${layout.dataDir}/${name}.restored`;

/**
 * Puts a backup in the place of a whole cluster's store. Certificates and configuration stay, so kubeconfigs and service
 * account tokens stay good; what the replicas held is moved aside.
 */
export async function restoreCluster(backup: string, options: RestoreClusterOptions): Promise<void> {
  if (!existsSync(backup)) throw new CliError(`${backup}: no such file`);
  const layout = clusterToRestore(options);
  refuseRunning(layout);
  const removeNew = (): void => {
    for (const { name } of layout.replicas) rmSync(newDirOf(layout, name), { recursive: true, force: true });
  };
  removeNew();
  const made = await inWords(() => makeStores(layout, backup, options)).catch((error: unknown) => {
    removeNew();
    throw error instanceof CliError ? new CliError(`${unchanged}: ${error.message}`, 1, { cause: error }) : error;
  });
  for (const { name, dir } of layout.replicas) {
    const aside = setAside(dir, 'before-restore');
    if (aside !== undefined) say(`moved ${dir} to ${aside}`);
    renameSync(newDirOf(layout, name), dir);
    setReplicaRole(layout, name, undefined);
  }
  const [{ revision, records, leases }] = made as [Restored];
  say(
    `restored ${backup} into ${layout.replicas.length} replicas: revision ${revision}, ${records} records, ${leases} leases`,
  );
  say('`kuorum up` starts the cluster from there.');
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { parseClusterConfig } from '../config/cluster-config.ts';
import type { ClusterConfig } from '../config/config-schema.ts';
import { layoutOf } from './layout.ts';
import type { Layout } from './layout.ts';

/** What `kuorum up` keeps of the configuration it started, for every other command: <data-dir>/cluster.json. */
const formatVersion = 1;

interface StateFile {
  readonly formatVersion: number;
  readonly config: ClusterConfig;
}

export function writeAtomically(path: string, content: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}

export function saveState(config: ClusterConfig): Layout {
  const layout = layoutOf(config);
  writeAtomically(layout.stateFile, `${JSON.stringify({ formatVersion, config } satisfies StateFile, null, 2)}\n`);
  return layout;
}

/** undefined where the folder holds no cluster */
export function findState(dataDir: string): Layout | undefined {
  const path = join(dataDir, 'cluster.json');
  if (!existsSync(path)) return undefined;
  let state: StateFile;
  try {
    state = JSON.parse(readFileSync(path, 'utf8')) as StateFile;
  } catch (error) {
    throw new CliError(`${path} is damaged (${(error as Error).message}); restore it, or run \`kuorum reset\``);
  }
  if (state.formatVersion !== formatVersion) {
    throw new CliError(
      `${path} was written by a newer kuorum (format ${state.formatVersion}, this one reads ${formatVersion})`,
    );
  }
  // the folder may have been moved: where it is now counts
  // a cluster made before a key was known goes on with its default
  return layoutOf({ ...parseClusterConfig('', path), ...state.config, dataDir });
}

export function loadState(dataDir: string): Layout {
  const layout = findState(dataDir);
  if (layout === undefined) {
    throw new CliError(`no cluster in ${dataDir}; start one with \`kuorum up\`, or name its folder with --data-dir`);
  }
  return layout;
}

/** Refuses a configuration that does not fit the data that is there. */
export function checkSameCluster(existing: Layout, wanted: ClusterConfig): void {
  const fixed: readonly [string, unknown, unknown][] = [
    ['name', existing.config.name, wanted.name],
    ['replicas', existing.config.replicas, wanted.replicas],
    ['port', existing.config.port, wanted.port],
    ['network.serviceCidr', existing.config.network.serviceCidr, wanted.network.serviceCidr],
  ];
  for (const [key, is, wants] of fixed) {
    if (is === wants) continue;
    throw new CliError(
      `${existing.dataDir} holds another cluster: its ${key} is ${String(is)}, not ${String(wants)}. ` +
        'Name another folder with --data-dir, or delete this cluster with `kuorum reset`',
    );
  }
}

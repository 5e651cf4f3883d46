import { resolve } from 'node:path';
import { loadClusterConfig } from '../config/cluster-config.ts';

/** `--data-dir`, else the one that cluster.yaml names. */
export function dataDirOf(options: { dataDir?: string }): string {
  return options.dataDir === undefined ? loadClusterConfig(undefined).dataDir : resolve(options.dataDir);
}

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { version } from '../../base/version.ts';
import { DiskError } from '../../raft/runtime/disk-error.ts';
import { walFormatVersion } from '../../raft/runtime/wal/record.ts';

/**
 * What wrote a data directory last, in `<data dir>/version.json`:
 *
 *     {"kuorum": "0.1.0", "format": {"log": 1, "store": 2}}
 *
 * A directory without it is of the first version. `store` counts what is in the store's records and in the commands of the
 * log, and is raised when an older program would not understand, or silently leave out, what a newer one writes:
 *
 *     1   0.1.0
 *     2   users and roles
 */
export interface DataVersion {
  readonly kuorum: string;
  readonly format: { readonly log: number; readonly store: number };
}

export const storeFormatVersion = 2;
const current: DataVersion = { kuorum: version, format: { log: walFormatVersion, store: storeFormatVersion } };
const firstVersion: DataVersion = { kuorum: '0.1.0', format: { log: 1, store: 1 } };

export const dataVersionFile = (dataDir: string): string => join(dataDir, 'version.json');

/** A newer program has written the directory, or its version cannot be told. */
export class DataVersionError extends Error {
  override name = 'DataVersionError';
}

function parse(file: string, text: string): DataVersion {
  let found: Partial<DataVersion> | null = null;
  try {
    found = JSON.parse(text) as Partial<DataVersion> | null;
  } catch {
    // told below
  }
  const { log, store } = found?.format ?? {};
  if (typeof found?.kuorum === 'string' && Number.isInteger(log) && Number.isInteger(store))
    return found as DataVersion;
  throw new DataVersionError(
    `${file} does not say what version wrote this directory: restore it from a copy; where only it is damaged, and no newer ` +
      'program ever ran here, delete it',
  );
}

const formats = ({ log, store }: DataVersion['format']): string => `format ${log} of the log and ${store} of the store`;

/** Throws DataVersionError where this program cannot read the directory; undefined: nothing is there yet. */
export function checkDataVersion(dataDir: string): DataVersion | undefined {
  if (!existsSync(dataDir)) return undefined;
  const file = dataVersionFile(dataDir);
  if (!existsSync(file)) return existsSync(join(dataDir, 'store')) ? firstVersion : undefined;
  const found = parse(file, readFileSync(file, 'utf8'));
  if (found.format.log <= current.format.log && found.format.store <= current.format.store) return found;
  throw new DataVersionError(
    `${dataDir} was written by kuorum ${found.kuorum}, in ${formats(found.format)}; this is kuorum ${version}, which knows up to ` +
      `${formats(current.format)}. Run kuorum ${found.kuorum} or a newer one on it; or restore a backup that an older one made into ` +
      'another directory.',
  );
}

/** Says that from now on this program writes here. */
export async function stampDataVersion(dataDir: string): Promise<void> {
  const text = `${JSON.stringify(current)}\n`;
  const file = dataVersionFile(dataDir);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const temporary = `${file}.tmp`;
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    const directory = await open(dataDir, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    throw new DiskError('writing', file, error);
  }
}

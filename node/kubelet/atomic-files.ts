import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { MissingSourceError } from './pod-sources.ts';

export interface VolumeFile {
  readonly data: Buffer;
  readonly mode: number | undefined;
}
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

/** A path inside the volume; one that leads out of it is refused. */
function inside(path: string): string {
  const clean = normalize(path);
  if (clean.startsWith('/') || clean.split('/').includes('..')) {
    throw new MissingSourceError(`invalid path: must not be absolute or contain '..': ${path}`);
  }
  return clean;
}

const topOf = (path: string): string => inside(path).split('/')[0] ?? '';

/** The same files always have the same name. */
function versionOf(files: VolumeFiles, mode: number): string {
  const hash = createHash('sha256').update(`${mode}`);
  for (const [path, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([path, file.mode ?? mode, file.data.length])).update(file.data);
  }
  return `..${hash.digest('hex').slice(0, 16)}`;
}

/** by folder: a container that starts and a refresh do not write one volume at once */
const lines = new Map<string, Promise<void>>();

/**
 * Readers never see half of an update, by a folder that is swapped as a whole:
 *
 *     volume/key          → ..data/key
 *     volume/..data       → ..4f2a
 *     volume/..4f2a/key
 */
export async function writeAtomically(folder: string, files: VolumeFiles, mode: number): Promise<void> {
  const turn = (lines.get(folder) ?? Promise.resolve()).then(() => write(folder, files, mode));
  const settled = turn.catch(() => {});
  lines.set(folder, settled);
  try {
    await turn;
  } finally {
    if (lines.get(folder) === settled) lines.delete(folder);
  }
}

async function write(folder: string, files: VolumeFiles, mode: number): Promise<void> {
  const version = versionOf(files, mode);
  const link = join(folder, '..data');
  if ((await readlink(link).catch(() => '')) === version) return;
  const data = join(folder, version);
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true, mode: 0o755 });
  for (const [path, file] of files) {
    const target = join(data, inside(path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.data);
    await chmod(target, file.mode ?? mode);
  }
  await rm(`${link}_tmp`, { force: true });
  await symlink(version, `${link}_tmp`);
  await rename(`${link}_tmp`, link);
  const tops = new Set([...files.keys()].map(topOf));
  for (const top of tops) {
    const name = join(folder, top);
    if ((await lstat(name).catch(() => undefined)) === undefined) await symlink(`..data/${top}`, name);
  }
  await removeOthers(folder, new Set([...tops, '..data', version]));
}

/** Earlier versions, and names that are no more. */
async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

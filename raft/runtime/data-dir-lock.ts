import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DiskError } from './disk-error.ts';

/** Another process, or another node of this process, has the data directory. */
export class DataDirLockedError extends Error {
  override name = 'DataDirLockedError';
  readonly pid: number;
  constructor(dir: string, pid: number) {
    super(
      `data directory ${dir} is in use by process ${pid}${pid === process.pid ? ' (this one)' : ''}. ` +
        'Stop that process, or name another data directory: two members must never share one.',
    );
    this.pid = pid;
  }
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** when the process started, as the kernel counts; a later process with the same pid has another */
  readonly startTime: string;
}

const acquireAttemptsMax = 20;
/** Locks that this process holds, by file: a nonce each, so that only the holder releases. */
const heldHere = new Map<string, string>();

export interface DataDirLock {
  release(): Promise<void>;
}

/**
 * Takes `<dir>/lock`, a file that names its holder. It appears complete (by link), so a reader never sees half of it; a
 * holder that died, even by kill -9, is recognised, since no process has its pid and start time any more.
 */
export async function lockDataDir(dir: string): Promise<DataDirLock> {
  const file = join(dir, 'lock');
  const nonce = randomBytes(6).toString('hex');
  const mine = join(dir, `lock.${process.pid}.${nonce}.tmp`);
  const me: Holder = { pid: process.pid, host: hostname(), startTime: startTimeOf(process.pid) ?? '' };
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFile(mine, JSON.stringify({ ...me, nonce }));
  } catch (error) {
    throw new DiskError('locking', dir, error);
  }
  try {
    for (let attempt = 0; attempt < acquireAttemptsMax; attempt++) {
      if (await tryLink(mine, file)) {
        heldHere.set(file, nonce);
        return { release: () => release(file, nonce) };
      }
      await removeIfStale(dir, file, nonce);
    }
    throw new DiskError('locking', file, new Error('other processes keep taking it'));
  } finally {
    await unlink(mine).catch(() => {});
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new DiskError('locking', to, error);
  }
}

/** Throws DataDirLockedError where the holder lives. */
async function removeIfStale(dir: string, file: string, nonce: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return; // released meanwhile
  const holder = parseHolder(text);
  if (holder !== undefined && isAlive(holder, file)) throw new DataDirLockedError(dir, holder.pid);
  // Another process may do the same: whoever moves the file away checks that it is the stale one that was moved.
  const aside = `${file}.stale.${nonce}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const moved = await readFile(aside, 'utf8').catch(() => text);
  if (moved !== text) await link(aside, file).catch(() => {});
  await unlink(aside).catch(() => {});
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder, file: string): boolean {
  if (holder.host !== hostname()) return false; // a copied or moved directory: pids of another machine say nothing here
  if (holder.pid === process.pid && holder.startTime === (startTimeOf(process.pid) ?? '')) return heldHere.has(file);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const startTime = startTimeOf(holder.pid);
  return startTime === undefined || holder.startTime === '' || startTime === holder.startTime;
}

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined where there is no /proc or the process is gone. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

async function release(file: string, nonce: string): Promise<void> {
  if (heldHere.get(file) !== nonce) return;
  heldHere.delete(file);
  await unlink(file).catch(() => {});
}

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
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

export interface DataDirLock {
  release(): Promise<void>;
}

/** `lock.<pid>.<start time of the process>.<nonce>` */
interface Claim {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
  readonly nonce: string;
}

/** Those who ask at the same moment may all see one another and step back; so each tries again, at its own pace. */
const attemptsMax = 8;
const stepBackMsMax = 60;
/** what this process has claimed; a claim of its pid that is not among these was left by an earlier process */
const ownNonces = new Set<string>();

/**
 * Claims the directory with a file, and holds it if no other living process has claimed it. A name is never used twice,
 * so whoever finds the claim of a dead process (killed by -9, say) may remove it without a race:
 *
 *     A: claims, lists, sees only itself: holds        B: claims, lists, sees A: removes its own claim, gives up
 *
 * Two cannot both hold: each lists after it has claimed, so the later of the two claims sees the earlier.
 */
export async function lockDataDir(dir: string): Promise<DataDirLock> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (let attempt = 1; ; attempt++) {
      const mine = await claim(dir);
      const other = await livingRival(dir, mine);
      if (other === undefined) return { release: () => withdraw(dir, mine) };
      await withdraw(dir, mine);
      if (attempt === attemptsMax) throw new DataDirLockedError(dir, other.pid);
      await sleep(1 + systemRandom.below(stepBackMsMax));
    }
  } catch (error) {
    throw error instanceof DataDirLockedError ? error : new DiskError('locking', dir, error);
  }
}

async function claim(dir: string): Promise<Claim> {
  const nonce = randomBytes(8).toString('hex');
  const startTime = statOf(process.pid)?.startTime ?? '0';
  const name = `lock.${process.pid}.${startTime}.${nonce}`;
  ownNonces.add(nonce);
  await writeFile(join(dir, name), `process ${process.pid} uses this directory\n`, { flag: 'wx' });
  return { name, pid: process.pid, startTime, nonce };
}

async function withdraw(dir: string, mine: Claim): Promise<void> {
  await unlink(join(dir, mine.name)).catch(() => {});
  ownNonces.delete(mine.nonce);
}

async function livingRival(dir: string, mine: Claim): Promise<Claim | undefined> {
  for (const name of await readdir(dir)) {
    const match = /^lock\.(\d+)\.(\d+)\.([0-9a-f]{16})$/.exec(name);
    if (match === null || name === mine.name) continue;
    const other = { name, pid: Number(match[1]), startTime: match[2]!, nonce: match[3]! };
    if (isAlive(other)) return other;
    await unlink(join(dir, name)).catch(() => {});
  }
  return undefined;
}

function isAlive({ pid, startTime, nonce }: Claim): boolean {
  if (pid === process.pid) return ownNonces.has(nonce);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = statOf(pid);
  if (stat === undefined) return true;
  // A zombie was killed and only waits for its parent to notice.
  return stat.state !== 'Z' && stat.state !== 'X' && (startTime === '0' || startTime === stat.startTime);
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc(5)): a later process of the same pid started later. undefined without /proc. */
function statOf(pid: number): { state: string; startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: fields[19] ?? '0' };
  } catch {
    return undefined;
  }
}

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rfc3339, sleep, systemClock } from '../../base/clock.ts';
import { BackupFile } from '../../store/etcd/backup-file.ts';
import type { BackupStatus } from '../../store/etcd/backup-file.ts';
import { CliError, messageOf } from '../cli-error.ts';
import { saveSnapshot } from './save-snapshot.ts';
import { sizeText } from './status-text.ts';
import type { StoreAddress } from './store-connection.ts';

export interface BackupOptions {
  readonly address: StoreAddress;
  readonly directory: string;
  readonly everyMs: number;
  /** so many files stay */
  readonly keep: number;
  /** a single one; its failure is thrown */
  readonly once: boolean;
  readonly signal: AbortSignal;
}

export interface Backup {
  readonly file: string;
  readonly status: BackupStatus;
  /** files that were removed, as there are newer ones */
  readonly removed: readonly string[];
}

/** `kuorum-20260102T030405Z.db`; sorts by time. A second one within the second has a number. */
const namePattern = /^kuorum-\d{8}T\d{6}Z(-\d+)?\.db$/;
const partPattern = /^kuorum-\d{8}T\d{6}Z(-\d+)?\.db\.(\d+)-[0-9a-f]+\.part$/;

/** Behind all that are there, also within a second: an older one's name is not used again. */
function nextName(names: readonly string[]): string {
  const stamp = `kuorum-${rfc3339(systemClock.nowMs()).replace(/[-:]/g, '')}`;
  const numbers = names.filter((name) => namePattern.test(name) && name.startsWith(stamp)).map(numberOf);
  return numbers.length === 0 ? `${stamp}.db` : `${stamp}-${Math.max(...numbers) + 1}.db`;
}

/** What runs that were killed have left. */
function removeLeftovers(directory: string, names: readonly string[]): void {
  for (const name of names) {
    const pid = Number(partPattern.exec(name)?.[2] ?? 0);
    if (pid > 0 && !isAlive(pid)) rmSync(join(directory, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Reads all of it, as a restore would. Throws where it is not sound. */
async function verified(file: string): Promise<BackupStatus> {
  const backup = await BackupFile.open(file);
  try {
    return backup.status();
  } finally {
    backup.close();
  }
}

function prune(directory: string, keep: number): string[] {
  const names = readdirSync(directory).filter((name) => namePattern.test(name));
  const old = names.sort(byTime).slice(0, -keep);
  for (const name of old) rmSync(join(directory, name));
  return old;
}

const stampOf = (name: string): string => name.slice(0, 'kuorum-20260102T030405Z'.length);
const numberOf = (name: string): number => Number(/-(\d+)\.db$/.exec(name)?.[1] ?? 0);

/** `…Z.db` is older than `…Z-1.db`, and that than `…Z-10.db` */
const byTime = (a: string, b: string): number =>
  stampOf(a) === stampOf(b) ? numberOf(a) - numberOf(b) : stampOf(a) < stampOf(b) ? -1 : 1;

/** Saves one backup, reads it whole before it gets its name, and only then removes old ones. */
export async function backUp(options: Omit<BackupOptions, 'everyMs' | 'once'>): Promise<Backup> {
  const { address, directory, keep, signal } = options;
  let names: string[];
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    names = readdirSync(directory);
  } catch (error) {
    throw new CliError(`--to ${directory}: ${messageOf(error)}`, 1, { cause: error });
  }
  removeLeftovers(directory, names);
  const file = join(directory, nextName(names));
  const part = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  let status: BackupStatus | undefined;
  const check = async (whole: string): Promise<void> => {
    status = await verified(whole);
  };
  await saveSnapshot({ address, file, part, upToDate: true, check, signal });
  if (status === undefined) throw new Error(`${file} was not looked at`);
  return { file, status, removed: prune(directory, keep) };
}

const say = (text: string): void => void process.stdout.write(`${rfc3339(systemClock.nowMs())} ${text}\n`);

function report({ file, status, removed }: Backup, ms: number): void {
  const { revision, totalKey, totalSize } = status;
  const gone = removed.length === 0 ? '' : `; removed ${removed.join(', ')}`;
  const content = `revision ${revision}, ${totalKey} keys, ${sizeText(totalSize)}`;
  say(`${file}: ${content}; read whole; ${(ms / 1000).toFixed(1)} s${gone}`);
}

/** Once, or until the signal. A turn that fails says why, and the next one tries again. */
export async function backUpEvery(options: BackupOptions): Promise<void> {
  const { everyMs, once, signal } = options;
  while (!signal.aborted) {
    const beganMs = systemClock.monotonicMs();
    try {
      report(await backUp(options), systemClock.monotonicMs() - beganMs);
    } catch (error) {
      if (signal.aborted) return;
      if (once) throw error;
      process.stderr.write(`${rfc3339(systemClock.nowMs())} no backup this time: ${messageOf(error)}\n`);
    }
    if (once) return;
    const nextMs = beganMs + everyMs;
    await sleep(Math.max(0, nextMs - systemClock.monotonicMs()), systemClock, signal).catch(() => {});
  }
}

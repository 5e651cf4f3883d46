import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What the operating system knows of a process: from /proc where there is one, else from ps. */

/** Fields of /proc/<pid>/stat after the command name, which may itself hold spaces and brackets. */
function procStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

const hasProc = existsSync('/proc/self/stat');

/** Tells apart two processes that had the same pid one after the other; undefined where there is none. */
export function processStartOf(pid: number): string | undefined {
  return hasProc ? procStat(pid)?.[19] : ps(pid, 'lstart');
}

export function processStateOf(pid: number): 'running' | 'paused' | 'gone' {
  const letter = (hasProc ? procStat(pid)?.[0] : ps(pid, 'state'))?.[0];
  if (letter === undefined || letter === 'Z' || letter === 'X') return 'gone';
  return letter === 'T' || letter === 't' ? 'paused' : 'running';
}

/** Resident memory in bytes; 0 where it cannot be told. */
export function residentBytesOf(pid: number): number {
  if (!hasProc) return Number(ps(pid, 'rss') ?? 0) * 1024;
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

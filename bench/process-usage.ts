import { readFileSync } from 'node:fs';

/** of /proc/<pid>/stat: USER_HZ, 100 on every Linux in use */
const ticksPerSecond = 100;

/** seconds of processor time of a process, its own and the system's for it, since it began */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the name of the program may hold anything; the fields behind it are numbers
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

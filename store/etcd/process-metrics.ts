import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { metric } from './metrics-text.ts';

/** undefined: this system does not tell */
function openFiles(): { open: number; max: number } | undefined {
  try {
    const max = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return { open: readdirSync('/proc/self/fd').length, max: Number(max ?? Infinity) };
  } catch {
    return undefined;
  }
}

const one = (name: string, kind: 'gauge' | 'counter', help: string, value: number): string =>
  metric(name, kind, help, [[{}, value]]);

/** What client libraries of Prometheus tell of every process. */
export function processMetrics(clock: Clock): string {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const startS = clock.nowMs() / 1000 - process.uptime();
  const files = openFiles();
  return [
    one('process_cpu_seconds_total', 'counter', 'Processor time spent.', (user + system) / 1e6),
    one('process_resident_memory_bytes', 'gauge', 'Memory in use.', rss),
    one('process_start_time_seconds', 'gauge', 'When the process began, in seconds since 1970.', startS),
    one('nodejs_heap_size_used_bytes', 'gauge', "Memory in use on Node.js's heap.", heapUsed),
    one('nodejs_external_memory_bytes', 'gauge', 'Memory in use beside the heap: buffers.', external),
    ...(files === undefined
      ? []
      : [
          one('process_open_fds', 'gauge', 'Files and sockets open.', files.open),
          one('process_max_fds', 'gauge', 'How many may be open.', files.max),
        ]),
  ].join('');
}

import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly worst: number;
}

/** of milliseconds, rounded */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN);
  return { min: at(0), median: at(0.5), p90: at(0.9), worst: at(1) };
}

/** NaN of none */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/**
 * How the processes of this run are scheduled. On a machine that does other work too, `chrt -r 1` before the command gives
 * them the first turn, so that the other work is not measured.
 */
export function scheduling(): string {
  const policy = /^policy\s*:\s*(\d+)/m.exec(readFileSync('/proc/self/sched', 'utf8'))?.[1];
  return policy === '0' ? `nice ${getPriority()}` : 'real-time (chrt -r 1)';
}

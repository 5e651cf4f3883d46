import { drawConfig } from './run-config.ts';
import type { RunOptions } from './run-config.ts';
import type { RunResult } from './run-seed.ts';

export interface ShrinkOptions {
  readonly runsMax: number;
  /** runs a seed; the real one is `runSeed` over `drawConfig` */
  readonly run: (seed: number, options: RunOptions) => RunResult;
}

export interface Shrunk {
  readonly options: RunOptions;
  readonly result: RunResult;
  readonly runs: number;
}

/**
 * Looks for a smaller run that fails in the same way (its first violation is of the same kind): less time, fewer faults
 * (delta debugging after Zeller), fewer clients. What remains may need each of its faults, or only their timing.
 */
export function shrink(failed: RunResult, options: RunOptions, { runsMax, run }: ShrinkOptions): Shrunk {
  const kind = failed.violations[0]?.kind;
  let best: Shrunk = { options, result: failed, runs: 0 };
  let runs = 0;
  const attempt = (smaller: RunOptions): boolean => {
    if (runs >= runsMax) return false;
    runs++;
    const result = run(failed.seed, smaller);
    if (result.violations[0]?.kind !== kind) return false;
    best = { options: smaller, result, runs };
    return true;
  };
  cutTime(failed, () => best, attempt);
  dropFaults(() => best, attempt);
  for (let clients = 1; clients < drawConfig(failed.seed, best.options).clients; clients++) {
    if (attempt({ ...best.options, clients })) break;
  }
  dropFaults(() => best, attempt);
  cutTime(best.result, () => best, attempt);
  return { ...best, runs };
}

type Attempt = (options: RunOptions) => boolean;

/** Faults after the violation cannot matter; those before may still. */
function cutTime(failed: RunResult, best: () => Shrunk, attempt: Attempt): void {
  const atMs = failed.violations[0]?.timeMs ?? 0;
  const config = drawConfig(failed.seed, best().options);
  if (atMs < config.safetyMs) attempt({ ...best().options, untilMs: Math.ceil(atMs) + 1 });
  for (let step = config.safetyMs / 2; step >= 1000; step /= 2) {
    const untilMs = Math.round(drawConfig(failed.seed, best().options).safetyMs - step);
    if (untilMs > 0) attempt({ ...best().options, untilMs });
  }
}

/** ddmin: leave out halves, quarters, eighths, ... as long as it still fails. */
function dropFaults(best: () => Shrunk, attempt: Attempt): void {
  const idsOf = ({ options, result }: Shrunk): number[] => {
    const happened = new Set(result.happened.map(({ id }) => id));
    return drawConfig(result.seed, options)
      .schedule.map(({ id }) => id)
      .filter((id) => happened.has(id));
  };
  let ids = idsOf(best());
  attempt({ ...best().options, only: ids });
  for (let parts = 2; ids.length > 0;) {
    const size = Math.ceil(ids.length / parts);
    let dropped = false;
    for (let at = 0; at < ids.length; at += size) {
      const rest = [...ids.slice(0, at), ...ids.slice(at + size)];
      if (!attempt({ ...best().options, only: rest })) continue;
      ids = rest;
      dropped = true;
      break;
    }
    if (dropped) parts = Math.max(2, parts - 1);
    else if (size === 1) return;
    else parts = Math.min(ids.length, parts * 2);
  }
}

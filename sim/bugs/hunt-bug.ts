import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Bug, Simulation } from './bug.ts';
import type { SeedLine } from './seed-loop.ts';
import { makeTestBuild } from './test-build.ts';

export interface HuntLimits {
  readonly maxSeeds: number;
  /** default: the bug's */
  readonly simulation?: Simulation | undefined;
  /** of each seed; undefined: the simulation's default */
  readonly seconds?: number | undefined;
  /** a seed that takes longer in real time does not come to an end: that is a finding too */
  readonly seedTimeoutMs?: number;
}

export interface Hunt {
  /** seeds until the violation, counted from 1, with that one; or all of them */
  readonly seeds: number;
  readonly simMs: number;
  /** with the process's start, without the build */
  readonly realMs: number;
  /** the checker that saw it; undefined: nobody did */
  readonly foundBy?: string | undefined;
  readonly text?: string | undefined;
}

const seedTimeoutMsDefault = 60_000;

/** Which checker it was: Raft's invariants tell their name in their text. */
export function checkerOf({ kind, text }: NonNullable<SeedLine['violation']>): string {
  const invariant = kind === 'invariant' ? /InvariantViolation: ([a-zA-Z -]+):/.exec(text)?.[1] : undefined;
  return invariant === undefined ? kind : `invariant: ${invariant}`;
}

/** Builds the simulation with the bug (undefined: without any) and runs seeds until it is found. */
export async function huntBug(bug: Bug | undefined, limits: HuntLimits): Promise<Hunt> {
  const bundle = await makeTestBuild(bug, limits.simulation ?? bug?.simulation ?? 'cluster');
  try {
    return await runSeeds(bundle, limits);
  } finally {
    rmSync(bundle, { force: true });
  }
}

async function runSeeds(bundle: string, limits: HuntLimits): Promise<Hunt> {
  const { maxSeeds, seconds, seedTimeoutMs = seedTimeoutMsDefault } = limits;
  const started = performance.now();
  const args = ['--enable-source-maps', bundle, '1', String(maxSeeds), ...(seconds ? [String(seconds)] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  let hangs = false;
  const watch = (): NodeJS.Timeout =>
    setTimeout(() => {
      hangs = true;
      kill();
    }, seedTimeoutMs);
  let timer = watch();
  let seeds = 0;
  let simMs = 0;
  let violation: SeedLine['violation'];
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for await (const text of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    const line = JSON.parse(text) as SeedLine;
    seeds++;
    simMs += line.simMs;
    violation ??= line.violation;
    timer = watch();
  }
  clearTimeout(timer);
  const code = await ended;
  process.off('exit', kill);
  if (hangs) {
    seeds++;
    violation = { kind: 'hang', text: `seed ${seeds} does not end within ${seedTimeoutMs} ms` };
  } else if (code !== 0 && violation === undefined) {
    seeds++;
    violation = { kind: 'broken', text: errors };
  }
  const realMs = Math.round(performance.now() - started);
  return { seeds, simMs, realMs, foundBy: violation && checkerOf(violation), text: violation?.text };
}

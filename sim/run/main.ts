import { messageOf } from '../../base/message-of.ts';
import { describeFault } from './nemesis.ts';
import { parseOptions, usage } from './options.ts';
import type { SimOptions } from './options.ts';
import { runAll, serveJobs } from './pool.ts';
import { replayCommand } from './replay-command.ts';
import { drawConfig } from './run-config.ts';
import type { RunOptions } from './run-config.ts';
import { runSeed } from './run-seed.ts';
import type { RunResult } from './run-seed.ts';
import { faultNames } from './schedule.ts';
import { shrink } from './shrink.ts';
import { addAll, coverageTable } from './stats.ts';
import type { Counts } from './stats.ts';

/** Exit codes: 0 all well, 1 violations, 2 wrong options or a simulator that is broken itself. */
const exitCodes = { ok: 0, violations: 1, broken: 2 } as const;
const shrinkRunsMax = 200;
const progressEveryMs = 2000;
const violationsShownMax = 5;
const textLinesMax = 30;
const traceLinesMax = 60;
const traceWidthMax = 220;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);
const startedAtMs = performance.now();
const elapsedS = (): number => (performance.now() - startedAtMs) / 1000;

function reportFailure(result: RunResult, options: RunOptions): void {
  const { seed, violations, happened } = result;
  print(`\nseed ${seed} fails: ${violations.length} violations`);
  for (const { kind, timeMs, text } of violations.slice(0, violationsShownMax)) {
    print(`  ${kind} at ${(timeMs / 1000).toFixed(6)} s:`);
    for (const line of text.split('\n').slice(0, textLinesMax)) print(`    ${line}`);
  }
  print(`  faults: ${happened.length}${happened.length > 20 ? ', the last of them' : ''}`);
  for (const fault of happened.slice(-20)) print(`    ${describeFault(fault)}`);
  print(`  replay: ${replayCommand(seed, options)}`);
}

function shrinkFailure(result: RunResult, options: RunOptions): void {
  const shrunk = shrink(result, options, {
    runsMax: shrinkRunsMax,
    run: (seed, smaller) => runSeed(drawConfig(seed, smaller)),
  });
  print(`\nafter ${shrunk.runs} runs, the smallest that fails in the same way:`);
  reportFailure(shrunk.result, shrunk.options);
  const lines: string[] = [];
  runSeed(drawConfig(result.seed, shrunk.options), (timeUs, who, what) => {
    if (isTelling(who, what)) lines.push(traceLine(timeUs, who, what));
  });
  const shown = lines.slice(-traceLinesMax);
  print(`\nits end (${shown.length} of ${lines.length} lines, without what members send each other):`);
  for (const line of shown) print(line.slice(0, traceWidthMax));
}

/** What members send each other fills most of a trace, and says least to a reader. */
const isTelling = (who: string, what: string): boolean => !(/^n\d+$/.test(who) && /^[0-9a-f]{4}>/.test(what));

const traceLine = (timeUs: number, who: string, what: string): string =>
  `${(timeUs / 1e6).toFixed(6).padStart(11)} ${who.padEnd(8)} ${what}`;

/** Prints each step of one seed. */
function traceOne({ first, run }: SimOptions): RunResult {
  return runSeed(drawConfig(first, run), (timeUs, who, what) => print(traceLine(timeUs, who, what)));
}

class Progress {
  readonly #options: SimOptions;
  readonly totals: Counts = {};
  seeds = 0;
  failed: RunResult[] = [];
  simMs = 0;
  #shownAtMs = performance.now();

  constructor(options: SimOptions) {
    this.#options = options;
  }

  add(result: RunResult): void {
    this.seeds++;
    this.simMs += result.simMs;
    addAll(this.totals, result.counts);
    if (this.#options.json) print(JSON.stringify(result));
    if (result.violations.length > 0) {
      this.failed.push(result);
      if (!this.#options.json) reportFailure(result, this.#options.run);
    }
    if (this.#options.json || performance.now() - this.#shownAtMs < progressEveryMs) return;
    this.#shownAtMs = performance.now();
    print(this.line());
  }

  line(): string {
    const seconds = elapsedS();
    const rate = (this.seeds / seconds).toFixed(1);
    const speed = Math.round(this.simMs / 1000 / seconds);
    return (
      `${this.seeds} of ${this.#options.seeds} seeds, ${rate}/s, ` +
      `${speed} simulated seconds a second, ${this.failed.length} with violations`
    );
  }
}

/** Of this process alone, its start and what V8 compiles included: what other processes do beside it hardly matters. */
function cpuLine(simMs: number): string {
  const { user, system } = process.cpuUsage();
  const cpuS = (user + system) / 1e6;
  return `${Math.round(simMs / 1000 / cpuS)} simulated seconds a second of processor time (${cpuS.toFixed(1)} s)`;
}

async function runMany(options: SimOptions): Promise<number> {
  const progress = new Progress(options);
  let seed = options.first;
  const next = (): { seed: number; options: RunOptions } | undefined => {
    const over = seed >= options.first + options.seeds || progress.failed.length >= options.failuresMax;
    return over ? undefined : { seed: seed++, options: options.run };
  };
  await runAll(options.jobs, next, (result) => progress.add(result));
  const [failed] = progress.failed;
  if (failed !== undefined && options.shrink) {
    await new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        try {
          shrinkFailure(failed, options.run);
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }
  if (!options.json) {
    print(`\n${coverageTable(progress.totals, faultNames)}`);
    print(`${progress.line()}, in ${elapsedS().toFixed(1)} s`);
    if (options.jobs === 1) print(cpuLine(progress.simMs));
    const seeds = progress.failed.map((result) => result.seed);
    if (seeds.length > 0) print(`seeds with violations: ${seeds.join(' ')}`);
  }
  return failed === undefined ? exitCodes.ok : exitCodes.violations;
}

function main(): void {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    print(usage);
  } else if (options.worker) {
    serveJobs();
  } else if (options.trace) {
    setImmediate(() => {
      const result = traceOne(options);
      if (result.violations.length > 0) reportFailure(result, options.run);
      else print(`seed ${result.seed}: no violation`);
      process.exitCode = result.violations.length > 0 ? exitCodes.violations : exitCodes.ok;
    });
  } else {
    runMany(options).then(
      (code) => (process.exitCode = code),
      (error: unknown) => {
        complain(error instanceof Error ? `sim: ${error.stack}` : String(error));
        process.exitCode = exitCodes.broken;
      },
    );
  }
}

try {
  main();
} catch (error) {
  complain(`sim: ${messageOf(error)}`);
  process.exitCode = exitCodes.broken;
}

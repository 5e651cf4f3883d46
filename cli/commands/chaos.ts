import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemRandom } from '../../base/random.ts';
import type { FaultRecord } from '../../chaos/faults/fault-runner.ts';
import { htmlReport } from '../../chaos/report/html-report.ts';
import { textReport } from '../../chaos/report/text-report.ts';
import { timelineSvg } from '../../chaos/report/timeline-svg.ts';
import { runChaos } from '../../chaos/run-chaos.ts';
import type { ChaosOptions, ChaosOutcome } from '../../chaos/run-chaos.ts';
import { scenarioNames } from '../../chaos/scenario/scenarios.ts';
import type { ScenarioName } from '../../chaos/scenario/scenarios.ts';
import { CliError, messageOf } from '../cli-error.ts';
import { colors as pc } from '../colors.ts';

/** Exit code where it could not be run, so that 1 means violations. */
const couldNotRun = 2;

export interface ChaosFlags {
  readonly scenario: string;
  readonly duration: string;
  readonly seed?: string;
  readonly replicas: string;
  readonly clients: string;
  readonly period: string;
  readonly report?: string;
  readonly dataDir?: string;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const refuse = (text: string): never => {
  throw new CliError(text, couldNotRun);
};

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function timeOf(flag: string, text: string, minMs: number, maxMs: number): number {
  const [, amount, unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(amount) * (unitMs[unit] ?? NaN);
  if (ms >= minMs && ms <= maxMs) return ms;
  return refuse(`${flag} must be a time from ${minMs} ms to ${maxMs / 3_600_000} h, such as 30s or 5m, not "${text}"`);
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  return refuse(`${flag} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function scenarioNamed(name: string): ScenarioName {
  const found = scenarioNames.find((one) => one === name);
  return found ?? refuse(`there is no scenario "${name}"; there are: ${scenarioNames.join(', ')}`);
}

function dataDirFor(flags: ChaosFlags): string {
  if (flags.dataDir === undefined) return mkdtempSync(join(tmpdir(), 'kuorum-chaos-'));
  const dir = resolve(flags.dataDir);
  if (existsSync(dir) && readdirSync(dir).length > 0) refuse(`${dir} is not empty: a run needs a cluster of its own`);
  return dir;
}

function faultLine({ number, fault, victims, detail, fromMs, toMs, leaderHit, problem }: FaultRecord): string {
  const time = `${(fromMs / 1000).toFixed(1).padStart(7)} s`;
  const who = victims.join(', ') + (leaderHit ? pc.yellow(' (leads)') : '');
  const wrong = problem === undefined ? '' : pc.red(`\n          ${problem}`);
  return `${pc.dim(time)}  ${String(number).padStart(4)}  ${fault.padEnd(17)}${who}  ${pc.dim(`${detail}, ${((toMs - fromMs) / 1000).toFixed(1)} s`)}${wrong}`;
}

function writeReport(dir: string, { result, checked }: ChaosOutcome): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'report.html'), htmlReport(result));
  writeFileSync(join(dir, 'report.json'), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(join(dir, 'timeline.svg'), `${timelineSvg(result)}\n`);
  // what was wrong can be checked again, by whoever looks for the cause
  if (result.violations.length > 0) writeFileSync(join(dir, 'history.json'), JSON.stringify(checked.history));
}

function optionsOf(flags: ChaosFlags, signal: AbortSignal): ChaosOptions {
  const scenario = scenarioNamed(flags.scenario);
  const durationMs = timeOf('--duration', flags.duration, 5000, 86_400_000);
  const seed =
    flags.seed === undefined ? 1 + systemRandom.below(999_999) : wholeNumber('--seed', flags.seed, 0, 2 ** 31);
  const replicas = wholeNumber('--replicas', flags.replicas, 3, 5);
  if (replicas === 4) refuse('--replicas must be 3 or 5: an even number survives no more than the odd one below it');
  const load = `--clients ${flags.clients} --period ${flags.period}`;
  return {
    scenario,
    durationMs,
    seed,
    replicas,
    clients: wholeNumber('--clients', flags.clients, 1, 100),
    periodMs: timeOf('--period', flags.period, 1, 60_000),
    dataDir: dataDirFor(flags),
    command: `kuorum chaos --scenario ${scenario} --duration ${flags.duration} --seed ${seed} --replicas ${replicas} ${load}`,
    progress: (line) => print(pc.dim(line)),
    onFault: (record) => print(faultLine(record)),
    signal,
  };
}

export async function chaos(flags: ChaosFlags): Promise<void> {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => abort.abort(new CliError(`${name}: given up, nothing was checked`, couldNotRun)));
  }
  const options = optionsOf(flags, abort.signal);
  print(`${options.command}\ndata in ${options.dataDir}`);
  let outcome: ChaosOutcome;
  try {
    outcome = await runChaos(options);
  } catch (error) {
    if (flags.dataDir === undefined) rmSync(options.dataDir, { recursive: true, force: true });
    throw error instanceof CliError && error.exitCode === couldNotRun
      ? error
      : new CliError(`the run could not be carried out: ${messageOf(error)}`, couldNotRun, { cause: error });
  }
  const { result } = outcome;
  print(textReport(result));
  if (flags.report !== undefined) {
    const dir = resolve(flags.report);
    writeReport(dir, outcome);
    print(`Report: ${join(dir, 'report.html')}`);
  }
  const clean = result.violations.length === 0;
  if (!clean) print(`The data and the logs are kept: ${options.dataDir}\nAgain: ${result.command}`);
  else if (flags.dataDir === undefined) rmSync(options.dataDir, { recursive: true, force: true });
  process.exit(clean ? 0 : 1);
}

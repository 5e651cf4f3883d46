import { cpus } from 'node:os';
import { rfc3339, sleep, systemClock } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import type { Violation } from '../sim/check/index.ts';
import { version } from '../cli/version.ts';
import { checkRun } from './check/check-run.ts';
import type { CheckedRun } from './check/check-run.ts';
import { checkMemberHistories, memberStates } from './check/member-histories.ts';
import { ChaosCluster } from './cluster/chaos-cluster.ts';
import { Sampler } from './cluster/sampler.ts';
import { FaultRunner } from './faults/fault-runner.ts';
import type { FaultRecord, FaultRunnerOptions } from './faults/fault-runner.ts';
import { Load } from './load/load.ts';
import { availabilityOf, outagesByFault, throughputOf } from './report/availability.ts';
import type { RunResult } from './report/run-result.ts';
import { planFaults } from './scenario/fault-plan.ts';
import { scenarioOf } from './scenario/scenarios.ts';
import type { ScenarioName } from './scenario/scenarios.ts';

export interface ChaosOptions {
  readonly scenario: ScenarioName;
  readonly durationMs: number;
  readonly seed: number;
  readonly replicas: number;
  /** of the etcd API */
  readonly clients: number;
  /** mean pause between two calls of one client */
  readonly periodMs: number;
  readonly dataDir: string;
  readonly command: string;
  readonly progress: (line: string) => void;
  readonly onFault: (record: FaultRecord) => void;
  readonly signal: AbortSignal;
}

export interface ChaosOutcome {
  readonly result: RunResult;
  readonly checked: CheckedRun;
}

/** so that the load stands before the first fault, and after the last */
const warmUpMs = 1500;
const coolDownMs = 2000;

const plain =
  (checker: string) =>
  (text: string): Violation => ({ checker, text, operations: [] });

/** One run, from an empty folder to the checked history; its processes are gone when it resolves, its data is not. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seed, replicas, dataDir, progress } = options;
  const startedAt = rfc3339(systemClock.nowMs());
  const portRandom = seededRandom(seed ^ process.pid);
  const cluster = await ChaosCluster.start({ replicas, dataDir, random: portRandom, progress });
  try {
    return await torment(options, cluster, startedAt);
  } finally {
    await cluster.close();
  }
}

async function torment(options: ChaosOptions, cluster: ChaosCluster, startedAt: string): Promise<ChaosOutcome> {
  const { scenario, seed, durationMs, clients, periodMs, progress, signal } = options;
  const load = await Load.start({ cluster, random: seededRandom(seed + 1), clients, periodMs });
  const nowMs = (): number => load.activity.nowMs();
  const found: Violation[] = [];
  const sampler = new Sampler(cluster, nowMs, (name) => {
    if (signal.aborted || cluster.isExpectedDown(name)) return;
    found.push(
      plain('Process')(`${name} ended by itself at ${(nowMs() / 1000).toFixed(1)} s: ${cluster.lastWords(name)}`),
    );
    cluster.start(name);
  });
  sampler.start();
  const onSkipped: FaultRunnerOptions['onSkipped'] = ({ number, fault }, reason) =>
    progress(`${' '.repeat(9)}  ${String(number).padStart(4)}  ${fault} left out: ${reason}`);
  const runner = new FaultRunner({ cluster, sampler, nowMs, onFault: options.onFault, onSkipped });
  try {
    await sleep(warmUpMs, systemClock, signal);
    const plan = planFaults(scenarioOf(scenario), cluster.names.length, seededRandom(seed));
    await Promise.race([runner.run(plan, durationMs - coolDownMs), aborted(signal)]);
    await sleep(Math.max(coolDownMs, durationMs - nowMs()), systemClock, signal);
  } catch (error) {
    await Promise.all([load.abandon(), sampler.stop()]);
    throw error;
  }
  const endMs = nowMs();
  progress('faults are over; waiting until all replicas are of one mind');
  found.push(...(await load.finish()).map(plain('Live')));
  const { states, problems } = await memberStates(cluster);
  found.push(...problems.map(plain('Converged')));
  const compacted = Math.max(0, ...states.map((state) => state.compactRevision));
  found.push(...(await checkMemberHistories(cluster, load.truth.records, compacted)));
  await sampler.stop();
  progress('checking the histories');
  const checked = checkRun(load, states);
  found.push(
    ...runner.records.flatMap(({ problem, fault }) => (problem ? [plain('Fault')(`${fault}: ${problem}`)] : [])),
  );
  const violations = [...found, ...checked.violations];
  const result = resultOf(options, startedAt, endMs, load, sampler, runner, { ...checked, violations });
  return { result, checked };
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));

function resultOf(
  options: ChaosOptions,
  startedAt: string,
  endMs: number,
  load: Load,
  sampler: Sampler,
  runner: FaultRunner,
  { checked, violations }: Pick<CheckedRun, 'checked' | 'violations'>,
): RunResult {
  const { scenario, seed, replicas, command } = options;
  const { done, errors } = load.activity;
  const faults = [...runner.records].sort((a, b) => a.fromMs - b.fromMs);
  const leaders = new Set(
    [...sampler.spans].flatMap(([name, spans]) =>
      spans.filter(({ role }) => role === 'leader').map(({ term }) => `${name}/${term}`),
    ),
  );
  return {
    scenario,
    seed,
    replicas,
    startedAt,
    version,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? ''}, Node.js ${process.version}`,
    durationMs: Math.round(endMs),
    command,
    faults,
    faultSummary: outagesByFault(faults, done.etcd, endMs),
    etcd: { ...availabilityOf(done.etcd, endMs), ...throughputOf(done.etcd, endMs) },
    kubernetes: { ...availabilityOf(done.kubernetes, endMs), ...throughputOf(done.kubernetes, endMs) },
    spans: Object.fromEntries([...sampler.spans].sort(([a], [b]) => (a < b ? -1 : 1))),
    leaderChanges: Math.max(0, leaders.size - 1),
    checked,
    errors: [...errors].sort(([, a], [, b]) => b - a).slice(0, 20),
    violations,
  };
}

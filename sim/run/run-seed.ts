import type { EtcdMemberOptions } from '../../store/etcd/member-options.ts';
import { checkHistory } from '../check/index.ts';
import type { MemberState } from '../check/history.ts';
import { CannotDrainError } from '../world/microtasks.ts';
import { createWorld } from '../world/sim-world.ts';
import type { SimFailure, SimWorld, TraceSink } from '../world/types.ts';
import { FaultEnv } from './fault-env.ts';
import { checkConvergence, checkLeases, checkLiveness, livenessBounds } from './liveness.ts';
import { Nemesis } from './nemesis.ts';
import { Recorder } from './recorder.ts';
import type { RunConfig } from './run-config.ts';
import type { PlannedFault } from './schedule.ts';
import { RunStats } from './stats.ts';
import type { Counts } from './stats.ts';
import { WatcherClient } from './watcher.ts';
import { WorkloadClient } from './workload.ts';

/** What must not have been, in words; the first is the cause, as far as can be told. */
export interface RunViolation {
  /** 'invariant', 'member-failed', 'unhandled', 'check', 'liveness', or the name of a checker */
  readonly kind: string;
  readonly timeMs: number;
  readonly text: string;
}

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly RunViolation[];
  readonly simMs: number;
  readonly events: number;
  readonly counts: Counts;
  /** of everything that happened: equal for equal runs */
  readonly fingerprint: string;
  /** the faults that hit something */
  readonly happened: readonly PlannedFault[];
}

const searchOperationsMax = 150;
const answerMaxUnits = 30_000_000;
const messageTypesCounted: ReadonlySet<string> = new Set(['snap', 'timeout-now']);

/** One seed from its first event to its last, and what the checkers say. Call it from a macro task: see world/microtasks.ts. */
export function runSeed(config: RunConfig, trace?: TraceSink): RunResult {
  const run = new Run(config, trace);
  run.guarded(() => run.run());
  return run.result();
}

const memberOptions = (config: RunConfig): Partial<EtcdMemberOptions> => {
  const { heartbeatMs, electionMs, snapshotCount, catchUpEntries, strictReconfigCheck } = config;
  return { heartbeatMs, electionMs, snapshotCount, catchUpEntries, strictReconfigCheck, watchProgressMs: 5000 };
};

class Run {
  readonly #config: RunConfig;
  readonly #world: SimWorld;
  readonly #stats = new RunStats();
  readonly #recorder: Recorder;
  readonly #env: FaultEnv;
  readonly #nemesis: Nemesis;
  readonly #clients: readonly WorkloadClient[];
  readonly #watchers: readonly WatcherClient[];
  readonly #violations: RunViolation[] = [];
  #faultsEndedAt = 0;

  constructor(config: RunConfig, trace: TraceSink | undefined) {
    this.#config = config;
    const { seed, members } = config;
    this.#world = createWorld({
      seed,
      members,
      member: memberOptions(config),
      ...(trace && { trace }),
      decorate: {
        platform: (platform, place) => this.#recorder.tap(platform, place),
        message: (message) => {
          if (messageTypesCounted.has(message.type)) this.#stats.add(`messages ${message.type}`);
          if (message.type === 'snap') this.#env.snapshotOffered(message.to);
          return message;
        },
      },
    });
    const world = this.#world;
    this.#recorder = new Recorder(
      () => world.nowUs,
      (place, error) => world.fail({ kind: 'check', timeMs: world.nowMs, place, error }),
    );
    const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
    const clientNames = [...names('c', config.clients), ...names('w', config.watchers)];
    this.#env = new FaultEnv(world, this.#stats, clientNames);
    this.#nemesis = new Nemesis(this.#env);
    const parts = { world, recorder: this.#recorder, stats: this.#stats, places: () => this.#env.members };
    this.#clients = Array.from({ length: config.clients }, (_, i) => new WorkloadClient(parts, config, i));
    this.#watchers = Array.from({ length: config.watchers }, (_, i) => new WatcherClient(parts, i));
  }

  run(): void {
    const world = this.#world;
    const config = this.#config;
    world.cluster.startAll();
    for (const client of this.#clients) this.#go(client.run());
    const knownRevision = (): number => Math.max(1, ...this.#clients.map((client) => client.knownRevision));
    for (const watcher of this.#watchers) this.#go(watcher.run(knownRevision));
    this.#nemesis.start(config.schedule);
    if (!world.runFor(config.safetyMs)) return;
    this.#nemesis.stop();
    this.#faultsEndedAt = this.#recorder.time();
    this.#runLivenessPhase();
  }

  /** What the product throws into an event of its own is a violation, and no end of the simulator. */
  guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof CannotDrainError) throw error;
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#world.fail({ kind: 'unhandled', timeMs: this.#world.nowMs, error: cause });
    }
  }

  result(): RunResult {
    const world = this.#world;
    for (const failure of world.failures) this.#violations.push(violationOf(failure));
    this.#checkHistory();
    this.#count();
    const { lastRevision } = this.#recorder;
    return {
      seed: this.#config.seed,
      violations: this.#violations,
      simMs: world.nowMs,
      events: world.eventsRun,
      counts: this.#stats.counts,
      fingerprint: [world.eventsRun, world.network.messagesSent, this.#recorder.time(), lastRevision].join('-'),
      happened: this.#nemesis.happened,
    };
  }

  #runLivenessPhase(): void {
    const world = this.#world;
    const bounds = livenessBounds(this.#config.electionMs);
    const parts = { world, env: this.#env, clients: this.#clients, watchers: this.#watchers, bounds };
    for (const client of this.#clients) client.probe();
    for (const watcher of this.#watchers) watcher.steady();
    if (!checkLiveness(parts)) return;
    const leftMs = this.#config.totalMs - world.nowMs;
    if (leftMs > 0 && !world.runFor(leftMs)) return;
    // what came to life may have come to a stop again
    if (!checkLiveness(parts)) return;
    for (const client of this.#clients) client.stop();
    if (checkLeases(parts)) checkConvergence(parts);
  }

  /** A bug in the workload itself is none to be hidden. */
  #go(task: Promise<void>): void {
    task.catch((error: unknown) => {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#world.fail({ kind: 'unhandled', timeMs: this.#world.nowMs, error: cause });
    });
  }

  #checkHistory(): void {
    const { clockDriftMax } = this.#config;
    const finished = this.#world.failures.length === 0;
    const history = this.#recorder.history(finished ? this.#states() : [], 1 + clockDriftMax, this.#faultsEndedAt);
    const report = checkHistory(history, {
      searchOperationsMax,
      ...(finished && { liveness: { recoveryMax: answerMaxUnits } }),
    });
    for (const { checker, text } of report.violations) {
      this.#violations.push({ kind: checker, timeMs: this.#world.nowMs, text });
    }
  }

  #states(): MemberState[] {
    return this.#env.members.flatMap(({ place, name }) => {
      const state = this.#world.cluster.stateOf(place);
      return state === undefined ? [] : [{ member: name, ...state }];
    });
  }

  #count(): void {
    const { cluster, network } = this.#world;
    const stats = this.#stats;
    const terms = cluster.members.map(({ view }) => view?.term ?? 0);
    stats.add('terms', Math.max(0, ...terms));
    stats.add('messages sent', network.messagesSent);
    stats.add('revisions', this.#recorder.lastRevision);
    stats.add('leases ended', this.#recorder.revisions.filter(({ leaseEnd }) => leaseEnd !== undefined).length);
    stats.add(
      'member starts',
      cluster.members.reduce((sum, { starts }) => sum + starts, 0),
    );
    stats.add('events', this.#world.eventsRun);
    stats.add('simulated seconds', Math.round(this.#world.nowMs / 1000));
  }
}

const violationOf = ({ kind, timeMs, place, error }: SimFailure): RunViolation => ({
  kind,
  timeMs,
  text: `${place === undefined ? '' : `member n${place}: `}${error.stack ?? error.message}`,
});

import { seededRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { defaultWeights } from './requests.ts';
import type { Weights } from './requests.ts';
import { drawSchedule, faultGroups, faultNames, faultPlans } from './schedule.ts';
import type { FaultGroup, FaultName, PlannedFault } from './schedule.ts';

/** Everything that a run is made from, besides the seed: drawn from it, and cut down where a failure is shrunk. */
export interface RunConfig {
  readonly seed: number;
  readonly members: number;
  readonly clients: number;
  readonly watchers: number;
  readonly thinkMs: number;
  readonly impatience: number;
  readonly weights: Weights;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly snapshotCount: number;
  readonly catchUpEntries: number;
  /** off: members are also changed while others are away */
  readonly strictReconfigCheck: boolean;
  /** faults and load until here; then everything heals */
  readonly safetyMs: number;
  /** the run goes on until here at least */
  readonly totalMs: number;
  /** of a clock that drifts */
  readonly clockDriftMax: number;
  readonly schedule: readonly PlannedFault[];
}

export interface RunOptions {
  readonly seconds?: number | undefined;
  readonly members?: number | undefined;
  readonly clients?: number | undefined;
  /** only these of the schedule, by id */
  readonly only?: readonly number[] | undefined;
  /** the safety phase ends here instead; nothing else is drawn anew */
  readonly untilMs?: number | undefined;
}

export const defaultSeconds = 60;
/** of the time of a run: the phase of faults */
const safetyShare = 0.75;
const firstFaultMs = 1500;

const between = (random: Random, least: number, most: number): number => least + random.below(most - least + 1);
const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/**
 * A configuration of its own for each seed ("swarm testing"): what is left out makes room for more of the rest, and some
 * bugs show only where something does not happen.
 */
export function drawConfig(seed: number, options: RunOptions = {}): RunConfig {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5eed);
  const totalMs = (options.seconds ?? defaultSeconds) * 1000;
  const members = random.next() < 0.7 ? 3 : 5;
  const clients = between(random, 4, 8);
  const heartbeatMs = pick(random, [50, 100, 100, 100, 200]);
  const shared = {
    seed,
    members: options.members ?? members,
    clients: options.clients ?? clients,
    watchers: between(random, 1, 3),
    thinkMs: pick(random, [300, 600, 1200, 2400, 4000]),
    impatience: pick(random, [0, 0.05, 0.3]),
    weights: drawWeights(random),
    heartbeatMs,
    electionMs: heartbeatMs * pick(random, [5, 10, 10]),
    snapshotCount: pick(random, [5, 10, 10, 50, 300]),
    catchUpEntries: pick(random, [1, 1, 5, 20, 100]),
    totalMs,
    clockDriftMax: 0.2,
  };
  const meanGapMs = pick(random, [400, 800, 1500, 3000, 8000]);
  const endMs = totalMs * safetyShare;
  const faults = drawFaults(random);
  const drawn = drawSchedule(random, { faults, meanGapMs, startMs: firstFaultMs, endMs });
  const safetyMs = Math.min(endMs, options.untilMs ?? endMs);
  const schedule = drawn.filter(({ id, atMs }) => atMs < safetyMs && (options.only?.includes(id) ?? true));
  const strictReconfigCheck = random.next() < 0.6;
  return { ...shared, strictReconfigCheck, safetyMs, schedule };
}

function drawFaults(random: Random): FaultName[] {
  const calm = random.next() < 0.03;
  const groups = new Set<FaultGroup>(faultGroups.filter(() => random.next() < 0.5));
  return faultNames.filter((name) => !calm && groups.has(faultPlans[name].group) && random.next() < 0.7);
}

/** Some seeds do without some kinds of request, or with many more of one. */
function drawWeights(random: Random): Weights {
  const weights: Record<string, number> = { ...defaultWeights };
  for (const kind of Object.keys(weights)) {
    const roll = random.next();
    if (roll < 0.1 && kind !== 'put') weights[kind] = 0;
    else if (roll > 0.85) weights[kind]! *= 4;
  }
  return weights as Weights;
}

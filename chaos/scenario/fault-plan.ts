import type { Random } from '../../base/random.ts';
import { faultKindOf } from './fault-kinds.ts';
import type { FaultName } from './fault-kinds.ts';
import type { Scenario } from './scenarios.ts';

/** One fault to come: all of it is drawn beforehand, except who leads when it comes. */
export interface PlannedFault {
  readonly number: number;
  readonly fault: FaultName;
  readonly target: 'leader' | 'follower';
  /** in [0, 1): which of those that qualify */
  readonly pick: number;
  /** in [0, 1): how strong, as far as the fault has a strength */
  readonly strength: number;
  readonly gapMs: number;
  readonly durationMs: number;
  /** starts after its gap even if the one before has not ended */
  readonly overlaps: boolean;
}

const between = (random: Random, [low, high]: readonly [number, number]): number =>
  Math.round(low + random.next() * (high - low));

function weighted(random: Random, weights: readonly [FaultName, number][]): FaultName | undefined {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of weights) {
    left -= weight;
    if (left < 0) return name;
  }
  return weights.at(-1)?.[0];
}

/**
 * The faults of a scenario, endless. Equal seeds give equal plans. The first of each kind come in turn before any comes
 * again, so that a short run sees as much as it can; from then on the weights decide.
 */
export function* planFaults(scenario: Scenario, replicas: number, random: Random): Generator<PlannedFault, void> {
  const all = (Object.entries(scenario.weights) as [FaultName, number][]).filter(
    ([name]) => replicas >= (faultKindOf(name).replicasMin ?? 3),
  );
  if (all.length === 0) return;
  let unseen = [...all];
  for (let number = 1; ; number++) {
    const fault = weighted(random, unseen.length > 0 ? unseen : all);
    if (fault === undefined) return;
    unseen = unseen.filter(([name]) => name !== fault);
    yield {
      number,
      fault,
      target: random.next() < scenario.leaderChance ? 'leader' : 'follower',
      pick: random.next(),
      strength: random.next(),
      gapMs: between(random, scenario.gapMs),
      durationMs: between(random, faultKindOf(fault).durationMs),
      overlaps: random.next() < scenario.overlapChance,
    };
  }
}

import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { faultKindOf } from './fault-kinds.ts';
import { planFaults } from './fault-plan.ts';
import type { PlannedFault } from './fault-plan.ts';
import { scenarioNames, scenarioOf } from './scenarios.ts';

const first = (count: number, ...parameters: Parameters<typeof planFaults>): PlannedFault[] => {
  const plan = planFaults(...parameters);
  return Array.from({ length: count }, () => plan.next().value).filter((fault) => fault !== undefined);
};

void t.test('planFaults draws the same faults for the same seed, and others for another', (t) => {
  const draw = (seed: number) => first(30, scenarioOf('mixed'), 3, seededRandom(seed));
  t.same(draw(7), draw(7));
  t.notSame(draw(7), draw(8));
  t.end();
});

for (const name of scenarioNames) {
  void t.test(`planFaults of ${name}: each fault comes once before any comes again, within its bounds`, (t) => {
    const scenario = scenarioOf(name);
    const possible = Object.keys(scenario.weights);
    const plan = first(possible.length * 3, scenario, 5, seededRandom(1));
    t.same(new Set(plan.slice(0, possible.length).map((step) => step.fault)), new Set(possible));
    for (const { fault, durationMs, gapMs } of plan) {
      const [low, high] = faultKindOf(fault).durationMs;
      t.ok(durationMs >= low && durationMs <= high && gapMs >= scenario.gapMs[0] && gapMs <= scenario.gapMs[1]);
    }
    t.end();
  });
}

void t.test('planFaults draws no fault that needs more replicas than there are', (t) => {
  const faults = first(200, scenarioOf('partition'), 3, seededRandom(3)).map((step) => step.fault);
  t.notOk(faults.includes('split'));
  t.end();
});

void t.test('planFaults of a scenario without faults ends at once', (t) => {
  t.same(first(1, scenarioOf('calm'), 3, seededRandom(1)), []);
  t.end();
});

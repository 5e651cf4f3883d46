import { obstacleOf } from './obstacles.ts';
import type { Obstacle, ObstacleKind } from './obstacles.ts';

/** What Ginkgo writes of one test (`--ginkgo.json-report`); a suite's own nodes have no container hierarchy. */
interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeText: string;
  readonly LeafNodeType: string;
  readonly State: string;
  /** nanoseconds */
  readonly RunTime: number;
  readonly Failure?: { readonly Message?: string; readonly Location?: { FileName?: string; LineNumber?: number } };
}

interface SuiteReport {
  readonly SpecReports: readonly SpecReport[];
}

/**
 * - `passed`
 * - `failed`: also timed out, panicked
 * - `skipped`: the test itself says that it does not apply here
 * - `container`, `controller`, `newer`: not run, for what is known to stand in the way (obstacles.ts)
 * - `left`: not run, not asked for; or interrupted
 */
export type Outcome = 'passed' | 'failed' | 'skipped' | ObstacleKind | 'left';

/** Whether the test ran, and said something. */
export const hasRun = (outcome: Outcome): boolean =>
  outcome === 'passed' || outcome === 'failed' || outcome === 'skipped';

export interface TestOutcome {
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds?: number;
  /** of a failure, a skip or a need */
  readonly reason?: string;
}

const reasonCharactersMax = 600;
const ofConformance = '[Conformance]';

function outcomeOf({ State, Failure }: SpecReport, obstacle: Obstacle | undefined): Outcome {
  if (State === 'passed') return 'passed';
  // interrupted: who ran it was in a hurry
  if (State === 'pending' || State === 'interrupted') return 'left';
  if (State !== 'skipped') return 'failed';
  // a test that was filtered out has the same state as one that skipped itself, but no message
  if ((Failure?.Message ?? '') !== '') return 'skipped';
  return obstacle?.kind ?? 'left';
}

/** `timed out … [test/e2e/apps/job.go:77]`, on one line. */
function reasonOf({ Failure }: SpecReport): string | undefined {
  const message = (Failure?.Message ?? '').replace(/\s+/g, ' ').trim();
  if (message === '') return undefined;
  const file = /test\/e2e\/.*$/.exec(Failure?.Location?.FileName ?? '')?.[0];
  const at = file === undefined ? '' : ` [${file}:${Failure?.Location?.LineNumber ?? 0}]`;
  return `${message.slice(0, reasonCharactersMax)}${at}`;
}

/** The conformance tests of a report in the order of their names; throws where the text is no report. */
export function parseReport(text: string): TestOutcome[] {
  const suites = JSON.parse(text) as unknown;
  if (!Array.isArray(suites)) throw new Error('not a report of Ginkgo: an array of suites is expected');
  const outcomes = (suites as SuiteReport[]).flatMap(({ SpecReports }) => SpecReports ?? []).flatMap(testOutcome);
  return outcomes.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function testOutcome(spec: SpecReport): TestOutcome[] {
  if (spec.LeafNodeType !== 'It') return [];
  const name = [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' ');
  if (!name.includes(ofConformance)) return [];
  const obstacle = obstacleOf(name);
  const outcome = outcomeOf(spec, obstacle);
  const ran = hasRun(outcome);
  const reason = ran ? reasonOf(spec) : obstacle?.why;
  return [
    {
      name,
      outcome,
      ...(ran && { seconds: Number((spec.RunTime / 1e9).toFixed(1)) }),
      ...(reason !== undefined && { reason }),
    },
  ];
}

export type Counts = Readonly<Record<Outcome, number>> & { readonly all: number };

export function countOutcomes(outcomes: readonly TestOutcome[]): Counts {
  const counts = {
    all: outcomes.length,
    passed: 0,
    failed: 0,
    skipped: 0,
    container: 0,
    controller: 0,
    newer: 0,
    left: 0,
  };
  for (const { outcome } of outcomes) counts[outcome]++;
  return counts;
}

/** What ran now goes before what an earlier run says of the same test. */
export function mergeOutcomes(earlier: readonly TestOutcome[], now: readonly TestOutcome[]): TestOutcome[] {
  const known = new Map(earlier.map((each) => [each.name, each]));
  return now.map((each) => {
    const before = known.get(each.name);
    return before !== undefined && hasRun(before.outcome) && !hasRun(each.outcome) ? before : each;
  });
}

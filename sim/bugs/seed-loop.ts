import { messageOf } from '../../base/message-of.ts';

/** What one seed gave, as a line of JSON. */
export interface SeedLine {
  readonly seed: number;
  readonly simMs: number;
  /** of the machine's clock */
  readonly realMs: number;
  readonly violation?: { readonly kind: string; readonly text: string };
}

export type SeedOutcome = Pick<SeedLine, 'simMs' | 'violation'>;

/**
 * What a test build runs: seeds from the first one on, until one shows a violation. One line of JSON a seed.
 *
 *     node <bundle> <first seed> <seeds> [simulated seconds]
 */
export function runSeeds(runOne: (seed: number, seconds: number | undefined) => SeedOutcome): void {
  const [first = 1, count = 1, seconds] = process.argv.slice(2).map(Number);
  const runFrom = (seed: number): void => {
    if (seed >= first + count) return;
    const started = performance.now();
    const outcome = guarded(() => runOne(seed, seconds));
    const line: SeedLine = { seed, ...outcome, realMs: Math.round(performance.now() - started) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    if (outcome.violation === undefined) setImmediate(() => runFrom(seed + 1));
  };
  setImmediate(() => runFrom(first));
}

function guarded(run: () => SeedOutcome): SeedOutcome {
  try {
    return run();
  } catch (error) {
    // the simulation itself broke on what it was given
    const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    return { simMs: 0, violation: { kind: 'broken', text } };
  }
}

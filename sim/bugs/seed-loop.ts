/**
 * What a test build runs: seeds from the first one on, until one shows a violation. One line of JSON a seed.
 *
 *     node <bundle> <first seed> <seeds> [simulated seconds]
 */
import { drawConfig } from '../run/run-config.ts';
import { runSeed } from '../run/run-seed.ts';

export interface SeedLine {
  readonly seed: number;
  readonly simMs: number;
  /** of the machine's clock */
  readonly realMs: number;
  readonly violation?: { readonly kind: string; readonly text: string };
}

const [first = 1, count = 1, seconds] = process.argv.slice(2).map(Number);

function runFrom(seed: number): void {
  if (seed >= first + count) return;
  const started = performance.now();
  const line = runOne(seed);
  process.stdout.write(`${JSON.stringify({ ...line, realMs: Math.round(performance.now() - started) })}\n`);
  if (line.violation === undefined) setImmediate(() => runFrom(seed + 1));
}

function runOne(seed: number): Omit<SeedLine, 'realMs'> {
  try {
    const { violations, simMs } = runSeed(drawConfig(seed, { seconds }));
    const [violation] = violations;
    return { seed, simMs, ...(violation && { violation: { kind: violation.kind, text: violation.text } }) };
  } catch (error) {
    // the simulation itself broke on what it was given
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, simMs: 0, violation: { kind: 'broken', text } };
  }
}

setImmediate(() => runFrom(first));

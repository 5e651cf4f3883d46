/** A few hundred seeds, as everybody runs them; thousands: `npm run sim -- --seeds 5000 --jobs 2`. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { faultNames } from './schedule.ts';
import { addAll } from './stats.ts';
import type { Counts } from './stats.ts';
import type { RunResult } from './run-seed.ts';
import { bundleSim } from './bundle.ts';

/** Bounds the time of this file where the machine has other things to do; but so many seeds run in any case. */
const budgetMs = 20_000;
const seeds = 200;
const seedsAtLeast = 20;
const lookEveryMs = 500;
const secondsPerSeed = 20;

t.setTimeout(170_000);
const dir = mkdtempSync(join(tmpdir(), 'kuorum-sim-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));
const bundle = await bundleSim(join(dir, 'sim.cjs'));

interface Ran {
  readonly code: number;
  readonly output: string;
}

async function sim(...argv: string[]): Promise<Ran> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [bundle, ...argv], { maxBuffer: 1 << 28 });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const resultsOf = (output: string): RunResult[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunResult);

const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/** Ends it after `budgetMs`, when there are enough results by then; the output has whole lines. */
function simFor(argv: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bundle, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    const started = performance.now();
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const timer = setInterval(() => {
      const isTime = performance.now() - started > budgetMs;
      if (isTime && resultsOf(wholeLines(output)).length >= seedsAtLeast) child.kill('SIGTERM');
    }, lookEveryMs);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code: code ?? 0, output: wholeLines(output) });
    });
  });
}

void t.test('seeds run without a violation, and every fault and its consequences happen', async (t) => {
  const argv = ['--seeds', String(seeds), '--seconds', String(secondsPerSeed), '--json'];
  const results = resultsOf((await simFor(argv)).output);
  for (const { seed, violations } of results) {
    if (violations.length > 0)
      t.fail(`seed ${seed}: npm run sim -- --seed ${seed} --seconds ${secondsPerSeed} --trace`);
    for (const { kind, text } of violations) t.comment(`${kind}: ${text}`);
  }
  t.ok(results.length >= seedsAtLeast, `${results.length} seeds`);
  const counts: Counts = {};
  for (const result of results) addAll(counts, result.counts);
  const consequences = ['crashes', 'terms', 'watchEvents', 'watchesResumed', 'leases ended', 'damage refused by name'];
  for (const name of consequences) t.ok((counts[name] ?? 0) > 0, `${name}: ${counts[name]}`);
  if (results.length < seeds) return;
  const never = faultNames.filter((name) => (counts[`fault ${name}`] ?? 0) === 0);
  t.same(never, [], 'no fault is left out');
});

void t.test('a seed that is run again does the same, step by step', async (t) => {
  for (const seed of ['3', '8']) {
    const argv = ['--seed', seed, '--seconds', '10', '--trace'];
    const [first, second] = [await sim(...argv), await sim(...argv)];
    t.ok(first.output.length > 10_000, `seed ${seed} writes ${first.output.length} characters`);
    t.ok(first.output === second.output, 'the same ones twice');
    const json = ['--seed', seed, '--seconds', '10', '--json'];
    const [traced, plain] = [await sim(...json), await sim('--jobs', '2', ...json)];
    t.same(
      resultsOf(traced.output).map(({ fingerprint }) => fingerprint),
      resultsOf(plain.output).map(({ fingerprint }) => fingerprint),
      'also in a process of its own',
    );
  }
});

void t.test('exit codes: 0 where all is well, 2 where an option is wrong', async (t) => {
  t.equal((await sim('--help')).code, 0);
  const { code, output } = await sim('--seeds', 'x');
  t.equal(code, 2);
  t.match(output, /sim: --seeds wants a whole number/);
});

/**
 * The conformance suite of the Kubernetes project (its e2e.test; `npm run peers -- conformance` builds it) against a
 * cluster of ours: one replica, two nodes of the embedded runtime. Run:
 *
 *     npm run conformance                                      all that nothing is known to stand in the way of
 *     npm run conformance -- --focus 'sig-api-machinery'       those of them whose names match
 *     npm run conformance -- --list                            names only, nothing is started
 *     npm run conformance -- --all                             the others, too
 *     npm run conformance -- --kubeconfig FILE                 against a cluster that runs already
 *     npm run conformance -- --merge                           keep what today's file says of tests that are not run now
 *
 * Prints what failed and why, and writes bench/results/conformance-<date>.json (`--out FILE`: there). Exits with 1 when a
 * test failed. What cannot pass here, and why: obstacles.ts.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../../base/clock.ts';
import { kubectlBinaries, startCluster } from '../testing/local-cluster.ts';
import { findPeer } from '../testing/peers.ts';
import { obstacles } from './obstacles.ts';
import { countOutcomes, hasRun, mergeOutcomes, parseReport } from './report.ts';
import type { TestOutcome } from './report.ts';

const { values: flags } = parseArgs({
  options: {
    focus: { type: 'string', default: '' },
    skip: { type: 'string' },
    all: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    merge: { type: 'boolean', default: false },
    kubeconfig: { type: 'string' },
    kubectl: { type: 'string' },
    timeout: { type: 'string', default: '2h' },
    out: { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const root = fileURLToPath(new URL('../..', import.meta.url));
const date = new Date(systemClock.nowMs()).toISOString().slice(0, 10);
const out = flags.out ?? join(root, 'bench', 'results', `conformance-${date}.json`);

/** e2e.test's arguments for the tests that are wanted; Ginkgo matches the suite's name and the test's: `^` would never hold. */
function testArguments(folder: string, kubeconfig: string | undefined): string[] {
  const skips = [
    ...(flags.all ? [] : obstacles.map(({ tests }) => tests.source.replace(/^\^/, ''))),
    ...(flags.skip ?? []).toString().split('\n'),
  ];
  const focused = flags.focus === '' ? String.raw`\[Conformance\]` : String.raw`(${flags.focus}).*\[Conformance\]`;
  const kubectl = flags.kubectl ?? kubectlBinaries()[0];
  return [
    '--provider=skeleton',
    '--dump-logs-on-failure=false',
    `--ginkgo.focus=${focused}`,
    ...skips.filter((skip) => skip !== '').map((skip) => `--ginkgo.skip=${skip}`),
    `--ginkgo.timeout=${flags.timeout}`,
    '--ginkgo.no-color',
    `--ginkgo.json-report=${join(folder, 'report.json')}`,
    ...(kubectl === undefined ? [] : [`--kubectl-path=${kubectl}`]),
    ...(kubeconfig === undefined ? ['--ginkgo.dry-run'] : [`--kubeconfig=${kubeconfig}`]),
  ];
}

/** Runs e2e.test to its end; undefined where it wrote no report. */
async function runTests(program: string, kubeconfig: string | undefined): Promise<TestOutcome[] | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-conformance-'));
  const log = join(folder, 'log');
  say(`what e2e.test prints: ${log}`);
  const output = openSync(log, 'w');
  const child = spawn(program, testArguments(folder, kubeconfig), { cwd: folder, stdio: ['ignore', output, output] });
  // Ctrl-C reaches e2e.test as well: it writes its report and ends, and then the cluster is taken down
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  await once(child, 'close');
  process.off('SIGINT', ignore);
  const report = join(folder, 'report.json');
  if (existsSync(report)) return parseReport(readFileSync(report, 'utf8'));
  process.stderr.write(readFileSync(log, 'utf8').slice(-3000));
  return undefined;
}

async function runOnCluster(program: string): Promise<TestOutcome[] | undefined> {
  if (flags.list) return await runTests(program, undefined);
  if (flags.kubeconfig !== undefined) return await runTests(program, flags.kubeconfig);
  const cluster = await startCluster({ replicas: 1, nodes: 2 });
  try {
    return await runTests(program, cluster.kubeconfig);
  } finally {
    await cluster.destroy();
  }
}

function print(outcomes: readonly TestOutcome[]): void {
  for (const { name, outcome, seconds, reason } of outcomes) {
    if (!hasRun(outcome)) continue;
    say(
      `${outcome.padEnd(7)} ${`${seconds ?? 0} s`.padStart(8)}  ${name}${reason === undefined ? '' : `\n${' '.repeat(18)}${reason}`}`,
    );
  }
  say(JSON.stringify(countOutcomes(outcomes)));
}

function write(outcomes: readonly TestOutcome[], program: string): void {
  const known =
    flags.merge && existsSync(out) ? (JSON.parse(readFileSync(out, 'utf8')) as { tests: TestOutcome[] }).tests : [];
  const tests = mergeOutcomes(known, outcomes);
  const suite = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify({ date, suite, commit, counts: countOutcomes(tests), tests }, null, 1)}\n`);
  say(`written: ${out}`);
}

const program = findPeer('e2e.test');
if (program === undefined) throw new Error('e2e.test is not here: npm run peers -- conformance');
const outcomes = await runOnCluster(program);
if (outcomes === undefined) process.exitCode = 2;
else {
  print(outcomes);
  if (!flags.list) write(outcomes, program);
  process.exitCode = outcomes.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

/**
 * Is every deliberate bug found, and in how many seeds?
 *
 *     npm run sim:bugs -- [--bug <name or pattern>]… [--simulation cluster|core] [--max-seeds N] [--seconds S] [--missing] [--write]
 *
 * Each bug gets a test build of its own, which runs seeds 1, 2, 3, … until a checker sees a violation. The build without
 * a bug must run clean over as many seeds. --write keeps the figures in bench/results and makes the table in docs anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { allBugs } from './all-bugs.ts';
import { defaultMaxSeeds } from './bug.ts';
import type { Bug, Simulation } from './bug.ts';
import { huntBug } from './hunt-bug.ts';
import { bugTable, cleanName } from './bug-table.ts';
import type { HuntRecord } from './bug-table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const recordFile = join(root, 'bench', 'results', 'simulation-bugs.json');
const tableFile = join(root, 'docs', 'simulation-bugs.md');
const textMax = 300;

const { values } = parseArgs({
  options: {
    bug: { type: 'string', multiple: true },
    'max-seeds': { type: 'string' },
    seconds: { type: 'string' },
    /** instead of the one that each bug names */
    simulation: { type: 'string' },
    /** only those that no earlier hunt has found */
    missing: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function readRecord(): Record<string, HuntRecord> {
  try {
    return JSON.parse(readFileSync(recordFile, 'utf8')) as Record<string, HuntRecord>;
  } catch {
    return {};
  }
}

async function save(record: Record<string, HuntRecord>): Promise<void> {
  const known = [cleanName('cluster'), cleanName('core'), ...allBugs.map(({ name }) => name)].filter(
    (name) => record[name] !== undefined,
  );
  const ordered = Object.fromEntries(known.map((name) => [name, record[name]!]));
  writeFileSync(recordFile, `${JSON.stringify(ordered, null, 2)}\n`);
  const style = await resolveConfig(tableFile);
  writeFileSync(tableFile, await format(bugTable(ordered), { ...style, parser: 'markdown' }));
}

async function hunt(name: string, bug: Bug | undefined, simulation: Simulation, maxSeeds: number): Promise<HuntRecord> {
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  const { seeds, simMs, realMs, foundBy, text } = await huntBug(bug, { maxSeeds, seconds, simulation });
  const seen = `${simulation}, ${(simMs / 1000).toFixed(0)} simulated s, ${(realMs / 1000).toFixed(1)} s`;
  const what = foundBy === undefined ? 'clean' : `${foundBy}: ${(text ?? '').split('\n')[0]!.slice(0, 160)}`;
  say(`${name.padEnd(36)} ${String(seeds).padStart(5)} seeds  ${seen.padStart(36)}  ${what}`);
  const day = new Date().toISOString().slice(0, 10);
  const finding = foundBy !== undefined && { foundBy, text: text?.slice(0, textMax) };
  return { simulation, seeds, simMs, realMs, day, ...finding };
}

const only = values.simulation === undefined ? undefined : (values.simulation as Simulation);
const simulationOf = (bug: Bug): Simulation => only ?? bug.simulation ?? 'cluster';
const record = readRecord();
const patterns = (values.bug ?? ['']).map((pattern) => new RegExp(pattern));
const wanted = allBugs.filter(
  ({ name }) =>
    patterns.some((pattern) => pattern.test(name)) && !(values.missing && record[name]?.foundBy !== undefined),
);
let failures = 0;
for (const bug of wanted) {
  const maxSeeds = Number(values['max-seeds'] ?? bug.maxSeeds ?? defaultMaxSeeds);
  const found = await hunt(bug.name, bug, simulationOf(bug), maxSeeds);
  if (found.foundBy === undefined && bug.notFound === undefined) failures++;
  record[bug.name] = found;
  if (values.write) await save(record);
}
/** Without a bug as many seeds must be clean as the bug that was hardest to find took. */
for (const simulation of ['cluster', 'core'] as const) {
  const name = cleanName(simulation);
  const isWanted = values.bug === undefined || values.bug.includes(name);
  if (!isWanted || (only !== undefined && simulation !== only)) continue;
  const seeds = allBugs.map((bug) => (simulationOf(bug) === simulation ? (record[bug.name]?.seeds ?? 0) : 0));
  record[name] = await hunt(name, undefined, simulation, Number(values['max-seeds'] ?? Math.max(1, ...seeds)));
  if (values.write) await save(record);
  if (record[name].foundBy !== undefined) failures++;
}
process.exitCode = failures > 0 ? 1 : 0;

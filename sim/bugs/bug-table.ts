import { bugGroups } from './all-bugs.ts';
import type { Bug } from './bug.ts';

/** What the last hunt for a bug gave; `no-bug` stands for the build without any. */
export interface HuntRecord {
  readonly seeds: number;
  readonly simMs: number;
  readonly realMs: number;
  readonly day: string;
  /** the checker; undefined: not found in so many seeds */
  readonly foundBy?: string | undefined;
  readonly text?: string | undefined;
}

const intro = `# The simulator's own test: deliberate bugs

A simulator that finds nothing may be blind. So bugs are planted in it, one at a time, and it must find each: see
\`sim/bugs/\`. A bug is data (a text of the product's source and what stands in its place), applied only in a test build;
the product's code carries no trace of it. Each build runs seeds 1, 2, 3, … until a checker reports a violation.

The table is made by \`npm run sim:bugs -- --write\` and the figures are in \`bench/results/simulation-bugs.json\`. _Seeds_
is how many it took, each of about 60 simulated seconds of a cluster of its own kind; _real_ is on one core of a shared
machine, so it is noisy. _etcd_ names the issue or pull request of etcd that had the bug.
`;

const seconds = (ms: number): string => (ms < 99_500 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000).toString());
const cell = (text: string): string => text.replaceAll('|', '\\|');

function row(bug: Bug, found: HuntRecord | undefined): string {
  const cells =
    found === undefined
      ? ['not hunted yet', '', '', '']
      : found.foundBy === undefined
        ? [`**not found**${bug.notFound === undefined ? '' : `: ${bug.notFound}`}`, `(${found.seeds})`]
        : [found.foundBy, String(found.seeds)];
  const times = found === undefined ? ['', ''] : [`${seconds(found.simMs)} s`, `${seconds(found.realMs)} s`];
  const all = [`\`${bug.name}\``, bug.what, bug.etcd ?? '', ...cells.slice(0, 2), ...times];
  return `| ${all.map(cell).join(' | ')} |`;
}

/** The page as Markdown. */
export function bugTable(record: Readonly<Record<string, HuntRecord>>): string {
  const bugs = bugGroups.flatMap(({ bugs }) => bugs);
  const found = bugs.filter(({ name }) => record[name]?.foundBy !== undefined);
  const clean = record['no-bug'];
  const seeds = found.map(({ name }) => record[name]!.seeds).sort((a, b) => a - b);
  const within = (most: number): number => seeds.filter((count) => count <= most).length;
  const summary = [
    `${found.length} of ${bugs.length} bugs are found: ${within(1)} by the first seed, ${within(10)} within 10, ` +
      `${within(100)} within 100, all of these within ${seeds.at(-1) ?? 0}.`,
    clean === undefined
      ? ''
      : `Without a bug the same seeds are ${clean.foundBy === undefined ? 'clean' : `NOT clean (${clean.foundBy})`}: ` +
        `${clean.seeds} seeds, ${seconds(clean.simMs)} simulated seconds, ${seconds(clean.realMs)} s.`,
  ];
  const head =
    '| bug | what it does | etcd | found by | seeds | simulated | real |\n| --- | --- | --- | --- | --- | --- | --- |';
  const groups = bugGroups.map(
    ({ title, bugs }) => `## ${title}\n\n${head}\n${bugs.map((bug) => row(bug, record[bug.name])).join('\n')}\n`,
  );
  return [intro, summary.filter((line) => line !== '').join('\n') + '\n', ...groups].join('\n');
}

import { bugGroups } from './all-bugs.ts';
import type { Bug, Simulation } from './bug.ts';

/** under which the build without a bug is kept */
export const cleanName = (simulation: Simulation): string => `no-bug-${simulation}`;

/** What the last hunt for a bug gave. */
export interface HuntRecord {
  readonly simulation: Simulation;
  readonly seeds: number;
  readonly simMs: number;
  readonly realMs: number;
  readonly day: string;
  /** the checker; undefined: not found in so many seeds */
  readonly foundBy?: string | undefined;
  readonly text?: string | undefined;
}

const intro = `# The simulator's own test: deliberate bugs

A simulator that finds nothing may be blind. So bugs are planted, one at a time, and it must find each: see \`sim/bugs/\`.
A bug is data (a text of the product's source and what stands in its place), applied only in a test build; the product's
code carries no trace of it. Each build runs seeds 1, 2, 3, … until a checker reports a violation.

_In_ is where: whole clusters (raft, log, snapshot files, store, clients; a seed is about 60 simulated seconds of a cluster
drawn from it), or groups of cores alone (\`raft/core/testing\`; a seed is a run of each of a dozen kinds of group through
6,000 random events), which go where the store never leads Raft: joint configurations, no pre-vote. _Seeds_ is how many it
took. _Real_ is with the process's start, on one core of a machine that others used too: noisy. _etcd_ names the issue or
pull request of etcd that had the bug. Of the bugs of etcd that this project keeps a list of, one has no place here yet:
the nested Txn that goes past permissions (CVE-2026-33343), which has a test with that number instead (store/etcd/auth).

Made by \`npm run sim:bugs -- --write\`; the figures are kept in \`bench/results/simulation-bugs.json\`.
`;

const seconds = (ms: number): string => `${ms < 99_500 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
const cell = (text: string): string => text.replaceAll('|', '\\|');

function row(bug: Bug, found: HuntRecord | undefined): string {
  const why = bug.notFound === undefined ? '' : `: ${bug.notFound}`;
  const outcome = found === undefined ? 'not hunted yet' : (found.foundBy ?? `**not found** in ${found.seeds}${why}`);
  const figures =
    found === undefined
      ? ['', '', '', '']
      : [
          found.simulation,
          found.foundBy === undefined ? '' : String(found.seeds),
          found.simulation === 'core' ? '' : seconds(found.simMs),
          seconds(found.realMs),
        ];
  const [simulation = '', ...rest] = figures;
  return `| ${[`\`${bug.name}\``, bug.what, bug.etcd ?? '', simulation, outcome, ...rest].map(cell).join(' | ')} |`;
}

function summary(bugs: readonly Bug[], record: Readonly<Record<string, HuntRecord>>): string {
  const found = bugs.flatMap(({ name }) => (record[name]?.foundBy === undefined ? [] : [record[name]]));
  const within = (most: number): number => found.filter(({ seeds }) => seeds <= most).length;
  const most = Math.max(0, ...found.map(({ seeds }) => seeds));
  const lines = [
    `**${found.length} of ${bugs.length} are found**: ${within(1)} by the first seed, ${within(10)} within 10, ` +
      `${within(100)} within 100, the last of these after ${most}.`,
  ];
  for (const simulation of ['cluster', 'core'] as const) {
    const clean = record[cleanName(simulation)];
    if (clean === undefined) continue;
    const verdict = clean.foundBy === undefined ? 'clean' : `**not clean** (${clean.foundBy})`;
    const simulated = simulation === 'core' ? '' : `${seconds(clean.simMs)} simulated, `;
    lines.push(
      `Without a bug seeds 1 to ${clean.seeds} are ${verdict} (${simulation}; ${simulated}${seconds(clean.realMs)}).`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The page as Markdown. */
export function bugTable(record: Readonly<Record<string, HuntRecord>>): string {
  const bugs = bugGroups.flatMap(({ bugs }) => bugs);
  const head =
    '| bug | what it does | etcd | in | found by | seeds | simulated | real |\n' +
    '| --- | --- | --- | --- | --- | --- | --- | --- |';
  const groups = bugGroups.map(
    ({ title, bugs }) => `## ${title}\n\n${head}\n${bugs.map((bug) => row(bug, record[bug.name])).join('\n')}\n`,
  );
  return [intro, summary(bugs, record), ...groups].join('\n');
}

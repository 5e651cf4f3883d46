import type { Outcome, Request } from '../check/history.ts';

/** Counts what happened, by name; sums of many runs are made by `addAll`. */
export type Counts = Record<string, number>;

export function addAll(to: Counts, from: Counts): void {
  for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + count;
}

/** Counters of one run. Names with a colon are grouped in the summary. */
export class RunStats {
  readonly counts: Counts = {};

  add(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  operation(kind: Request['kind'], status: Outcome['status']): void {
    this.add('operations');
    this.add(`operation ${kind}`);
    this.add(`outcome ${status}`);
  }

  fault(name: string): void {
    this.add('faults');
    this.add(`fault ${name}`);
  }
}

const section = (counts: Counts, prefix: string): [string, number][] =>
  Object.entries(counts)
    .filter(([name]) => name.startsWith(`${prefix} `))
    .map(([name, count]) => [name.slice(prefix.length + 1), count]);

const plain = (counts: Counts): [string, number][] =>
  Object.entries(counts).filter(([name]) => !/^(fault|operation|outcome) /.test(name));

/** A table for a person, two columns wide. */
function table(title: string, rows: readonly [string, number][]): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(([name, count]) => `${name.padEnd(34)}${count.toLocaleString('en-US').padStart(14)}`);
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += 2) lines.push(`  ${cells[i]}    ${cells[i + 1] ?? ''}`.trimEnd());
  return [title, ...lines, ''];
}

/** What really happened: faults by name (with those that never did), operations, and their consequences. */
export function coverageTable(counts: Counts, faultNames: readonly string[]): string {
  const faults = faultNames.map((name): [string, number] => [name, counts[`fault ${name}`] ?? 0]);
  return [
    ...table('faults', faults),
    ...table('operations', section(counts, 'operation')),
    ...table('outcomes', section(counts, 'outcome')),
    ...table('in all', plain(counts)),
  ].join('\n');
}

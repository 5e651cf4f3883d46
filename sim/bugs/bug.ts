/**
 * A deliberate bug. It is data: the product's code carries no trace of it, and only a test build (see test-build.ts) has
 * its edits in it.
 */
export interface Bug {
  readonly name: string;
  /** one line, for the table */
  readonly what: string;
  /** the issue or pull request of etcd that had it */
  readonly etcd?: string;
  readonly edits: readonly Edit[];
  /** it is found within so many seeds, counted from 1, and the hunt gives up behind them; default `defaultMaxSeeds` */
  readonly maxSeeds?: number;
  /** where it is looked for; default 'cluster'. 'core': the store never brings Raft to where it shows */
  readonly simulation?: Simulation;
  /** set where the simulator does not find it: why not, and what does */
  readonly notFound?: string;
}

/** whole clusters, or groups of Raft's core alone: see cluster-seeds.ts and core-seeds.ts */
export type Simulation = 'cluster' | 'core';

export interface Edit {
  /** from the root of the repository */
  readonly file: string;
  /** exact source text that occurs once in the file */
  readonly find: string;
  readonly replace: string;
}

export const defaultMaxSeeds = 200;

/** Throws where the text to be replaced is not there exactly once: the code has changed, and the bug must follow it. */
export function applyEdit(source: string, { file, find, replace }: Edit): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`${file} has this text ${places} times, not once:\n${find}`);
  return source.replace(find, () => replace);
}

import { parseArgs } from 'node:util';
import { defaultSeconds } from './run-config.ts';
import type { RunOptions } from './run-config.ts';

export interface SimOptions {
  readonly first: number;
  readonly seeds: number;
  readonly jobs: number;
  /** of a single seed: every step is printed */
  readonly trace: boolean;
  readonly shrink: boolean;
  /** after so many seeds with violations no further ones begin */
  readonly failuresMax: number;
  /** one line of JSON a seed, instead of text for people */
  readonly json: boolean;
  /** this process runs seeds for another one */
  readonly worker: boolean;
  readonly help: boolean;
  readonly run: RunOptions;
}

export const usage = `Runs whole clusters in simulated time, each from one seed.

  npm run sim -- [options]

  --seeds N       how many seeds (100)
  --first K       the first of them (1)
  --seed S        this one only
  --seconds T     simulated seconds a seed, three quarters of them with faults (${defaultSeconds})
  --members 3|5   of the cluster (drawn from the seed)
  --clients N     clients (drawn from the seed)
  --jobs N        processes (1)
  --trace         print every step; for one seed
  --shrink        look for a smaller run that fails in the same way
  --only 1,4,7    of the faults of the schedule only these, or none
  --until T       the faults end after T simulated seconds
  --failures N    stop after N seeds with violations (10)
  --json          one line of JSON a seed
`;

/** Throws with a text for the user where an option makes no sense. */
export function parseOptions(argv: readonly string[]): SimOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seeds: { type: 'string' },
      first: { type: 'string' },
      seed: { type: 'string' },
      seconds: { type: 'string' },
      members: { type: 'string' },
      clients: { type: 'string' },
      jobs: { type: 'string' },
      only: { type: 'string' },
      until: { type: 'string' },
      failures: { type: 'string' },
      trace: { type: 'boolean' },
      shrink: { type: 'boolean' },
      json: { type: 'boolean' },
      worker: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const seed = number('--seed', values.seed);
  const until = number('--until', values.until);
  const only = values.only === 'none' ? [] : values.only?.split(',');
  const seeds = number('--seeds', values.seeds, { whole: true, least: 1 }) ?? 100;
  return {
    first: seed ?? number('--first', values.first, { whole: true }) ?? 1,
    seeds: seed === undefined ? seeds : 1,
    jobs: number('--jobs', values.jobs, { whole: true, least: 1 }) ?? 1,
    trace: values.trace ?? false,
    shrink: values.shrink ?? false,
    failuresMax: number('--failures', values.failures, { whole: true, least: 1 }) ?? 10,
    json: values.json ?? false,
    worker: values.worker ?? false,
    help: values.help ?? false,
    run: {
      seconds: number('--seconds', values.seconds, { least: 1 }),
      members: number('--members', values.members, { whole: true, least: 1 }),
      clients: number('--clients', values.clients, { whole: true, least: 1 }),
      only: only?.map((id) => number('--only', id, { whole: true })!),
      untilMs: until === undefined ? undefined : Math.round(until * 1000),
    },
  };
}

function number(
  name: string,
  text: string | undefined,
  { whole = false, least = 0 }: { whole?: boolean; least?: number } = {},
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= least && (!whole || Number.isInteger(value))) return value;
  throw new Error(`${name} wants ${whole ? 'a whole number' : 'a number'} of at least ${least}, not '${text}'`);
}

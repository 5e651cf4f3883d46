import { defaultSeconds } from './run-config.ts';
import type { RunOptions } from './run-config.ts';

/** What to type to see a seed fail again, step by step. */
export function replayCommand(seed: number, options: RunOptions): string {
  const { seconds, members, clients, only, untilMs } = options;
  const parts = [
    `npm run sim -- --seed ${seed}`,
    seconds !== undefined && seconds !== defaultSeconds && `--seconds ${seconds}`,
    members !== undefined && `--members ${members}`,
    clients !== undefined && `--clients ${clients}`,
    only !== undefined && `--only ${only.join(',') || 'none'}`,
    untilMs !== undefined && `--until ${untilMs / 1000}`,
    '--trace',
  ];
  return parts.filter((part) => part !== false).join(' ');
}

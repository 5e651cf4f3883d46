/**
 * Where the leader of a three-member `kuorum etcd` spends its processor time, a profile a workload of `npm run bench`:
 *
 *   npm run bench:profile -- [--only PART-OF-NAME ...]
 *
 * Prints the shares; writes bench/results/profile-<date>.json.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { benchValue, rangeKeys } from './calls.ts';
import { profileOf } from './cpu-profiler.ts';
import { sharesOf } from './profile-shares.ts';
import type { Share, Shares } from './profile-shares.ts';
import { StoreProcesses } from './store-processes.ts';
import { workloads } from './workloads.ts';

const { values: flags } = parseArgs({ options: { only: { type: 'string', multiple: true, default: [] } } });
const isWanted = (name: string): boolean => flags.only.length === 0 || flags.only.some((part) => name.includes(part));
const putTimeoutMs = 10_000;
const warmUpShare = 0.25;

const list = (shares: readonly Share[]): string =>
  shares.map(({ name, percent }) => `    ${percent.toFixed(1).padStart(5)} %  ${name}`).join('\n');

const group = await StoreProcesses.start('kuorum', 3);
const found: Record<string, Shares> = {};
try {
  const bundle = readFileSync(new URL('../dist/kuorum.cjs', import.meta.url), 'latin1');
  const leader = await group.healthy();
  for (const key of rangeKeys) await leader.client.put({ key, value: benchValue }, putTimeoutMs);
  for (const workload of workloads.filter(({ name }) => isWanted(name))) {
    const { name, operations } = workload;
    await workload.run(leader.clientUrl, Math.ceil(operations * warmUpShare));
    const profile = await profileOf(leader.process.pid!, () => workload.run(leader.clientUrl, operations));
    const shares = sharesOf(profile, bundle);
    found[name] = shares;
    console.log(`${name}: the leader works ${shares.busyPercent} % of the time\n${list(shares.rooms)}`);
    console.log(`  functions:\n${list(shares.functions)}\n`);
  }
} finally {
  await group.stop();
}
const command = ['npm run bench:profile', ...flags.only.flatMap((name) => ['--only', `"${name}"`])].join(' ');
const day = new Date(systemClock.nowMs()).toISOString().slice(0, 10);
const file = new URL(`results/profile-${day}.json`, import.meta.url);
mkdirSync(new URL('.', file), { recursive: true });
writeFileSync(file, `${JSON.stringify({ command, workloads: found }, null, 2)}\n`);

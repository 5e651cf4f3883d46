/**
 * A three-member `kuorum etcd` cluster beside a three-member etcd on this machine, taking turns, at default settings, under
 * loads that are not ours: h2load (nghttp2-client), and etcd's own `benchmark` where it is installed (npm run peers).
 *
 *   npm run bench -- [--rounds 5] [--only PART-OF-NAME ...] [--quick] [--etcd PATH] [--no-big]
 *
 * Prints a table; writes bench/results/store-<date>.json and .svg. Runs unattended, and leaves nothing behind.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { findPeer } from '../e2e/testing/peers.ts';
import { measureBigStore } from './big-store.ts';
import { benchValue, rangeKeys, utf8 } from './calls.ts';
import { chartOf } from './chart.ts';
import { etcdBenchmark } from './etcd-benchmark.ts';
import { cpuSeconds } from './process-usage.ts';
import { describe, printTable, Results } from './report.ts';
import { StoreProcesses } from './store-processes.ts';
import type { Peer, StoreMember } from './store-processes.ts';
import { scheduling } from './summary.ts';
import { workloads } from './workloads.ts';
import type { Figures, Workload } from './workloads.ts';

const targets: readonly Peer[] = ['kuorum', 'etcd'];
const members = 3;
const putTimeoutMs = 10_000;
const warmUpShare = 0.25;
const quickShare = 0.1;
const bigName = '1,000,000 keys of 256 B';
const bigKeys = 1_000_000;
const bigKeysQuick = 100_000;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    'no-big': { type: 'boolean', default: false },
    etcd: { type: 'string' },
  },
});
const rounds = flags.quick ? 1 : Number(flags.rounds);
const isWanted = (name: string): boolean => flags.only.length === 0 || flags.only.some((part) => name.includes(part));
const etcd = flags.etcd ?? findPeer('etcd-3.7') ?? findPeer('etcd-3.6') ?? findPeer('etcd');
if (etcd === undefined) throw new Error('there is no etcd to compare with: install it, or name it with --etcd PATH');

async function prepare(leader: StoreMember): Promise<void> {
  const keys = [...rangeKeys, ...Array.from({ length: 8 }, (_, i) => utf8(`bench/key-${i}`))];
  for (const key of keys) await leader.client.put({ key, value: benchValue }, putTimeoutMs);
}

/** Through the leader, and with the processor time of all members. */
async function measure(group: StoreProcesses, workload: Workload, operations: number): Promise<Figures> {
  const { clientUrl } = await group.healthy();
  const used = (): number => group.members.reduce((sum, { process }) => sum + cpuSeconds(process.pid!), 0);
  await workload.run(clientUrl, Math.ceil(operations * warmUpShare));
  const before = used();
  const figures = await workload.run(clientUrl, operations);
  return { ...figures, 'CPU s per 10,000': ((used() - before) / operations) * 10_000 };
}

async function compareWorkloads(results: Results): Promise<void> {
  const chosen = workloads.filter(({ name }) => isWanted(name));
  const missing = chosen.filter(({ needsEtcdBenchmark }) => needsEtcdBenchmark && etcdBenchmark() === undefined);
  for (const { name } of missing) console.log(`skipped: ${name}: etcd's benchmark is not installed (npm run peers)`);
  const runnable = chosen.filter((workload) => !missing.includes(workload));
  if (runnable.length === 0) return;
  const groups: StoreProcesses[] = [];
  try {
    for (const target of targets) {
      const group = await StoreProcesses.start(target, members, {}, etcd);
      groups.push(group);
      await prepare(await group.healthy());
    }
    for (let round = 1; round <= rounds; round++) {
      for (const workload of runnable) {
        const operations = Math.ceil(workload.operations * (flags.quick ? quickShare : 1));
        for (const group of groups) {
          const figures = await measure(group, workload, operations);
          results.add(workload.name, sideOf(group.peer), figures);
          console.log(`round ${round}  ${workload.name}  ${group.peer}  ${describe(figures)}`);
        }
      }
    }
  } finally {
    for (const group of groups) await group.stop();
  }
}

async function compareBigStores(results: Results): Promise<void> {
  if (flags['no-big'] || !isWanted(bigName)) return;
  for (const target of targets) {
    const group = await StoreProcesses.start(target, members, {}, etcd);
    try {
      const figures = await measureBigStore(group, flags.quick ? bigKeysQuick : bigKeys);
      results.add(bigName, sideOf(target), figures);
      console.log(`${bigName}  ${target}  ${describe(figures)}`);
    } finally {
      await group.stop();
    }
  }
}

const sideOf = (peer: Peer): 'kuorum' | 'real' => (peer === 'kuorum' ? peer : 'real');

const results = new Results();
await compareWorkloads(results);
await compareBigStores(results);
const rows = results.rows();
printTable(rows, 'etcd');
const date = new Date(systemClock.nowMs()).toISOString();
const version = execFileSync(etcd, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
const machine = `${cpus().length} x ${cpus()[0]?.model ?? ''}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
const report = {
  date,
  command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
  machine,
  scheduling: scheduling(),
  node: process.version,
  etcd: version,
  unit: 'medians of the rounds, through the leader of three members, fsync on; CPU of the three members together',
  rows,
  rounds: results.rounds,
};
mkdirSync('bench/results', { recursive: true });
const name = `bench/results/store${flags.quick ? '-quick' : ''}-${date.slice(0, 10)}`;
writeFileSync(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(`${name}.svg`, chartOf(rows, `Kuorum and ${version}, ${machine}, ${date.slice(0, 10)}`, 'etcd'));
console.log(`written to ${name}.json and .svg`);

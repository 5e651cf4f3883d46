/**
 * `kuorum apiserver` on a three-member `kuorum etcd`, beside the real kube-apiserver on a three-member etcd, on this machine,
 * taking turns, at default settings: h2load (nghttp2-client) over TLS with a token, watches by a client of our own.
 *
 *   npm run bench:api -- [--rounds 3] [--only PART-OF-NAME ...] [--objects 12000] [--quick]
 *                         [--minutes 6]   no further round begins later than that
 *
 * Prints a table; writes bench/results/api-<date>.json and .svg. Runs unattended, and leaves nothing behind.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../base/clock.ts';
import { findPeer } from '../e2e/testing/peers.ts';
import { ApiProcesses } from './api-processes.ts';
import { apiWorkloads, fill } from './api-workloads.ts';
import { chartOf } from './chart.ts';
import { describe, printTable, Results } from './report.ts';
import { scheduling } from './summary.ts';
import type { Peer } from './store-processes.ts';
import type { Figures } from './workloads.ts';

const replicasName = 'API: three replicas';
const firstName = 'API: the first server, on an empty store';
const quickShare = 0.1;
const replicas = 3;
/** buffers empty themselves meanwhile */
const settleMs = 5000;
const realName = 'kube-apiserver';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true, default: [] },
    objects: { type: 'string', default: '12000' },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '60' },
  },
});
const rounds = flags.quick ? 1 : Number(flags.rounds);
const share = flags.quick ? quickShare : 1;
const objects = Math.ceil(Number(flags.objects) * share);
const isWanted = (name: string): boolean => flags.only.length === 0 || flags.only.some((part) => name.includes(part));
const apiserver = findPeer('kube-apiserver');
const etcd = findPeer('etcd-3.7') ?? findPeer('etcd-3.6') ?? findPeer('etcd');
if (apiserver === undefined || etcd === undefined) {
  throw new Error('there is no kube-apiserver or no etcd to compare with: npm run peers');
}
const programs = { apiserver, etcd };
const results = new Results();
const loads: number[] = [];
const startMs = systemClock.monotonicMs();

function record(round: string, name: string, group: ApiProcesses, figures: Figures): void {
  results.add(name, group.side, figures);
  loads.push(Math.round((loadavg()[0] ?? 0) * 10) / 10);
  console.log(`${round}  ${name}  ${group.side === 'kuorum' ? 'kuorum' : realName}  ${describe(figures)}`);
}

/** The other two replicas start at once on the full store; what all of them hold; then the first is alone again. */
async function measureReplicas(group: ApiProcesses): Promise<void> {
  const added = await Promise.all(Array.from({ length: replicas - 1 }, () => group.addServer()));
  await sleep(settleMs);
  record('start', replicasName, group, {
    's to ready': Math.max(...added.map(({ readySeconds }) => readySeconds)),
    'resident MB': group.residentMB(),
  });
  for (const server of added) await group.removeServer(server);
}

async function startGroup(peer: Peer): Promise<ApiProcesses> {
  const group = await ApiProcesses.start(peer, programs);
  try {
    record('start', firstName, group, { 's to ready': group.servers[0]!.readySeconds });
    await fill(group, objects);
    if (isWanted(replicasName)) await measureReplicas(group);
    return group;
  } catch (error) {
    await group.stop();
    throw error;
  }
}

async function compare(): Promise<void> {
  const groups: ApiProcesses[] = [];
  try {
    for (const peer of ['kuorum', 'etcd'] as const) groups.push(await startGroup(peer));
    const endMs = startMs + Number(flags.minutes) * 60_000;
    for (let round = 1; round <= rounds; round++) {
      if (round > 1 && systemClock.monotonicMs() >= endMs) break;
      for (const workload of apiWorkloads.filter(({ name }) => isWanted(name))) {
        // who goes first changes, so that what else the machine does falls on both
        for (const group of round % 2 === 1 ? groups : groups.toReversed()) {
          record(`round ${round}`, workload.name, group, await workload.run(group, share));
        }
      }
    }
  } finally {
    for (const group of groups) await group.stop();
  }
}

const loadBefore = loadavg().map((load) => Math.round(load * 10) / 10);
await compare();
const rows = results.rows();
printTable(rows, realName);
const date = new Date(systemClock.nowMs()).toISOString();
const firstLine = (program: string): string =>
  execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0]!;
const machine = `${cpus().length} x ${cpus()[0]?.model ?? ''}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
const report = {
  date,
  command: `npm run bench:api -- ${process.argv.slice(2).join(' ')}`.trim(),
  machine,
  scheduling: scheduling(),
  node: process.version,
  kubernetes: firstLine(apiserver),
  etcd: firstLine(etcd),
  unit: 'medians of the rounds; one API server over three store members, fsync on, JSON over TLS; CPU of all server processes together; watches: from the request of a change to the event at the client',
  load: {
    before: loadBefore,
    afterEachMeasurement: loads,
    what: 'load averages of one minute, what this run does included',
  },
  objects,
  rows,
  rounds: results.rounds,
};
mkdirSync('bench/results', { recursive: true });
const name = `bench/results/api${flags.quick ? '-quick' : ''}-${date.slice(0, 10)}`;
writeFileSync(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(
  `${name}.svg`,
  chartOf(rows, `Kuorum and ${report.kubernetes} on ${report.etcd}, ${machine}, ${date.slice(0, 10)}`, realName),
);
console.log(`written to ${name}.json and .svg`);

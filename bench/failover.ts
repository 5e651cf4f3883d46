/**
 * How long a store of three members takes no writes when its leader dies or stands still: three processes at default
 * settings, a write begun through each survivor every few milliseconds; from the signal to the first acknowledgement of
 * one that was begun after it. Run: npm run bench:failover -- [--kills 50] [--mode kill|pause|stop|disk] [--peer kuorum|etcd]
 *
 * Prints a line a try and a summary, and writes bench/results/failover-<peer>-<mode>-<date>.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../base/clock.ts';
import { SteadyWriter } from './steady-writer.ts';
import { scheduling, summaryOf } from './summary.ts';
import { StoreProcesses } from './store-processes.ts';
import type { Peer, StoreMember } from './store-processes.ts';

const members = 3;
const writePeriodMs = 5;
const writeTimeoutMs = 3_000;
const patienceMs = 30_000;
const settleMs = 700;

const modes = ['kill', 'pause', 'stop', 'disk'] as const;
type Mode = (typeof modes)[number];

/** What a survivor's log tells, in the order it happens. */
const steps: readonly (readonly [name: string, message: RegExp])[] = [
  ['close seen', /^no connection to peer|^a peer is gone/],
  ['no leader', /^no leader now/],
  ['campaign', /^campaigning/],
  ['elected', /leads term \d+$/],
  ['first commit', /^first commit/],
];

interface Try {
  readonly outageMs: number;
  /** milliseconds after the signal at which a survivor first logged it (the log has whole milliseconds) */
  readonly steps: Readonly<Record<string, number>>;
}

/** of a write of the leader's log, in mode disk */
const stuckMs = 4_000;

function strike(group: StoreProcesses, leader: StoreMember, mode: Mode): Promise<void> {
  if (mode === 'kill') return group.signal(leader, 'SIGKILL');
  if (mode === 'stop') return group.signal(leader, 'SIGTERM');
  if (mode === 'disk') return group.arm(leader, 'walBeforeSync', `1*sleep(${stuckMs})`);
  leader.process.kill('SIGSTOP');
  return Promise.resolve();
}

async function firstWrite(writers: readonly SteadyWriter[], sinceMs: number): Promise<number> {
  const deadline = sinceMs + patienceMs;
  for (; systemClock.monotonicMs() < deadline; await sleep(2)) {
    const ends = writers.map((writer) => writer.firstAfter(sinceMs)).filter((end) => end !== undefined);
    if (ends.length > 0) return Math.min(...ends) - sinceMs;
  }
  throw new Error(`no write within ${patienceMs} ms`);
}

/** Writes go on by the others' disks; what is measured is the worst moment until leadership has been handed over. */
async function longestGap(writers: readonly SteadyWriter[], sinceMs: number): Promise<number> {
  await sleep(stuckMs / 2);
  const ends = writers.flatMap(({ acknowledged }) => acknowledged.map(({ endedMs }) => endedMs));
  const moments = [sinceMs, ...ends.filter((end) => end > sinceMs).sort((a, b) => a - b), systemClock.monotonicMs()];
  return Math.max(...moments.slice(1).map((moment, i) => moment - moments[i]!));
}

function stepsOf(group: StoreProcesses, survivors: readonly StoreMember[], sinceWallMs: number): Try['steps'] {
  if (group.peer !== 'kuorum') return {};
  const lines = survivors.flatMap((member) => group.logSince(member, Math.floor(sinceWallMs)));
  const found: Record<string, number> = {};
  for (const [name, message] of steps) {
    const times = lines.filter(({ msg }) => message.test(msg)).map(({ atMs }) => atMs);
    if (times.length > 0) found[name] = Math.max(0, Math.round(Math.min(...times) - sinceWallMs));
  }
  return found;
}

async function once(group: StoreProcesses, mode: Mode, number: number): Promise<Try> {
  const leader = await group.healthy();
  const survivors = group.members.filter((member) => member !== leader);
  const writers = survivors.map(
    ({ client, name }) => new SteadyWriter(client, `failover/${name}`, writePeriodMs, writeTimeoutMs),
  );
  try {
    await sleep(settleMs + (number % 10) * 11); // not in step with the heartbeats
    if (writers.some((writer) => writer.acknowledged.length === 0)) throw new Error('no write before the strike');
    const sinceMs = systemClock.monotonicMs();
    const sinceWallMs = systemClock.nowMs();
    const struck = strike(group, leader, mode);
    const outageMs = mode === 'disk' ? await longestGap(writers, sinceMs) : await firstWrite(writers, sinceMs);
    await struck;
    await sleep(50); // the log comes through a pipe
    return { outageMs, steps: stepsOf(group, survivors, sinceWallMs) };
  } finally {
    for (const writer of writers) writer.stop();
    if (mode === 'disk') await sleep(stuckMs);
    else if (mode === 'pause') leader.process.kill('SIGCONT');
    else group.restart(leader);
  }
}

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    mode: { type: 'string', default: 'kill' },
    peer: { type: 'string', default: 'kuorum' },
    'keep-logs': { type: 'boolean', default: false },
  },
});
const mode = modes.find((name) => name === flags.mode);
const peer = (['kuorum', 'etcd'] as const).find((name) => name === flags.peer);
if (mode === undefined || peer === undefined) throw new Error('--mode kill|pause|stop|disk, --peer kuorum|etcd');

async function measure(peer: Peer, mode: Mode, count: number): Promise<Try[]> {
  const group = await StoreProcesses.start(peer, members, mode === 'disk' ? { GOFAIL_HTTP: '127.0.0.1:0' } : {});
  const tries: Try[] = [];
  try {
    for (let number = 1; number <= count; number++) {
      const one = await once(group, mode, number);
      tries.push(one);
      const shown = Object.entries(one.steps).map(([name, ms]) => `${name} ${ms}`);
      console.log(`${mode} ${number}: ${Math.round(one.outageMs)} ms  (${shown.join(', ')})`);
    }
  } finally {
    if (flags['keep-logs']) console.log(group.folder);
    await group.stop(flags['keep-logs']);
  }
  return tries;
}

const started = systemClock.nowMs();
const tries = await measure(peer, mode, Number(flags.kills));
const outage = summaryOf(tries.map(({ outageMs }) => outageMs));
const breakdown = Object.fromEntries(
  steps.map(([name]) => [name, summaryOf(tries.map((one) => one.steps[name]).filter((ms) => ms !== undefined))]),
);
console.log(`${peer}, ${mode}, ${tries.length} tries: milliseconds without writes`);
console.table({ outage, ...(peer === 'kuorum' && breakdown) });
const result = {
  date: new Date(started).toISOString(),
  command: `npm run bench:failover -- --kills ${flags.kills} --mode ${mode} --peer ${peer}`,
  machine: `${cpus().length} x ${cpus()[0]?.model ?? ''}`,
  load: loadavg().map((load) => Math.round(load * 10) / 10),
  scheduling: scheduling(),
  node: process.version,
  unit: 'ms from the signal to the first acknowledged write begun after it through a survivor, three members, defaults',
  outage,
  ...(peer === 'kuorum' && { breakdown }),
  tries,
};
mkdirSync('bench/results', { recursive: true });
const file = `bench/results/failover-${peer}-${mode}-${result.date.slice(0, 10)}.json`;
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(`written to ${file}`);

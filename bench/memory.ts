/**
 * What a million keys cost a member: resident memory after they were put, and after a start with them, and how long that
 * takes; `kuorum etcd` beside etcd, one member each, default settings. Run: npm run bench:memory -- [--keys 1000000]
 *
 * Prints a table and writes bench/results/memory-<date>.json.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../base/clock.ts';
import { StoreProcesses } from './store-processes.ts';
import type { Peer, StoreMember } from './store-processes.ts';

const valueBytes = 256;
/** etcd takes up to 128 operations in a transaction */
const putsPerTxn = 100;
const txnsInFlight = 8;
const timeoutMs = 60_000;
const startTimeoutMs = 300_000;
/** buffers empty themselves meanwhile */
const settleMs = 15_000;

interface Memory {
  readonly residentMB: number;
  /** of it what is no file's content, which the system may take back */
  readonly anonymousMB: number;
}
interface Measured {
  readonly peer: Peer;
  readonly loadS: number;
  readonly loaded: Memory;
  readonly peakMB: number;
  readonly startMs: number;
  readonly started: Memory;
}

function field(member: StoreMember, name: string): number {
  const text = readFileSync(`/proc/${member.process.pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1]) / 1024);
}
const memoryOf = (member: StoreMember): Memory => ({
  residentMB: field(member, 'VmRSS'),
  anonymousMB: field(member, 'RssAnon'),
});

async function load({ client }: StoreMember, keys: number): Promise<void> {
  const value = new Uint8Array(valueBytes).fill(97);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < keys) {
      const first = next;
      next = Math.min(keys, next + putsPerTxn);
      const success = Array.from({ length: next - first }, (_, i) => {
        // as names go: neither in order nor without a common beginning
        const number = ((first + i) * 7919) % keys;
        return { requestPut: { key: Buffer.from(`/registry/bench/${String(number).padStart(10, '0')}`), value } };
      });
      await client.txn({ success }, timeoutMs);
    }
  };
  await Promise.all(Array.from({ length: txnsInFlight }, work));
}

async function untilIdle(member: StoreMember): Promise<void> {
  await sleep(settleMs);
  // what a status costs is nothing, and shows that it is there
  await member.client.status();
}

async function measure(peer: Peer, keys: number): Promise<Measured> {
  const group = await StoreProcesses.start(peer, 1);
  const member = group.members[0]!;
  try {
    const beginMs = systemClock.monotonicMs();
    await load(member, keys);
    const loadS = (systemClock.monotonicMs() - beginMs) / 1000;
    await untilIdle(member);
    const loaded = memoryOf(member);
    const peakMB = field(member, 'VmHWM');
    await group.signal(member, 'SIGTERM');
    const stoppedMs = systemClock.monotonicMs();
    group.restart(member);
    await group.healthy(startTimeoutMs);
    const startMs = Math.round(systemClock.monotonicMs() - stoppedMs);
    await untilIdle(member);
    return { peer, loadS: Math.round(loadS), loaded, peakMB, startMs, started: memoryOf(member) };
  } finally {
    await group.stop();
  }
}

const { values: flags } = parseArgs({
  options: { keys: { type: 'string', default: '1000000' }, peer: { type: 'string', default: 'kuorum,etcd' } },
});
const keys = Number(flags.keys);
const peers = (['kuorum', 'etcd'] as const).filter((peer) => flags.peer.split(',').includes(peer));
const measured: Measured[] = [];
for (const peer of peers) {
  const one = await measure(peer, keys);
  measured.push(one);
  console.log(JSON.stringify(one));
}
const result = {
  date: new Date(systemClock.nowMs()).toISOString(),
  command: `npm run bench:memory -- --keys ${keys}`,
  machine: `${cpus().length} x ${cpus()[0]?.model ?? ''}`,
  load: loadavg().map((load) => Math.round(load * 10) / 10),
  node: process.version,
  what: `${keys} keys with values of ${valueBytes} bytes, one member, default settings`,
  measured,
};
mkdirSync('bench/results', { recursive: true });
const file = `bench/results/memory-${result.date.slice(0, 10)}.json`;
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(`written to ${file}`);

/**
 * Puts and gets through the etcd v3 API: a three-member `kuorum etcd` cluster beside a three-member etcd, both on this
 * machine, taking turns, under a load that is not ours (h2load, from nghttp2-client). Run: npm run bench -- [--rounds N]
 *
 * Prints a table and writes bench/results/puts-<date>.json.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { etcdProto } from '../proto/etcd.ts';
import { loadProto } from '../proto/load.ts';
import { sleep, systemClock } from '../base/clock.ts';

const run = promisify(execFile);
const proto = loadProto(etcdProto);
const members = 3;
const valueBytes = 256;

interface Target {
  readonly name: string;
  readonly basePort: number;
  readonly command: (args: readonly string[]) => [string, string[]];
}

const targets: readonly Target[] = [
  { name: 'kuorum', basePort: 21_000, command: (args) => [process.execPath, ['bin/run-bundle.cjs', 'etcd', ...args]] },
  { name: 'etcd', basePort: 21_100, command: (args) => ['etcd', [...args]] },
];

interface Workload {
  readonly name: string;
  readonly path: string;
  readonly body: Uint8Array;
  readonly connections: number;
  readonly streams: number;
  readonly calls: number;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A gRPC frame: no compression, length, message. */
function frame(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(5 + message.length);
  new DataView(out.buffer).setUint32(1, message.length);
  out.set(message, 5);
  return out;
}

const key = utf8('bench/key');
const put = frame(proto.codec('etcdserverpb.PutRequest').encode({ key, value: new Uint8Array(valueBytes).fill(97) }));
const range = (serializable: boolean): Uint8Array =>
  frame(proto.codec('etcdserverpb.RangeRequest').encode({ key, serializable }));

const kv = '/etcdserverpb.KV';
const workloads: readonly Workload[] = [
  { name: 'put, 1 in flight', path: `${kv}/Put`, body: put, connections: 1, streams: 1, calls: 500 },
  { name: 'put, 128 in flight', path: `${kv}/Put`, body: put, connections: 8, streams: 16, calls: 20_000 },
  { name: 'linearizable get', path: `${kv}/Range`, body: range(false), connections: 8, streams: 16, calls: 20_000 },
  { name: 'serializable get', path: `${kv}/Range`, body: range(true), connections: 8, streams: 16, calls: 20_000 },
];

function startMembers({ basePort, command }: Target, folder: string): ChildProcess[] {
  const peer = (n: number): string => `http://127.0.0.1:${basePort + 10 + n}`;
  const client = (n: number): string => `http://127.0.0.1:${basePort + n}`;
  const cluster = Array.from({ length: members }, (_, n) => `m${n}=${peer(n)}`).join(',');
  return Array.from({ length: members }, (_, n) => {
    const flags = {
      name: `m${n}`,
      'data-dir': join(folder, `m${n}`),
      'listen-client-urls': client(n),
      'advertise-client-urls': client(n),
      'listen-peer-urls': peer(n),
      'initial-advertise-peer-urls': peer(n),
      'initial-cluster': cluster,
    };
    const [file, args] = command(Object.entries(flags).map(([name, value]) => `--${name}=${value}`));
    return spawn(file, args, { stdio: 'ignore' });
  });
}

async function stopMembers(processes: readonly ChildProcess[]): Promise<void> {
  const exits = processes.filter((child) => child.exitCode === null).map((child) => once(child, 'exit'));
  for (const child of processes) child.kill('SIGKILL');
  await Promise.all(exits);
}

/** Calls a second that succeeded, through the first member (whoever leads). */
async function measure(port: number, workload: Workload, bodyFile: string): Promise<number> {
  const { connections, streams, calls, path } = workload;
  const { stdout } = await run(
    'h2load',
    [
      '-n',
      `${calls}`,
      '-c',
      `${connections}`,
      '-m',
      `${streams}`,
      '-d',
      bodyFile,
      '-H',
      'content-type: application/grpc',
      '-H',
      'te: trailers',
      `http://127.0.0.1:${port}${path}`,
    ],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  const succeeded = Number(/(\d+) succeeded/.exec(stdout)?.[1] ?? 0);
  const rate = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(stdout)?.[1] ?? 0);
  if (succeeded !== calls)
    throw new Error(`${workload.name}: ${calls - succeeded} of ${calls} calls failed\n${stdout}`);
  return rate;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function untilReady(port: number, workload: Workload, bodyFile: string): Promise<void> {
  const deadline = systemClock.monotonicMs() + 20_000;
  for (;;) {
    const one = { ...workload, connections: 1, streams: 1, calls: 1 };
    const rate = await measure(port, one, bodyFile).catch(() => 0);
    if (rate > 0) break;
    if (systemClock.monotonicMs() > deadline) throw new Error(`port ${port} does not answer`);
    await sleep(200);
  }
  await sleep(2000); // h2load counts an answer, not a success: let the first election end
}

const roundsFlag = process.argv.indexOf('--rounds');
const rounds = roundsFlag > 0 ? Number(process.argv[roundsFlag + 1]) : 5;
const folder = mkdtempSync(join(tmpdir(), 'kuorum-bench-'));
const rates = new Map<string, number[]>();
const started: ChildProcess[][] = [];
try {
  for (const target of targets) started.push(startMembers(target, join(folder, target.name)));
  for (const workload of workloads) writeFileSync(join(folder, workload.name), workload.body);
  const first = workloads[0] as Workload;
  for (const target of targets) await untilReady(target.basePort, first, join(folder, first.name));
  for (let round = 0; round < rounds; round++) {
    for (const workload of workloads) {
      for (const target of targets) {
        const rate = await measure(target.basePort, workload, join(folder, workload.name));
        const series = `${workload.name}/${target.name}`;
        rates.set(series, [...(rates.get(series) ?? []), rate]);
      }
    }
  }
} finally {
  await Promise.all(started.map(stopMembers));
  rmSync(folder, { recursive: true, force: true });
}

const rows = workloads.map(({ name }) => {
  const [ours = 0, theirs = 0] = targets.map((target) => median(rates.get(`${name}/${target.name}`) ?? []));
  return {
    workload: name,
    kuorum: Math.round(ours),
    etcd: Math.round(theirs),
    ratio: Number((ours / theirs).toFixed(2)),
  };
});
console.table(rows);
const { stdout: etcdVersion } = await run('etcd', ['--version']);
const result = {
  date: new Date(systemClock.nowMs()).toISOString(),
  command: `npm run bench -- --rounds ${rounds}`,
  machine: `${cpus().length} x ${cpus()[0]?.model ?? ''}`,
  node: process.version,
  etcd: etcdVersion.split('\n')[0],
  unit: 'calls/s, median of the rounds, through one member of three, 256 B values, fsync on',
  rows,
  rounds: Object.fromEntries(rates),
};
mkdirSync('bench/results', { recursive: true });
const file = `bench/results/puts-${result.date.slice(0, 10)}.json`;
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(`written to ${file}`);

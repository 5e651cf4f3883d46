/**
 * No spurious election: a store of three members under full write load, whose disks take 500 ms for an fsync now and
 * then. Counts changes of leader, and looks for gaps in the heartbeats as the followers hear them. Run:
 * npm run bench:steadiness -- [--minutes 10] [--fault '0.2%sleep("500ms")'] [--connections 8] [--streams 16]
 *
 * Needs h2load (nghttp2-client). The slow disk is the fault point walBeforeSync of every member (GOFAIL_HTTP). Writes
 * bench/results/steadiness-<date>.json.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../base/clock.ts';
import { etcdProto } from '../proto/etcd.ts';
import { loadProto } from '../proto/load.ts';
import { scheduling } from './summary.ts';
import { StoreProcesses } from './store-processes.ts';

const members = 3;
const valueBytes = 256;
const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    fault: { type: 'string', default: '0.2%sleep("500ms")' },
    connections: { type: 'string', default: '8' },
    streams: { type: 'string', default: '16' },
  },
});
const seconds = Math.round(Number(flags.minutes) * 60);

/** A gRPC frame of one put: no compression, length, message. */
function putFrame(): Uint8Array {
  const key = new TextEncoder().encode('bench/steadiness');
  const value = new Uint8Array(valueBytes).fill(97);
  const message = loadProto(etcdProto).codec('etcdserverpb.PutRequest').encode({ key, value });
  const out = new Uint8Array(5 + message.length);
  new DataView(out.buffer).setUint32(1, message.length);
  out.set(message, 5);
  return out;
}

/** Puts as fast as they are answered, spread over all members; resolves with what h2load prints for each. */
async function load(group: StoreProcesses): Promise<string[]> {
  const body = join(group.folder, 'put.bin');
  writeFileSync(body, putFrame());
  const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  const options = ['-D', `${seconds}`, '-c', flags.connections, '-m', flags.streams, '-d', body, ...headers];
  return await Promise.all(
    group.members.map(async ({ clientUrl }) => {
      const url = `${clientUrl}/etcdserverpb.KV/Put`;
      const child = spawn('h2load', [...options, url], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(child, 'close');
      return text;
    }),
  );
}

const compactEveryMs = 10_000;
const keptRevisions = 300_000;

/** As whoever writes so much would: or the quota of 2 GiB is reached in five minutes. Ends with `ending`. */
async function compactNowAndThen(group: StoreProcesses, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    await sleep(compactEveryMs, systemClock, ending).catch(() => {});
    const { client } = group.members[0]!;
    try {
      const { header } = await client.status();
      const revision = (header?.revision ?? 0) - keptRevisions;
      if (revision > 0) await client.compact(revision);
    } catch {
      // it is asked again
    }
  }
}

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);

const started = systemClock.nowMs();
const group = await StoreProcesses.start('kuorum', members, { GOFAIL_HTTP: '127.0.0.1:0' });
try {
  await group.healthy();
  const before = await Promise.all(group.members.map(({ client }) => client.status()));
  await Promise.all(group.members.map((member) => group.arm(member, 'walBeforeSync', flags.fault)));
  const beganMs = systemClock.nowMs();
  const ending = new AbortController();
  const compacting = compactNowAndThen(group, ending.signal);
  const outputs = await load(group);
  ending.abort();
  await compacting;
  const endedMs = systemClock.nowMs();
  await Promise.all(group.members.map((member) => group.arm(member, 'walBeforeSync', 'off')));
  const after = await Promise.all(group.members.map(({ client }) => client.status()));
  const lines = group.members.map((member) => group.logSince(member, beganMs).filter(({ atMs }) => atMs <= endedMs));
  const count = (pattern: RegExp): number => lines.flat().filter(({ msg }) => pattern.test(msg)).length;
  const rows = {
    'seconds of load': Math.round((endedMs - beganMs) / 1000),
    'puts a second': Math.round(outputs.reduce((sum, text) => sum + number(text, /, ([\d.]+) req\/s/), 0)),
    'puts applied': Math.max(...after.map(({ header }) => header?.revision ?? 0)),
    'alarms raised': after.flatMap(({ errors }) => errors).length,
    'puts failed': outputs.reduce((sum, text) => sum + number(text, /(\d+) failed/), 0),
    'fsyncs of 500 ms': count(/^fault point/),
    'changes of term': Math.max(...after.map(({ raftTerm }) => raftTerm)) - Math.max(...before.map((s) => s.raftTerm)),
    'leaders lost': count(/^no leader now/),
    campaigns: count(/^campaigning/),
    'pauses of a process': count(/did not run for a while/),
    'late heartbeats': count(/^heartbeat is late/),
    'longest gap of heartbeats, ms': Math.max(
      0,
      ...lines.flat().map((line) => (line.msg.startsWith('heartbeat is late') ? Number(line['gapMs']) : 0)),
    ),
  };
  console.table(rows);
  for (const line of lines.flat().filter(({ msg }) => /leader now|leads term|campaigning|handing/.test(msg)))
    console.log(line);
  const result = {
    date: new Date(started).toISOString(),
    command: `npm run bench:steadiness -- --minutes ${flags.minutes} --fault '${flags.fault}'`,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? ''}`,
    load: loadavg().map((load) => Math.round(load * 10) / 10),
    scheduling: scheduling(),
    node: process.version,
    rows,
  };
  mkdirSync('bench/results', { recursive: true });
  const file = `bench/results/steadiness-${result.date.slice(0, 10)}.json`;
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`written to ${file}`);
} finally {
  await group.stop();
}

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { sleep, systemClock } from '../base/clock.ts';
import { SteadyWriter } from '../bench/steady-writer.ts';
import { StoreProcesses } from '../bench/store-processes.ts';
import type { StoreMember } from '../bench/store-processes.ts';

/**
 * Bounds that a busy machine keeps and that tell nevertheless: without the early election, or the handover, it would take
 * more than the election timeout of a second. `npm run bench:failover` measures.
 */
t.setTimeout(180_000);
const patienceMs = 30_000;

interface Case {
  readonly name: string;
  readonly tries: number;
  readonly medianMs: number;
  readonly reason: RegExp;
  readonly strike: (group: StoreProcesses, leader: StoreMember) => Promise<void>;
}

const cases: readonly Case[] = [
  {
    name: 'kill -9 of the leader',
    tries: 5,
    medianMs: 900,
    reason: /^peer connection closed$/,
    strike: (group, leader) => group.signal(leader, 'SIGKILL'),
  },
  {
    name: 'SIGTERM to the leader',
    tries: 3,
    medianMs: 600,
    reason: /^leadership transfer: the leader stops$/,
    strike: (group, leader) => group.signal(leader, 'SIGTERM'),
  },
  {
    name: 'SIGSTOP of the leader',
    tries: 3,
    medianMs: 2500,
    reason: /^election timeout$/,
    strike: (_, leader) => Promise.resolve(void leader.process.kill('SIGSTOP')),
  },
];

async function untilWritten(writers: readonly SteadyWriter[], sinceMs: number): Promise<number> {
  for (; systemClock.monotonicMs() < sinceMs + patienceMs; await sleep(2)) {
    const ends = writers.map((writer) => writer.firstAfter(sinceMs)).filter((end) => end !== undefined);
    if (ends.length > 0) return Math.min(...ends) - sinceMs;
  }
  throw new Error(`no write within ${patienceMs} ms`);
}

/** Milliseconds without writes through the survivors, and the reasons they log for the new leader. */
async function outage(group: StoreProcesses, strike: Case['strike']): Promise<{ ms: number; reasons: unknown[] }> {
  const leader = await group.healthy();
  const survivors = group.members.filter((member) => member !== leader);
  const writers = survivors.map(({ client, name }) => new SteadyWriter(client, `failover/${name}`, 10, 3000));
  try {
    await sleep(600);
    const [sinceMs, sinceWallMs] = [systemClock.monotonicMs(), Math.floor(systemClock.nowMs())];
    const struck = strike(group, leader);
    const ms = await untilWritten(writers, sinceMs);
    await struck;
    await sleep(200); // the log comes through a pipe
    const lines = survivors.flatMap((member) => group.logSince(member, sinceWallMs));
    return { ms, reasons: lines.filter(({ msg }) => /leads term \d+$/.test(msg)).map((line) => line['reason']) };
  } finally {
    for (const writer of writers) writer.stop();
    if (leader.process.exitCode === null && leader.process.signalCode === null) leader.process.kill('SIGCONT');
    else group.restart(leader);
  }
}

void t.test('a store of three processes is soon written to again, and says why its leader changed', async (t) => {
  const build = fileURLToPath(new URL('../tools/build.mjs', import.meta.url));
  execFileSync(process.execPath, [build], { stdio: 'pipe' });
  const group = await StoreProcesses.start('kuorum', 3);
  t.teardown(() => group.stop());
  for (const { name, tries, medianMs, reason, strike } of cases) {
    const seen: Awaited<ReturnType<typeof outage>>[] = [];
    for (let i = 0; i < tries; i++) seen.push(await outage(group, strike));
    const sorted = seen.map(({ ms }) => Math.round(ms)).sort((a, b) => a - b);
    t.comment(`${name}: ${sorted.join(', ')} ms`);
    t.ok(sorted[Math.floor(tries / 2)]! <= medianMs, `${name}: median at most ${medianMs} ms`, { sorted });
    const explained = seen.filter(({ reasons }) => reasons.some((text) => reason.test(String(text))));
    t.ok(explained.length * 2 > tries, `${name}: logged as ${reason}`, { seen });
  }
});

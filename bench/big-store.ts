import { sleep, systemClock } from '../base/clock.ts';
import { benchValue, utf8 } from './calls.ts';
import { residentBytes } from './process-usage.ts';
import type { StoreMember, StoreProcesses } from './store-processes.ts';
import type { Figures } from './workloads.ts';

const putsPerTxn = 128;
const txnsInFlight = 16;
const timeoutMs = 60_000;
const settleMs = 10_000;
/** puts that a member misses while it is away */
const missedPuts = 50_000;
const pollMs = 10;
const patienceMs = 300_000;

/** Puts keys `from` to `to`, 256 B each, many at a time. */
async function fill({ client }: StoreMember, from: number, to: number): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next += putsPerTxn;
      const success = Array.from({ length: Math.min(putsPerTxn, to - first) }, (_, i) => ({
        requestPut: { key: utf8(`big/${String(first + i).padStart(9, '0')}`), value: benchValue },
      }));
      await client.txn({ success }, timeoutMs);
    }
  };
  await Promise.all(Array.from({ length: txnsInFlight }, work));
}

/** Milliseconds until the member answers and has applied as much as `leader`. */
async function untilCurrent(member: StoreMember, leader: StoreMember): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  const applied = ({ client }: StoreMember): Promise<number> =>
    client.status().then(
      (status) => status.raftAppliedIndex,
      () => NaN,
    );
  for (;;) {
    const [wanted, own] = await Promise.all([applied(leader), applied(member)]);
    const tookMs = systemClock.monotonicMs() - startedMs;
    if (own >= wanted) return tookMs;
    if (tookMs > patienceMs) throw new Error(`${member.name} is not current after ${patienceMs} ms`);
    await sleep(pollMs);
  }
}

/** What a store of so many keys costs: memory, starting with it, and bringing up to date a member that was away. */
export async function measureBigStore(group: StoreProcesses, keys: number): Promise<Figures> {
  const leader = await group.healthy();
  const startedMs = systemClock.monotonicMs();
  await fill(leader, 0, keys);
  const fillS = (systemClock.monotonicMs() - startedMs) / 1000;
  await sleep(settleMs);
  const resident = group.members.map(({ process }) => residentBytes(process.pid!));
  const member = group.members.find((each) => each !== leader)!;
  await group.signal(member, 'SIGKILL');
  group.restart(member);
  const startMs = await untilCurrent(member, leader);
  await group.signal(member, 'SIGKILL');
  await fill(leader, keys, keys + missedPuts);
  group.restart(member);
  const catchUpMs = await untilCurrent(member, leader);
  return {
    'keys loaded/s': keys / fillS,
    'resident MiB': resident.reduce((sum, bytes) => sum + bytes, 0) / resident.length / 2 ** 20,
    'start ms': startMs,
    'catch-up ms': catchUpMs,
  };
}

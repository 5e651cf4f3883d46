import type { FaultRecord } from '../faults/fault-runner.ts';
import type { Done } from '../load/activity.ts';

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Availability {
  /** share of the time in which writes got through, 0 to 1 */
  readonly available: number;
  /** no write of any client was acknowledged for longer than `outageMinMs` */
  readonly outages: readonly Outage[];
  readonly longestMs: number;
  readonly calls: number;
  readonly answered: number;
  readonly writes: number;
}

/** With several clients that write all the time, a shorter silence says nothing. */
export const outageMinMs = 300;

/** Times at which writes were acknowledged, with the ends of the run. */
function acknowledgedAt(done: readonly Done[], endMs: number): number[] {
  const times = done.filter(({ ok, write }) => ok && write).map((one) => one.endMs);
  return [0, ...times.filter((ms) => ms < endMs).sort((a, b) => a - b), endMs];
}

function* gaps(times: readonly number[]): Generator<Outage> {
  for (let i = 1; i < times.length; i++) yield { fromMs: times[i - 1]!, toMs: times[i]! };
}

const lengthOf = ({ fromMs, toMs }: Outage): number => toMs - fromMs;

export function availabilityOf(done: readonly Done[], endMs: number): Availability {
  const all = [...gaps(acknowledgedAt(done, endMs))];
  const outages = all.filter((gap) => lengthOf(gap) > outageMinMs);
  const out = outages.reduce((sum, gap) => sum + lengthOf(gap), 0);
  return {
    available: endMs > 0 ? 1 - out / endMs : 1,
    outages,
    longestMs: Math.round(all.reduce((most, gap) => Math.max(most, lengthOf(gap)), 0)),
    calls: done.length,
    answered: done.filter(({ ok }) => ok).length,
    writes: done.filter(({ ok, write }) => ok && write).length,
  };
}

export interface FaultSummary {
  readonly fault: string;
  readonly count: number;
  readonly leaderHits: number;
  /** longest silence between acknowledged writes that began in the fault or shortly after its end */
  readonly medianMs: number;
  readonly longestMs: number;
}

/** A fault may show after its end only: a replica that comes back disturbs the others. */
const aftermathMs = 2000;

export function outagesByFault(faults: readonly FaultRecord[], done: readonly Done[], endMs: number): FaultSummary[] {
  const all = [...gaps(acknowledgedAt(done, endMs))];
  const byKind = new Map<string, { lengths: number[]; leaderHits: number }>();
  for (const { fault, fromMs, toMs, leaderHit } of faults) {
    const during = all.filter((gap) => gap.toMs > fromMs && gap.fromMs < toMs + aftermathMs);
    const longest = during.reduce((most, gap) => Math.max(most, lengthOf(gap)), 0);
    const kind = byKind.get(fault) ?? { lengths: [], leaderHits: 0 };
    byKind.set(fault, kind);
    kind.lengths.push(longest);
    if (leaderHit) kind.leaderHits++;
  }
  return [...byKind]
    .map(([fault, { lengths, leaderHits }]) => {
      const sorted = lengths.sort((a, b) => a - b);
      return {
        fault,
        count: sorted.length,
        leaderHits,
        medianMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
        longestMs: Math.round(sorted.at(-1) ?? 0),
      };
    })
    .sort((a, b) => b.longestMs - a.longestMs);
}

export interface Throughput {
  readonly bucketMs: number;
  /** answered calls a second, in each bucket of time */
  readonly rates: readonly number[];
}

const bucketsAbout = 240;
const bucketMsMin = 250;

/** Fine enough to show a short outage in a short run, coarse enough for a long one. */
export function throughputOf(done: readonly Done[], endMs: number): Throughput {
  const bucketMs = Math.max(bucketMsMin, Math.round(endMs / bucketsAbout / bucketMsMin) * bucketMsMin);
  const counts = Array.from({ length: Math.max(1, Math.floor(endMs / bucketMs)) }, () => 0);
  const last = counts.length - 1;
  for (const { endMs: at, ok } of done) {
    if (ok && at < endMs) counts[Math.min(last, Math.floor(at / bucketMs))]!++;
  }
  // what is left of a bucket at the end belongs to the last one: a few milliseconds alone would show anything
  const lengthMs = (bucket: number): number => (bucket < last ? bucketMs : Math.max(1, endMs - last * bucketMs));
  return { bucketMs, rates: counts.map((count, bucket) => Math.round((count * 1000) / lengthMs(bucket))) };
}

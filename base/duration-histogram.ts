/** Upper bounds of the buckets, in seconds: 1 ms, and twice as much each time; those of etcd's disk metrics. */
export const durationBounds: readonly number[] = Array.from({ length: 14 }, (_, i) => 0.001 * 2 ** i);

/** How often something took how long. */
export class DurationHistogram {
  /** by bucket, not summed up; the last is of what took longer than all bounds */
  readonly counts: number[] = Array.from({ length: durationBounds.length + 1 }, () => 0);
  sumMs = 0;

  observe(ms: number): void {
    let bucket = 0;
    while (bucket < durationBounds.length && ms > durationBounds[bucket]! * 1000) bucket++;
    this.counts[bucket]!++;
    this.sumMs += ms;
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }
}

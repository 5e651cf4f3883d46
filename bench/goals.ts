/** What Kuorum wants to be against etcd in the same run; a ratio is ours divided by etcd's. */
export interface Goal {
  readonly workload: RegExp;
  readonly figure: string;
  /** higher is better where set, else lower */
  readonly atLeast?: number;
  readonly atMost?: number;
}

export const goals: readonly Goal[] = [
  { workload: /^put, .* in flight/, figure: 'calls/s', atLeast: 3 },
  { workload: /^put, .* in flight/, figure: 'CPU s per 10,000', atMost: 0.5 },
  { workload: /^linearizable get, /, figure: 'calls/s', atLeast: 6 },
  { workload: /^serializable get, /, figure: 'calls/s', atLeast: 5 },
  { workload: /^watch/, figure: 'events/s', atLeast: 3 },
  { workload: / at [\d,]+\/s$/, figure: 'p99 ms', atMost: 0.5 },
  { workload: /^1,000,000 keys/, figure: 'resident MiB', atMost: 1 },
];

/** 'met', 'missed', or '' where there is no goal */
export function verdict(workload: string, figure: string, ratio: number): '' | 'met' | 'missed' {
  const goal = goals.find((each) => each.workload.test(workload) && each.figure === figure);
  if (goal === undefined || !Number.isFinite(ratio)) return '';
  return ratio >= (goal.atLeast ?? -Infinity) && ratio <= (goal.atMost ?? Infinity) ? 'met' : 'missed';
}

export const higherIsBetter = (figure: string): boolean => figure.endsWith('/s');

/** What Kuorum wants to be against the real program in the same run; a ratio is ours divided by the real one's. */
export interface Goal {
  readonly workload: RegExp;
  readonly figure: string;
  /** higher is better where set, else lower */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** of our figure itself, whatever the real program's is */
  readonly oursAtMost?: number;
}

export const goals: readonly Goal[] = [
  { workload: /^put, .* in flight/, figure: 'calls/s', atLeast: 3 },
  { workload: /^put, .* in flight/, figure: 'CPU s per 10,000', atMost: 0.5 },
  { workload: /^linearizable get, /, figure: 'calls/s', atLeast: 6 },
  { workload: /^serializable get, /, figure: 'calls/s', atLeast: 5 },
  { workload: /^watch/, figure: 'events/s', atLeast: 3 },
  { workload: / at [\d,]+\/s$/, figure: 'p99 ms', atMost: 0.5 },
  { workload: /^1,000,000 keys/, figure: 'resident MiB', atMost: 1 },
  { workload: /^API: creates/, figure: 'calls/s', atLeast: 2 },
  { workload: /^API: single gets/, figure: 'calls/s', atLeast: 3 },
  { workload: /^API: lists of 500/, figure: 'calls/s', atLeast: 5 },
  { workload: /^API: full lists/, figure: 'calls/s', atLeast: 5 },
  { workload: /^API: 1,000 watchers/, figure: 'p99 ms', oursAtMost: 100 },
  { workload: /^API: three replicas/, figure: 'resident MB', oursAtMost: 600 },
  { workload: /^API: three replicas/, figure: 's to ready', oursAtMost: 2 },
];

/** 'met', 'missed', or '' where there is no goal */
export function verdict(workload: string, figure: string, ratio: number, ours: number): '' | 'met' | 'missed' {
  const goal = goals.find((each) => each.workload.test(workload) && each.figure === figure);
  if (goal === undefined || !Number.isFinite(ratio)) return '';
  const { atLeast = -Infinity, atMost = Infinity, oursAtMost = Infinity } = goal;
  return ratio >= atLeast && ratio <= atMost && ours <= oursAtMost ? 'met' : 'missed';
}

export const higherIsBetter = (figure: string): boolean => figure.endsWith('/s');

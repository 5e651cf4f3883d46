/** What may go wrong, as data: who may be hit, for how long, and what an operator would call it. */
export interface FaultKind {
  readonly text: string;
  /** one replica; all of them; or the replicas of a minority (two of five) */
  readonly hits: 'one' | 'all' | 'minority';
  readonly durationMs: readonly [number, number];
  /** the process is down for a while: never together with another of the kind beyond a minority */
  readonly destructive?: boolean;
  /** slows or confuses a replica that goes on working: may come on top of another fault elsewhere */
  readonly soft?: boolean;
  /** only with five replicas it differs from others */
  readonly replicasMin?: number;
}

export const faultKinds = {
  kill: { text: 'SIGKILL, started again later', hits: 'one', durationMs: [300, 5000], destructive: true },
  stop: { text: 'SIGTERM, started again later', hits: 'one', durationMs: [300, 4000], destructive: true },
  pause: { text: 'SIGSTOP: keeps its connections and answers nothing', hits: 'one', durationMs: [300, 6000] },
  'restart-all': { text: 'SIGKILL to every replica at once, all started again', hits: 'all', durationMs: [100, 1500] },
  partition: { text: 'cut off from its peers, both ways', hits: 'one', durationMs: [1000, 8000] },
  deaf: { text: 'hears none of its peers, but they hear it', hits: 'one', durationMs: [1000, 7000] },
  mute: { text: 'none of its peers hear it, but it hears them', hits: 'one', durationMs: [1000, 7000] },
  split: {
    text: 'a minority cut off from the majority',
    hits: 'minority',
    durationMs: [1000, 8000],
    replicasMin: 5,
  },
  'no-link': { text: 'two replicas do not reach each other, all others do', hits: 'one', durationMs: [1000, 8000] },
  'slow-link': { text: 'all it sends and receives is delayed', hits: 'one', durationMs: [1000, 8000], soft: true },
  'reset-links': { text: 'its connections to peers are reset again and again', hits: 'one', durationMs: [500, 4000] },
  'slow-disk': { text: "the log's fdatasync takes long", hits: 'one', durationMs: [1000, 8000], soft: true },
  'failing-disk': {
    text: 'a write to the log fails with EIO',
    hits: 'one',
    durationMs: [500, 4000],
    destructive: true,
  },
  'full-disk': {
    text: 'a write to the log fails with ENOSPC',
    hits: 'one',
    durationMs: [500, 4000],
    destructive: true,
  },
  'crash-at': {
    text: 'dies between two steps of a write',
    hits: 'one',
    durationMs: [300, 4000],
    destructive: true,
  },
  'clock-jump': { text: 'its wall clock is off', hits: 'one', durationMs: [1000, 10_000], soft: true },
  replace: {
    text: 'killed and its disk lost: replaced by a new member, as `kuorum replace` does',
    hits: 'one',
    durationMs: [300, 3000],
    destructive: true,
  },
  'torn-log': {
    text: 'killed; half a record stands at the end of its log',
    hits: 'one',
    durationMs: [300, 1500],
    destructive: true,
  },
  'flipped-log': {
    text: 'killed; a bit in the middle of its log is flipped',
    hits: 'one',
    durationMs: [500, 3000],
    destructive: true,
  },
  'flipped-snapshot': {
    text: 'killed; a bit of its snapshot is flipped',
    hits: 'one',
    durationMs: [500, 3000],
    destructive: true,
  },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof faultKinds;
export const faultKindOf = (name: FaultName): FaultKind => faultKinds[name];

/**
 * How long ago, as kubectl shows it: precise while young, coarse when old (k8s.io/apimachinery/pkg/util/duration).
 *
 *     119 s → 119s    125 s → 2m5s    10 min 7 s → 10m    4 h 20 min → 4h20m    3 d 5 h → 3d5h    9 d → 9d    3 y 4 d → 3y4d
 */
interface Step {
  /** this step serves durations below so many `major` units */
  readonly below: number;
  readonly major: Unit;
  /** the remainder is shown in this unit, unless it is zero */
  readonly minor?: Unit;
}
interface Unit {
  readonly letter: string;
  readonly seconds: number;
}

const second: Unit = { letter: 's', seconds: 1 };
const minute: Unit = { letter: 'm', seconds: 60 };
const hour: Unit = { letter: 'h', seconds: 3600 };
const day: Unit = { letter: 'd', seconds: 86_400 };
const year: Unit = { letter: 'y', seconds: 365 * 86_400 };

const steps: readonly Step[] = [
  { below: 120, major: second },
  { below: 10, major: minute, minor: second },
  { below: 180, major: minute },
  { below: 8, major: hour, minor: minute },
  { below: 48, major: hour },
  { below: 8, major: day, minor: hour },
  { below: 2 * 365, major: day },
  { below: 8, major: year, minor: day },
  { below: Number.POSITIVE_INFINITY, major: year },
];

/** `durationMs` may be slightly negative: clocks differ. From two seconds on it is `<invalid>`. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  for (const { below, major, minor } of steps) {
    const count = Math.floor(seconds / major.seconds);
    if (count >= below) continue;
    const rest = minor === undefined ? 0 : Math.floor((seconds % major.seconds) / minor.seconds);
    return `${count}${major.letter}${rest > 0 && minor !== undefined ? `${rest}${minor.letter}` : ''}`;
  }
  return '<unknown>';
}

/** Time since an RFC 3339 timestamp, `<unknown>` where there is none. */
export function since(timestamp: string | undefined, nowMs: number): string {
  if (!timestamp) return '<unknown>';
  const then = Date.parse(timestamp);
  return Number.isNaN(then) ? '<unknown>' : humanDuration(nowMs - then);
}

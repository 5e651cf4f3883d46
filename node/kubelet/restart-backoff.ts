export interface BackoffEntry {
  readonly delayMs: number;
  readonly updatedMs: number;
}

export const restartDelayMsFirst = 10_000;
export const restartDelayMsMax = 300_000;
/** an entry that nobody touched for this long is as good as none */
const forgottenAfterMs = 2 * restartDelayMsMax;

const current = (entry: BackoffEntry | undefined, nowMs: number): BackoffEntry | undefined =>
  entry && nowMs - entry.updatedMs <= forgottenAfterMs ? entry : undefined;

/** How long to wait still after a failure at `failedMs`; 0: go on. The first failure costs nothing. */
export function backoffLeftMs(entry: BackoffEntry | undefined, failedMs: number, nowMs: number): number {
  const valid = current(entry, nowMs);
  return valid ? Math.max(0, failedMs + valid.delayMs - nowMs) : 0;
}

/** After a try that counts: 10 s, 20 s, 40 s … 5 min. */
export function nextBackoff(entry: BackoffEntry | undefined, nowMs: number): BackoffEntry {
  const valid = current(entry, nowMs);
  const delayMs = valid ? Math.min(restartDelayMsMax, valid.delayMs * 2) : restartDelayMsFirst;
  return { delayMs, updatedMs: nowMs };
}

/** Go's way to print a duration of whole seconds: `10s`, `2m40s`, `5m0s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

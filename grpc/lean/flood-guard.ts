import { ConnectionError, errorCode } from './frame.ts';

const windowMs = 1000;

/** Cheap to send and costly to take: how many of each a client may send in a second. */
const perSecondMax = {
  /** each is answered */
  ping: 1000,
  settings: 200,
  /** calls that are begun and taken back (CVE-2023-44487) */
  reset: 1000,
  /** frames that carry nothing: empty DATA, PRIORITY, unknown types */
  empty: 20_000,
} as const;
export type FloodKind = keyof typeof perSecondMax;

/** Ends connections that are used to keep the server busy for nothing. */
export class FloodGuard {
  readonly #nowMs: () => number;
  #since = 0;
  readonly #counts: Record<FloodKind, number> = { ping: 0, settings: 0, reset: 0, empty: 0 };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  count(kind: FloodKind): void {
    if (++this.#counts[kind] <= perSecondMax[kind]) return;
    const nowMs = this.#nowMs();
    if (nowMs - this.#since < windowMs) {
      throw new ConnectionError(
        errorCode.enhanceYourCalm,
        `more than ${perSecondMax[kind]} ${kind} frames in a second`,
      );
    }
    this.#since = nowMs;
    for (const each of Object.keys(this.#counts) as FloodKind[]) this.#counts[each] = 0;
  }
}

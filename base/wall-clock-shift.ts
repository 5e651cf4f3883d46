/**
 * For fault injection: from now on the wall clock of this process is `shiftMs` ahead of the machine's, for all code in
 * it. Timers and the monotonic clock go on as they were, as when an administrator sets the time.
 */
const RealDate = Date;

export function shiftWallClock(shiftMs: number): void {
  class ShiftedDate extends RealDate {
    constructor(...parts: [] | [number | string | Date] | [number, number, ...number[]]) {
      if (parts.length === 0) super(RealDate.now() + shiftMs);
      else super(...(parts as [number]));
    }
    static override now(): number {
      return RealDate.now() + shiftMs;
    }
  }
  globalThis.Date = shiftMs === 0 ? RealDate : (ShiftedDate as DateConstructor);
}

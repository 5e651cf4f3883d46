import type { FunctionEntry, Library } from '../environment.ts';
import { localDate } from '../time-text.ts';
import type { CelDuration, CelTimestamp } from '../values.ts';

const dayMs = 86_400_000;

const dayOfYear = (date: Date): number => {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start.getTime()) / dayMs);
};

const getters: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: dayOfYear,
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const nanosOf: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
};

const ofTimestamps = Object.entries(getters).flatMap(([name, get]): FunctionEntry[] => [
  [`timestamp.${name}(): int`, (at) => BigInt(get(localDate(at as CelTimestamp)))],
  [`timestamp.${name}(string): int`, (at, zone) => BigInt(get(localDate(at as CelTimestamp, zone as string)))],
]);

const ofDurations = Object.entries(nanosOf).map(([name, unit]): FunctionEntry => [
  `duration.${name}(): int`,
  (span) => (span as CelDuration).nanos / unit,
]);

/** Fields of timestamps, in UTC or a zone, and durations in whole units. */
export const time: Library = {
  functions: [
    ...ofTimestamps,
    ...ofDurations,
    ['duration.getMilliseconds(): int', (span) => ((span as CelDuration).nanos / 1_000_000n) % 1000n],
  ],
};

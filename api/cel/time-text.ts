import { checkedDuration, checkedTimestamp } from './arithmetic.ts';
import { EvaluationError } from './errors.ts';
import type { CelDuration, CelTimestamp } from './values.ts';

const nanosPerSecond = 1_000_000_000n;

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: nanosPerSecond,
  m: 60n * nanosPerSecond,
  h: 3_600n * nanosPerSecond,
};

/** `1h30m`, `-1.5s`, `300ms`, `0`: as Go reads durations. */
export const parseDuration = (text: string): CelDuration | undefined => {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text)!;
  if (rest === '0') return checkedDuration(0n);
  const part = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
  let nanos = 0n;
  while (part.lastIndex < rest!.length) {
    const found = part.exec(rest!);
    if (found === null) return undefined;
    const [whole, fraction = ''] = found[1]!.split('.');
    const unit = units[found[2]!]!;
    const scaled = (BigInt(`0${fraction.slice(0, 18)}`) * unit) / 10n ** BigInt(Math.min(fraction.length, 18));
    nanos += BigInt(`0${whole}`) * unit + scaled;
  }
  return rest === '' ? undefined : checkedDuration(sign === '-' ? -nanos : nanos);
};

const timestampPattern = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?([Zz]|[+-]\d{2}:\d{2})$/;

const daysIn = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

/** RFC 3339. */
export const parseTimestamp = (text: string): CelTimestamp | undefined => {
  const found = timestampPattern.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const zone = found[8]!;
  let offset = 0;
  if (!/^z$/i.test(zone)) {
    const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
    if (hours > 24 || minutes > 59) return undefined;
    offset = (hours * 60 + minutes) * (zone[0] === '-' ? -60 : 60);
  }
  const nanos = BigInt((found[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return checkedTimestamp(BigInt(date.getTime() / 1000 - offset) * nanosPerSecond + nanos);
};

/** Seconds that a zone is ahead of UTC at a moment: an offset (`-08:00`) or a name of the IANA database. */
const zoneOffset = (zone: string, epochMs: number): number => {
  const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    return minutes * (fixed[1] === '-' ? -60 : 60);
  }
  if (zone === '' || zone === 'UTC') return 0;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
    const parts = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
    const local = new Date(0);
    const year = Number(parts['year']);
    local.setUTCFullYear(parts['era'] === 'BC' ? 1 - year : year, Number(parts['month']) - 1, Number(parts['day']));
    local.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
    return local.getTime() / 1000 - Math.floor(epochMs / 1000);
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`);
  }
};

/** The moment as a date whose UTC fields read as the clock in that zone does. */
export const localDate = ({ nanos }: CelTimestamp, zone = ''): Date => {
  const ms = Number(nanos / 1_000_000n - (nanos % 1_000_000n < 0n ? 1n : 0n));
  return new Date(ms + zoneOffset(zone, ms) * 1000);
};

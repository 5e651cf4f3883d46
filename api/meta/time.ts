/**
 * Times of the API: `2026-01-02T03:04:05Z` (Time, whole seconds) and `2026-01-02T03:04:05.000006Z` (MicroTime), always UTC.
 * Computed from the calendar, without the host's Date.
 */
export interface Instant {
  /** since 1970-01-01T00:00:00Z */
  readonly seconds: number;
  readonly nanos: number;
}

/** Go's zero time, which Kubernetes writes as null */
export const zeroTimeSeconds = -62_135_596_800;

const secondsPerDay = 86_400;

/** Days since 1970-01-01 of a date of the Gregorian calendar; Howard Hinnant's "chrono-compatible date algorithms". */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function dateOf(days: number): [year: number, month: number, day: number] {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted + (shifted < 10 ? 3 : -9);
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1];
}

const leap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysIn = (year: number, month: number): number =>
  month === 2 ? (leap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;

/** A text that is no time; the message is Go's. */
export class TimeError extends Error {
  override name = 'TimeError';
}

/** pieces of Go's layout, with what each takes */
const pieces: [layout: string, pattern: RegExp][] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}/],
];

/** Reads RFC 3339; throws TimeError in Go's words. */
export function parseTime(text: string, layout = '2006-01-02T15:04:05Z07:00'): Instant {
  const quote = (t: string): string => JSON.stringify(t);
  const fail = (why: string): TimeError => new TimeError(`parsing time ${quote(text)}${why}`);
  const numbers: number[] = [];
  let rest = text;
  const stuck = (piece: string): TimeError =>
    fail(` as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(piece)}`);
  for (const [piece, pattern] of pieces) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) throw stuck(piece);
    if (piece.length > 1) numbers.push(Number(found));
    rest = rest.slice(found.length);
  }
  const micro = layout.includes('.');
  const fraction = /^[.,](\d+)/.exec(rest);
  if (micro && (fraction === null || (fraction[1] as string).length !== 6)) throw stuck('.000000');
  if (fraction !== null) rest = rest.slice(fraction[0].length);
  const zone = /^(?:Z|([+-])(\d{2}):(\d{2}))/.exec(rest);
  if (zone === null) throw stuck('Z07:00');
  rest = rest.slice(zone[0].length);
  if (rest !== '') throw fail(`: extra text: ${quote(rest)}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  if (month < 1 || month > 12) throw fail(': month out of range');
  if (hour > 23) throw fail(': hour out of range');
  if (minute > 59) throw fail(': minute out of range');
  if (second > 59) throw fail(': second out of range');
  if (day < 1 || day > daysIn(year, month)) throw fail(': day out of range');
  const offset = (zone[1] === '-' ? -1 : 1) * (Number(zone[2] ?? 0) * 3600 + Number(zone[3] ?? 0) * 60);
  const seconds = daysOf(year, month, day) * secondsPerDay + hour * 3600 + minute * 60 + second - offset;
  return { seconds, nanos: Number((fraction?.[1] ?? '').slice(0, 9).padEnd(9, '0')) };
}

export const parseMicroTime = (text: string): Instant => parseTime(text, '2006-01-02T15:04:05.000000Z07:00');

const two = (n: number): string => String(n).padStart(2, '0');

/** `2026-01-02T03:04:05Z` */
export function formatTime({ seconds }: Instant): string {
  return `${formatSeconds(seconds)}Z`;
}
/** `2026-01-02T03:04:05.000006Z` */
export function formatMicroTime({ seconds, nanos }: Instant): string {
  return `${formatSeconds(seconds)}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function formatSeconds(seconds: number): string {
  const days = Math.floor(seconds / secondsPerDay);
  const rest = seconds - days * secondsPerDay;
  const [year, month, day] = dateOf(days);
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}`;
}

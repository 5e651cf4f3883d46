/** Cron expressions: `minute hour day-of-month month day-of-week`, `@daily`, `@every 1h30m`. Words as robfig/cron's. */
import { anyDecimal, goDurationMs } from '../../base/go-duration.ts';

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fieldBounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

class ScheduleError extends Error {}

function integer(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ScheduleError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const value = Number(text);
  if (value < 0) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function integerOrName(text: string, { names, min }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index < 0 ? integer(text) : index + min;
}

/** `a`, `a-b`, `a-b/step`, `*`/step */
function checkRange(text: string, bounds: Bounds): void {
  const [range = '', stepText, ...more] = text.split('/');
  const [low = '', high, ...others] = range.split('-');
  const isStar = low === '*' || low === '?';
  const start = isStar ? bounds.min : integerOrName(low, bounds);
  let end = isStar ? bounds.max : start;
  if (!isStar) {
    if (others.length > 0) throw new ScheduleError(`too many hyphens: ${text}`);
    if (high !== undefined) end = integerOrName(high, bounds);
  }
  if (more.length > 0) throw new ScheduleError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : integer(stepText);
  if (stepText !== undefined && high === undefined) end = bounds.max;
  if (start < bounds.min) {
    throw new ScheduleError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  }
  if (end > bounds.max) throw new ScheduleError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${text}`);
}

function checkDescriptor(text: string): void {
  if (descriptors.has(text)) return;
  const every = '@every ';
  if (!text.startsWith(every)) throw new ScheduleError(`unrecognized descriptor: ${text}`);
  const duration = text.slice(every.length);
  if (duration !== '0' && goDurationMs(duration.replace(/^[+-]/, ''), anyDecimal) === undefined) {
    const why = `time: invalid duration ${JSON.stringify(duration)}`;
    throw new ScheduleError(`failed to parse duration ${text}: ${why}`);
  }
}

/** What is wrong with it; undefined: nothing. */
export function cronScheduleError(schedule: string, knowsZone: (name: string) => boolean): string | undefined {
  let rest = schedule;
  if (/^(?:CRON_)?TZ=/.test(rest)) {
    const space = rest.indexOf(' ');
    const zoneAt = rest.indexOf('=') + 1;
    // robfig/cron slices without looking here
    if (space < 0) return `invalid schedule format: runtime error: slice bounds out of range [:-1]`;
    const zone = rest.slice(zoneAt, space);
    if (zone !== '' && !knowsZone(zone)) return `provided bad location ${zone}: unknown time zone ${zone}`;
    rest = rest.slice(space).trim();
  }
  try {
    if (rest.startsWith('@')) {
      checkDescriptor(rest);
      return undefined;
    }
    const fields = rest.split(/\s+/).filter((field) => field !== '');
    if (fields.length !== fieldBounds.length) {
      return `expected exactly ${fieldBounds.length} fields, found ${fields.length}: [${fields.join(' ')}]`;
    }
    for (const [i, field] of fields.entries()) {
      for (const range of field.split(',')) if (range !== '') checkRange(range, fieldBounds[i] as Bounds);
    }
  } catch (error) {
    if (error instanceof ScheduleError) return error.message;
    throw error;
  }
  return undefined;
}

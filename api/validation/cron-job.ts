import { invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateNonnegative, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { CronJob, CronJobSpec } from '../types/batch-v1.ts';
import { cronScheduleError } from './cron-schedule.ts';
import { validateJobTemplate } from './job.ts';

/** 63 less what a Job's name gets behind it */
const nameLengthMax = 52;
const concurrencyPolicies = ['Allow', 'Forbid', 'Replace'];
const zonePart = /^[A-Za-z._0-9+-]{1,14}$/;

/** Names of the IANA database; it tells capitals apart, Intl does not. */
function isTimeZone(name: string): boolean {
  if (/^[+\-\d]/.test(name)) return false;
  try {
    const canonical = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    return canonical.toLowerCase() !== name.toLowerCase() || canonical === name;
  } catch {
    return false;
  }
}

function validateSchedule(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const { schedule, timeZone } = spec;
  const at = 'spec.schedule';
  if (!schedule) return [required(at)];
  const why = cronScheduleError(schedule, isTimeZone);
  const errors = why === undefined ? [] : [invalid(at, schedule, why)];
  if (!schedule.includes('TZ')) return errors;
  if (old?.schedule?.includes('TZ')) {
    if (timeZone === undefined) return errors;
    return [...errors, invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule')];
  }
  return [...errors, invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
}

function validateTimeZone(zone: string | undefined): FieldError[] {
  const at = 'spec.timeZone';
  if (zone === undefined) return [];
  if (zone === '') return [invalid(at, zone, 'timeZone must be nil or non-empty string')];
  const unknown = `unknown time zone ${zone}`;
  const bad = (part: string): boolean => part === '.' || part === '..' || part.startsWith('-') || !zonePart.test(part);
  if (zone.split('/').some(bad)) return [invalid(at, zone, unknown)];
  const errors: FieldError[] = [];
  if (zone.toLowerCase() === 'local') {
    const why = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    errors.push(invalid(at, zone, why));
    if (zone === 'Local') return errors;
  }
  return isTimeZone(zone) ? errors : [...errors, invalid(at, zone, unknown)];
}

function validateConcurrency(policy: string | undefined): FieldError[] {
  const at = 'spec.concurrencyPolicy';
  if (!policy) return [required(at)];
  return concurrencyPolicies.includes(policy) ? [] : [notSupported(at, policy, concurrencyPolicies)];
}

function validateSpec(spec: CronJobSpec, old?: CronJobSpec): FieldError[] {
  return [
    ...validateSchedule(spec, old),
    ...validateNonnegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(old !== undefined && old.timeZone === spec.timeZone ? [] : validateTimeZone(spec.timeZone)),
    ...validateConcurrency(spec.concurrencyPolicy),
    ...validateJobTemplate(spec.jobTemplate, 'spec.jobTemplate'),
    ...validateNonnegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...validateNonnegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
  ];
}

const specOf = (cronJob: CronJob): CronJobSpec => cronJob.spec ?? ({} as CronJobSpec);

export function validateCronJob(cronJob: CronJob): FieldError[] {
  const name = cronJob.metadata?.name ?? '';
  return [
    ...validateObjectMeta(cronJob.metadata, true, nameIsDnsSubdomain),
    ...validateSpec(specOf(cronJob)),
    ...(name.length > nameLengthMax ? [invalid('metadata.name', name, 'must be no more than 52 characters')] : []),
  ];
}

export const validateCronJobUpdate = (cronJob: CronJob, old: CronJob): FieldError[] => [
  ...validateObjectMetaUpdate(cronJob.metadata, old.metadata),
  ...validateSpec(specOf(cronJob), specOf(old)),
];

/** A Job's status: what has ended stays ended. Rules look only at what a write changes. */
import { semanticEqual } from '../meta/deep-equal.ts';
import { duplicate, invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { validateNonnegative, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { Job, JobStatus } from '../types/batch-v1.ts';
import { countIndexes, overlapOf } from './job-indexes.ts';
import { jobHolds } from './job.ts';

const at = (key: string): string => `status.${key}`;
const isFinished = (job: Job): boolean => jobHolds(job, 'Complete') || jobHolds(job, 'Failed');
const wrongConditions = (why: string): FieldError => invalid(at('conditions'), undefined, why);

/** What the rules need of both versions. */
interface Change {
  readonly job: Job;
  readonly old: Job;
  readonly status: JobStatus;
  readonly before: JobStatus;
  /** any of these conditions came or went */
  readonly turned: (...conditions: string[]) => boolean;
  /** any of these fields differs */
  readonly wrote: (...keys: (keyof JobStatus)[]) => boolean;
  readonly finishedNow: boolean;
}

function changeOf(job: Job, old: Job): Change {
  const [status, before] = [job.status ?? {}, old.status ?? {}];
  return {
    job,
    old,
    status,
    before,
    turned: (...conditions) => conditions.some((type) => jobHolds(job, type) !== jobHolds(old, type)),
    wrote: (...keys) => keys.some((key) => !semanticEqual(status[key], before[key])),
    finishedNow: isFinished(job) !== isFinished(old),
  };
}

function validateCounts(status: JobStatus): FieldError[] {
  const errors = (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((key) =>
    validateNonnegative(status[key], at(key)),
  );
  const seen = new Set<string>();
  for (const key of ['succeeded', 'failed'] as const) {
    for (const [i, uid] of (status.uncountedTerminatedPods?.[key] ?? []).entries()) {
      const path = `${at('uncountedTerminatedPods')}.${key}[${i}]`;
      if (uid === '') errors.push(invalid(path, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(path, uid));
      seen.add(uid);
    }
  }
  return errors;
}

function validateTimes({ job, status, turned, wrote }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const { startTime, completionTime } = status;
  const complete = jobHolds(job, 'Complete');
  if (turned('Complete') || wrote('completionTime')) {
    if (completionTime && !complete) {
      const why = 'cannot set completionTime when there is no Complete=True condition';
      errors.push(invalid(at('completionTime'), completionTime, why));
    }
    if (!completionTime && complete) {
      errors.push(required(at('completionTime'), 'completionTime is required for Complete jobs'));
    }
  }
  const backwards = startTime && completionTime && Date.parse(completionTime) < Date.parse(startTime);
  if (backwards && wrote('startTime', 'completionTime')) {
    errors.push(invalid(at('completionTime'), completionTime, 'must be equal to or after `startTime`'));
  }
  return errors;
}

function validateTogether({ job, turned }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const complete = jobHolds(job, 'Complete');
  if (turned('Complete', 'Failed') && complete && jobHolds(job, 'Failed')) {
    errors.push(wrongConditions('cannot set Complete=True and Failed=true conditions'));
  }
  if (turned('Complete', 'FailureTarget') && complete && jobHolds(job, 'FailureTarget')) {
    errors.push(wrongConditions('cannot set Complete=True and FailureTarget=true conditions'));
  }
  return errors;
}

function validatePreludes({ job, turned, wrote }: Change): FieldError[] {
  const errors: FieldError[] = [];
  if ((turned('Failed') || wrote('failedIndexes')) && jobHolds(job, 'Failed') && !jobHolds(job, 'FailureTarget')) {
    errors.push(wrongConditions('cannot set Failed=True condition without the FailureTarget=true condition'));
  }
  if (turned('Complete', 'SuccessCriteriaMet') && jobHolds(job, 'Complete') && !jobHolds(job, 'SuccessCriteriaMet')) {
    errors.push(wrongConditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'));
  }
  return errors;
}

function validateFinished({ job, status, finishedNow, wrote }: Change): FieldError[] {
  if (!isFinished(job)) return [];
  const errors: FieldError[] = [];
  if ((finishedNow || wrote('active')) && (status.active ?? 0) > 0) {
    errors.push(invalid(at('active'), status.active, 'active>0 is invalid for finished job'));
  }
  const nothingToDo = job.spec?.suspend === true && job.spec.completions === 0;
  if ((finishedNow || wrote('startTime')) && !nothingToDo && !status.startTime) {
    errors.push(required(at('startTime'), 'startTime is required for finished job'));
  }
  const uncounted = status.uncountedTerminatedPods;
  const some = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0) > 0;
  if ((finishedNow || wrote('uncountedTerminatedPods')) && some) {
    errors.push(invalid(at('uncountedTerminatedPods'), uncounted, 'must be empty for finished job'));
  }
  return errors;
}

function validateIndexes({ job, status, wrote }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const { completions, backoffLimitPerIndex, completionMode } = job.spec ?? {};
  const { completedIndexes = '', failedIndexes } = status;
  const parsed = (key: 'completedIndexes' | 'failedIndexes', text: string): void => {
    const found = countIndexes(text, completions ?? 0);
    if (typeof found === 'string') errors.push(invalid(at(key), text, `error parsing ${key}: ${found}`));
  };
  const [completedWritten, failedWritten] = [wrote('completedIndexes'), wrote('failedIndexes')];
  if (completedWritten && completions !== undefined) parsed('completedIndexes', completedIndexes);
  if (failedWritten && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) {
    parsed('failedIndexes', failedIndexes);
  }
  if (completedWritten && completedIndexes !== '' && completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(at('completedIndexes'), completedIndexes, why));
  }
  if (failedIndexes === undefined) return errors;
  if (failedWritten && backoffLimitPerIndex === undefined) {
    const why = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalid(at('failedIndexes'), failedIndexes, why));
  }
  if ((completedWritten || failedWritten) && completions !== undefined) {
    const index = overlapOf(completedIndexes, failedIndexes, completions);
    const why = `failedIndexes and completedIndexes overlap at index: ${index}`;
    if (index !== undefined) errors.push(invalid(at('failedIndexes'), failedIndexes, why));
  }
  return errors;
}

function validatePods({ job, status, finishedNow, wrote }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const { terminating = 0, ready, active = 0 } = status;
  if ((finishedNow || wrote('terminating')) && terminating > 0 && isFinished(job)) {
    errors.push(invalid(at('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready !== undefined && wrote('ready', 'active') && ready > active) {
    errors.push(invalid(at('ready'), ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function validateSuccess({ job }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const met = jobHolds(job, 'SuccessCriteriaMet');
  if (met && jobHolds(job, 'Failed')) {
    errors.push(wrongConditions('cannot set SuccessCriteriaMet=True and Failed=true conditions'));
  }
  if (met && jobHolds(job, 'FailureTarget')) {
    errors.push(wrongConditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'));
  }
  if (job.spec?.successPolicy && !met && jobHolds(job, 'Complete')) {
    const why = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
    errors.push(wrongConditions(why));
  }
  return errors;
}

function validateBackwards({ job, old, status, before, wrote }: Change): FieldError[] {
  const errors: FieldError[] = [];
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (!jobHolds(old, type) || jobHolds(job, type)) continue;
    errors.push(wrongConditions(`cannot disable the terminal ${type}=True condition`));
  }
  if ((status.failed ?? 0) < (before.failed ?? 0)) {
    errors.push(invalid(at('failed'), status.failed ?? 0, 'cannot decrease the failed counter'));
  }
  const spec = job.spec;
  const elastic = spec?.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!elastic && (status.succeeded ?? 0) < (before.succeeded ?? 0)) {
    errors.push(invalid(at('succeeded'), status.succeeded ?? 0, 'cannot decrease the succeeded counter'));
  }
  if (status.completionTime && before.completionTime && wrote('completionTime')) {
    errors.push(invalid(at('completionTime'), status.completionTime, 'field is immutable'));
  }
  const isFalse = status.conditions?.some((c) => c.type === 'Suspended' && c.status === 'False') ?? false;
  const resumes = jobHolds(old, 'Suspended') && isFalse;
  if (before.startTime && wrote('startTime') && !resumes && !spec?.suspend) {
    const why = 'field is immutable for unsuspended job once set';
    errors.push(invalid(at('startTime'), status.startTime ?? null, why));
  }
  const [met, metBefore] = [jobHolds(job, 'SuccessCriteriaMet'), jobHolds(old, 'SuccessCriteriaMet')];
  if (metBefore && !met) errors.push(wrongConditions('cannot disable the SuccessCriteriaMet=True condition'));
  if (jobHolds(old, 'Complete') && !metBefore && met) {
    errors.push(wrongConditions('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
  }
  return errors;
}

export function validateJobStatusUpdate(job: Job, old: Job): FieldError[] {
  const change = changeOf(job, old);
  return [
    ...validateObjectMetaUpdate(job.metadata, old.metadata),
    ...validateCounts(change.status),
    ...validateTogether(change),
    ...validateTimes(change),
    ...validatePreludes(change),
    ...validateFinished(change),
    ...validateIndexes(change),
    ...validatePods(change),
    ...validateSuccess(change),
    ...validateBackwards(change),
  ];
}

import type { CronJob, Job, PodFailurePolicyOnPodConditionsPattern } from '../types/batch-v1.ts';

const int32Max = 2 ** 31 - 1;

export function jobDefaults(job: Job): void {
  const spec = job.spec;
  if (spec === undefined) return;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  // with a limit for each index there is none for the whole
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : int32Max;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined && Object.keys(job.metadata?.labels ?? {}).length === 0) {
    job.metadata = { ...job.metadata, labels };
  }
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
}

export function cronJobDefaults(cronJob: CronJob): void {
  const spec = cronJob.spec;
  if (spec === undefined) return;
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
}

export function podConditionsPatternDefaults(pattern: PodFailurePolicyOnPodConditionsPattern): void {
  pattern.status ||= 'True';
}

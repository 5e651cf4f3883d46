import type { CronJob, Job, JobSpec } from '../../../api/types/batch-v1.ts';
import { templateWarnings } from '../../../api/warnings/pod-warnings.ts';
import type { KubeObject } from '../../pipeline.ts';
import { isChanged, newPodNameWarnings } from '../apps/workload-warnings.ts';

const completionsMany = 100_000;
const parallelismMany = 10_000;

function jobSpecWarnings(spec: JobSpec | undefined, path: string): string[] {
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {};
  const many = completionMode === 'Indexed' && completions > completionsMany && parallelism > parallelismMany;
  const why =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might ' +
    'not be able to track completedIndexes when a big number of indexes fail';
  return [...(many ? [`${path}: ${why}`] : []), ...templateWarnings(spec?.template, `${path}.template`)];
}

export const jobWarnings = (object: KubeObject, old: KubeObject | undefined): string[] => [
  ...newPodNameWarnings(object, old),
  ...(isChanged(object, old) ? jobSpecWarnings((object as unknown as Job).spec, 'spec') : []),
];

export function cronJobWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const { spec } = object as unknown as CronJob;
  const template = isChanged(object, old) ? jobSpecWarnings(spec?.jobTemplate?.spec, 'spec.jobTemplate.spec') : [];
  const warnings = [...newPodNameWarnings(object, old), ...template];
  if (old === undefined || !spec?.schedule.includes('TZ')) return warnings;
  const where = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
  const why = `cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ${where} for more details`;
  return [...warnings, why];
}

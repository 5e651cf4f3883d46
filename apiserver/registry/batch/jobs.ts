import type { Job } from '../../../api/types/batch-v1.ts';
import { jobLabels } from '../../../api/validation/job.ts';
import { define } from '../resource-entry.ts';
import { templateSpecOf } from '../template-spec.ts';
import { jobWarnings } from './job-warnings.ts';

/** Labels by which a Job's pods are known as its own, and the selector of them; what the client has set stays. */
function generateSelector(job: Job): void {
  const { spec } = job;
  if (spec === undefined || spec.manualSelector) return;
  const { name = '', uid = '' } = job.metadata ?? {};
  const template = (spec.template ??= {});
  const generated = Object.fromEntries([
    ...jobLabels.name.map((label) => [label, name]),
    ...jobLabels.uid.map((label) => [label, uid]),
  ]) as Record<string, string>;
  // labels that come from the template are those that it has in the end
  const labels = { ...generated, ...template.metadata?.labels };
  const own = job.metadata?.labels ?? {};
  if (Object.keys(own).length === 0 || own === template.metadata?.labels) {
    job.metadata = { ...job.metadata, labels: { ...labels } };
  }
  template.metadata = { ...template.metadata, labels };
  const selector = (spec.selector ??= {});
  selector.matchLabels = { [jobLabels.uid[1]]: uid, ...selector.matchLabels };
}

export const jobs = define('batch', 'v1', 'jobs', {
  generationOf: ['spec'],
  podSpecOf: templateSpecOf,
  orphansByDefault: true,
  deleteWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or ' +
    'set propagationPolicy=Orphan to suppress this warning',
  warningsOf: (object, old) => jobWarnings(object, old),
  prepareForCreate(object) {
    object['status'] = {};
    generateSelector(object);
  },
});

import type { Job } from '../../../api/types/batch-v1.ts';
import { jobLabels } from '../../../api/validation/job.ts';
import { define } from '../resource-entry.ts';

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
  template.metadata = { ...template.metadata, labels: { ...generated, ...template.metadata?.labels } };
  const selector = (spec.selector ??= {});
  selector.matchLabels = { [jobLabels.uid[1]]: uid, ...selector.matchLabels };
}

export const jobs = define('batch', 'v1', 'jobs', {
  generationOf: ['spec'],
  orphansByDefault: true,
  prepareForCreate(object) {
    object['status'] = {};
    generateSelector(object);
  },
});

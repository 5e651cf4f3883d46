import { define } from '../resource-entry.ts';
import { jobTemplateSpecOf } from '../template-spec.ts';
import { cronJobWarnings } from './job-warnings.ts';

export const cronjobs = define('batch', 'v1', 'cronjobs', {
  generationOf: ['spec'],
  podSpecOf: jobTemplateSpecOf,
  warningsOf: (object, old) => cronJobWarnings(object, old),
  prepareForCreate(object) {
    object['status'] = {};
  },
});

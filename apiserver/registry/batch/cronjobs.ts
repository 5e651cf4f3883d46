import { define } from '../resource-entry.ts';

export const cronjobs = define('batch', 'v1', 'cronjobs', {
  generationOf: ['spec'],
  prepareForCreate(object) {
    object['status'] = {};
  },
});

import { define } from '../resource-entry.ts';

export const poddisruptionbudgets = define('policy', 'v1', 'poddisruptionbudgets', {
  generationOf: ['spec'],
  unconditionalUpdate: false,
  prepareForCreate(object) {
    object['status'] = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
});

import { define } from '../resource-entry.ts';
import { workloadScale } from './workload-scale.ts';

export const statefulsets = define('apps', 'v1', 'statefulsets', {
  generationOf: ['spec'],
  scale: workloadScale,
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
});

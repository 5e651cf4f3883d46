import { define } from '../resource-entry.ts';
import { workloadScale } from './workload-scale.ts';

export const replicasets = define('apps', 'v1', 'replicasets', {
  generationOf: ['spec'],
  scale: workloadScale,
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
});

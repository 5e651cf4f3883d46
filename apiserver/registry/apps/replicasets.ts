import { define } from '../resource-entry.ts';
import { templateSpecOf } from '../template-spec.ts';
import { workloadScale } from './workload-scale.ts';
import { newPodNameWarnings, workloadWarnings } from './workload-warnings.ts';

export const replicasets = define('apps', 'v1', 'replicasets', {
  generationOf: ['spec'],
  podSpecOf: templateSpecOf,
  scale: workloadScale,
  warningsOf: (object, old) => [...newPodNameWarnings(object, old), ...workloadWarnings(object, old)],
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
});

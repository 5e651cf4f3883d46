import { define } from '../resource-entry.ts';
import { templateSpecOf } from '../template-spec.ts';
import { workloadScale } from './workload-scale.ts';
import { statefulSetWarnings } from './workload-warnings.ts';

export const statefulsets = define('apps', 'v1', 'statefulsets', {
  generationOf: ['spec'],
  podSpecOf: templateSpecOf,
  scale: workloadScale,
  warningsOf: (object, old) => statefulSetWarnings(object, old),
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
});

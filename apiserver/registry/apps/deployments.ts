import { define } from '../resource-entry.ts';
import { templateSpecOf } from '../template-spec.ts';
import { workloadScale } from './workload-scale.ts';
import { newPodNameWarnings, workloadWarnings } from './workload-warnings.ts';

export const deployments = define('apps', 'v1', 'deployments', {
  generationOf: ['spec', 'metadata.annotations'],
  podSpecOf: templateSpecOf,
  scale: workloadScale,
  warningsOf: (object, old) => [...newPodNameWarnings(object, old), ...workloadWarnings(object, old)],
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForStatusUpdate(object, old) {
    object.metadata = { ...object.metadata, labels: old.metadata?.labels };
  },
});

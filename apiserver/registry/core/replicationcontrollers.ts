import { matcherOfSet } from '../../../api/meta/labels.ts';
import type { ReplicationController } from '../../../api/types/core-v1.ts';
import { workloadScale } from '../apps/workload-scale.ts';
import { newPodNameWarnings, workloadWarnings } from '../apps/workload-warnings.ts';
import { define } from '../resource-entry.ts';
import { templateSpecOf } from '../template-spec.ts';

export const replicationcontrollers = define('', 'v1', 'replicationcontrollers', {
  storage: 'controllers',
  generationOf: ['spec'],
  podSpecOf: templateSpecOf,
  orphansByDefault: true,
  scale: {
    ...workloadScale,
    selector: (object) => matcherOfSet((object as unknown as ReplicationController).spec?.selector ?? {}).toString(),
  },
  warningsOf: (object, old) => [...newPodNameWarnings(object, old), ...workloadWarnings(object, old)],
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
});

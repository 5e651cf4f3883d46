import { autoscalerFromV1, autoscalerToV1 } from '../../../api/autoscaling/conversion.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define } from '../resource-entry.ts';

const stored = { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' };

export const autoscalersV2 = define('autoscaling', 'v2', 'horizontalpodautoscalers', {
  prepareForCreate(object) {
    object['status'] = { desiredReplicas: 0, currentMetrics: null };
  },
});

/** The same objects in the older words. */
export const autoscalersV1 = define('autoscaling', 'v1', 'horizontalpodautoscalers', {
  prepareForCreate(object) {
    object['status'] = { currentReplicas: 0, desiredReplicas: 0 };
  },
  conversion: {
    ...stored,
    toStored: (object) => autoscalerFromV1(object) as unknown as KubeObject,
    fromStored: (object) => autoscalerToV1(object) as unknown as KubeObject,
  },
});

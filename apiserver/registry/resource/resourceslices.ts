import { rfc3339 } from '../../../base/clock.ts';
import type { ResourceSlice } from '../../../api/types/resource-v1.ts';
import { resourceSliceWarnings } from '../../../api/validation/resource-slice.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define, type Asked } from '../resource-entry.ts';

/** A taint without a time is one of now. */
function fillTaintTimes(object: KubeObject, nowMs: number): void {
  const { spec } = object as unknown as ResourceSlice;
  for (const { taints } of spec?.devices ?? []) {
    for (const taint of taints ?? []) taint.timeAdded ??= rfc3339(nowMs);
  }
}

export const resourceslices = define('resource.k8s.io', 'v1', 'resourceslices', {
  returnsDeleted: true,
  generationOf: ['spec'],
  prepareForCreate: (object, { nowMs }: Asked) => fillTaintTimes(object, nowMs),
  prepareForUpdate: (object, _old, { nowMs }: Asked) => fillTaintTimes(object, nowMs),
  warningsOf: (object) => resourceSliceWarnings(object as unknown as ResourceSlice),
});

import { qosClassOf } from '../../../api/pods/qos-class.ts';
import type { Pod } from '../../../api/types/core-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define, type Grace } from '../resource-entry.ts';

const finished = new Set(['Succeeded', 'Failed']);
const graceSecondsDefault = 30;

/** Nobody has to be waited for where no kubelet has the pod, or where it has ended. */
function graceOf(object: KubeObject, asked: number | undefined): Grace {
  const pod = object as unknown as Pod;
  if (!pod.spec?.nodeName || finished.has(pod.status?.phase ?? '')) return { seconds: 0 };
  const seconds = asked ?? pod.spec.terminationGracePeriodSeconds ?? graceSecondsDefault;
  // Negative means: at once, but not without the kubelet's word.
  return { seconds: seconds < 0 ? 1 : seconds };
}

export const pods = define('', 'v1', 'pods', {
  generationOf: ['spec'],
  returnsDeleted: true,
  graceOf,
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending', qosClass: qosClassOf(object) };
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status'];
  },
  prepareForStatusUpdate(object, old) {
    const { deletionTimestamp: _, ownerReferences: __, ...metadata } = object.metadata ?? {};
    const { deletionTimestamp, ownerReferences } = old.metadata ?? {};
    object.metadata = { ...metadata, ...(deletionTimestamp && { deletionTimestamp }) };
    if (ownerReferences) object.metadata.ownerReferences = ownerReferences;
  },
});

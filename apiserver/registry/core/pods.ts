import { rfc3339 } from '../../../base/clock.ts';
import { deepEqual } from '../../../api/meta/deep-equal.ts';
import { isDns1123Label } from '../../../api/meta/names.ts';
import { appArmorAnnotation, appArmorOfAnnotation } from '../../../api/pods/app-armor.ts';
import { containersOf } from '../../../api/pods/containers.ts';
import { defaultPodLevelResources } from '../../../api/pods/pod-level-resources.ts';
import { qosClassOf } from '../../../api/pods/qos-class.ts';
import type { Pod, PodStatus } from '../../../api/types/core-v1.ts';
import { podWarnings } from '../../../api/warnings/pod-warnings.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define, type Asked, type Grace } from '../resource-entry.ts';
import { takeEphemeralContainers, takeResources } from './pod-subresources.ts';

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

/** Profiles in annotations become fields, where there are none. */
function settleAppArmor({ spec, metadata }: Pod, { warn }: Asked): void {
  if (spec === undefined || metadata?.annotations === undefined || spec.os?.name === 'windows') return;
  for (const [container] of containersOf(spec, 'spec')) {
    const key = appArmorAnnotation + container.name;
    const value = metadata.annotations[key];
    if (value === undefined || container.securityContext?.appArmorProfile) continue;
    const profile = appArmorOfAnnotation(value);
    if (profile !== undefined) {
      if (deepEqual(profile, spec.securityContext?.appArmorProfile)) continue;
      container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    }
    warn?.(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}

/** Who waits for gates is told so from the beginning. */
function firstStatus(pod: Pod, nowMs: number): PodStatus {
  const status: PodStatus = { phase: 'Pending', qosClass: qosClassOf(pod) };
  if (!pod.spec?.schedulingGates?.length) return status;
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message };
  return { ...status, conditions: [{ ...gated, lastTransitionTime: rfc3339(nowMs) }] };
}

function nameWarnings(name: string | undefined): string[] {
  const messages = isDns1123Label(name ?? '');
  if (messages.length === 0) return [];
  const what =
    "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
  return [`metadata.name: ${what}: [${messages.join(' ')}]`];
}

export const pods = define('', 'v1', 'pods', {
  generationOf: ['spec'],
  returnsDeleted: true,
  graceOf,
  podSpecOf: (object) => (object as unknown as Pod).spec,
  warningsOf(object, old) {
    const pod = object as unknown as Pod;
    return old === undefined ? [...nameWarnings(pod.metadata?.name), ...podWarnings(pod.metadata, pod.spec, '')] : [];
  },
  prepareForCreate(object, asked) {
    const pod = object as unknown as Pod;
    settleAppArmor(pod, asked);
    if (pod.spec !== undefined) defaultPodLevelResources(pod.spec);
    object['status'] = firstStatus(pod, asked.nowMs);
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status'];
  },
  prepareForStatusUpdate(object, old) {
    const { deletionTimestamp: _, ownerReferences: __, ...metadata } = object.metadata ?? {};
    const { deletionTimestamp, ownerReferences } = old.metadata ?? {};
    object.metadata = { ...metadata, ...(deletionTimestamp && { deletionTimestamp }) };
    if (ownerReferences) object.metadata.ownerReferences = ownerReferences;
    const status = object['status'] as PodStatus | undefined;
    const { qosClass } = (old['status'] ?? {}) as PodStatus;
    // old kubelets left it out
    if (status !== undefined && !status.qosClass && qosClass !== undefined) status.qosClass = qosClass;
  },
  prepareForSubresource: {
    ephemeralcontainers: takeEphemeralContainers,
    resize: takeResources,
  },
});

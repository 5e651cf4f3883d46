import type { DaemonSet, StatefulSet } from '../types/apps-v1.ts';
import type { ReplicationController } from '../types/core-v1.ts';

const historyLimit = 10;

export function statefulSetDefaults(set: StatefulSet): void {
  const spec = set.spec;
  if (spec === undefined) return;
  spec.podManagementPolicy ||= 'OrderedReady';
  const strategy = (spec.updateStrategy ??= {});
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  for (const claim of spec.volumeClaimTemplates ?? [])
    Object.assign(claim, { kind: 'PersistentVolumeClaim', apiVersion: 'v1' });
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= historyLimit;
}

/** Counts the changes of the template; what is left of a field that apps/v1 no longer has. */
export const templateGeneration = 'deprecated.daemonset.template.generation';

export function daemonSetDefaults(set: DaemonSet): void {
  // shown from the beginning, so that whoever makes the object manages it
  set.metadata = { ...set.metadata, annotations: { [templateGeneration]: '0', ...set.metadata?.annotations } };
  const spec = set.spec;
  if (spec === undefined) return;
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rolling = (strategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= 1;
    rolling.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= historyLimit;
}

/** Selector and labels are those of the template, where they are not said. */
export function replicationControllerDefaults(controller: ReplicationController): void {
  const spec = controller.spec;
  if (spec === undefined) return;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    if (Object.keys(controller.metadata?.labels ?? {}).length === 0) {
      controller.metadata = { ...controller.metadata, labels: { ...labels } };
    }
  }
  spec.replicas ??= 1;
}

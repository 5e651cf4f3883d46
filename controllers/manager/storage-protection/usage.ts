import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/types/core-v1.ts';
import type { VolumeAttributesClass } from '../../../api/types/storage-v1.ts';

/** Kubelets are done with it, or it was deleted by force: it waits for finalizers only. */
const isShutDown = ({ metadata }: Pod): boolean =>
  metadata?.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;

/** Names of the claims that a pod keeps: no kubelet starts a pod whose claim is being deleted, so only when it has a node. */
export function claimsOf(pod: Pod): string[] {
  if (!pod.spec?.nodeName) return [];
  return (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral && !isShutDown(pod) ? [`${pod.metadata?.name ?? ''}-${name}`] : [];
  });
}

export const isVolumeUsed = ({ status }: PersistentVolume): boolean => status?.phase === 'Bound';

export const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): (string | undefined)[] => [
  spec?.volumeAttributesClassName,
  status?.currentVolumeAttributesClassName,
  status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
];

/** Whether a volume or a claim names the class. */
export function isClassUsed(
  { metadata }: VolumeAttributesClass,
  volumes: readonly PersistentVolume[],
  claims: readonly PersistentVolumeClaim[],
): boolean {
  const name = metadata?.name;
  return (
    volumes.some(({ spec }) => spec?.volumeAttributesClassName === name) ||
    claims.some((claim) => classesOfClaim(claim).includes(name))
  );
}

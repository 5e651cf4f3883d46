import { isWhole, canonicalQuantity, parseQuantity } from '../meta/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../types/core-v1.ts';
import { nodeSelectorTermWarnings } from './node-labels.ts';

export const fractionWarning = (path: string, text: string | undefined): string[] =>
  text === undefined || isWhole(parseQuantity(text))
    ? []
    : [`${path}: fractional byte value ${JSON.stringify(canonicalQuantity(text))} is invalid, must be an integer`];

export const claimSpecWarnings = (spec: PersistentVolumeClaimSpec | undefined, path: string): string[] => [
  ...fractionWarning(`${path}.resources.requests[storage]`, spec?.resources?.requests?.['storage']),
  ...fractionWarning(`${path}.resources.limits[storage]`, spec?.resources?.limits?.['storage']),
];

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const classWarning = 'deprecated since v1.8; use "storageClassName" attribute instead';
const mountAnnotation = 'volume.beta.kubernetes.io/mount-options';

const annotationWarning = (annotations: Record<string, string> | undefined, key: string, why: string): string[] =>
  annotations?.[key] === undefined ? [] : [`metadata.annotations[${key}]: ${why}`];

export const claimWarnings = (claim: PersistentVolumeClaim): string[] => [
  ...annotationWarning(claim.metadata?.annotations, classAnnotation, classWarning),
  ...claimSpecWarnings(claim.spec, 'spec'),
];

const goneSources = {
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
} as const;

export function persistentVolumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const warnings = [
    ...annotationWarning(metadata?.annotations, classAnnotation, classWarning),
    ...annotationWarning(
      metadata?.annotations,
      mountAnnotation,
      'deprecated since v1.31; use "mountOptions" attribute instead',
    ),
  ];
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    const instead = 'Instead, the recommended approach is to use dynamic provisioning.';
    warnings.push(`spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${instead}`);
  }
  for (const [i, term] of (spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries()) {
    warnings.push(...nodeSelectorTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`, false));
  }
  for (const key of Object.keys(goneSources) as (keyof typeof goneSources)[]) {
    if (spec?.[key]) warnings.push(`spec.${goneSources[key][0]}: ${goneSources[key][1]}`);
  }
  return warnings;
}

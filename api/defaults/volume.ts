import type {
  HostPathVolumeSource,
  PersistentVolumeClaimSpec,
  ServiceAccountTokenProjection,
  Volume,
} from '../types/core-v1.ts';
import { imageTag } from './image.ts';

/** A volume that names no source is an empty directory. */
export function volumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  if (volume.image !== undefined) {
    volume.image.pullPolicy ||= imageTag(volume.image.reference ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
  }
}

export function hostPathDefaults(source: HostPathVolumeSource): void {
  source.type ??= '';
}

/** 0644 */
const defaultMode = 420;

/** Secrets, ConfigMaps, downward API and projected volumes. */
export function modeDefaults(source: { defaultMode?: number }): void {
  source.defaultMode ??= defaultMode;
}

export function tokenProjectionDefaults(projection: ServiceAccountTokenProjection): void {
  projection.expirationSeconds ??= 3600;
}

export function claimSpecDefaults(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
}

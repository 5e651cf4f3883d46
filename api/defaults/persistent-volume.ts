import type { LimitRangeItem, PersistentVolume, PersistentVolumeClaim } from '../types/core-v1.ts';
import { setOwn } from '../meta/clone.ts';

export function persistentVolumeDefaults(volume: PersistentVolume): void {
  const status = (volume.status ??= {});
  status.phase ||= 'Pending';
  const spec = volume.spec;
  if (spec === undefined) return;
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
}

export function claimDefaults(claim: PersistentVolumeClaim): void {
  const status = (claim.status ??= {});
  status.phase ||= 'Pending';
}

type Quantities = Record<string, string>;

function fillIn(to: Quantities, from: Quantities | undefined): void {
  for (const [name, value] of Object.entries(from ?? {})) if (!Object.hasOwn(to, name)) setOwn(to, name, value);
}

/** Of containers: what is usual is the most, what is asked for is what is usual, or the least. */
export function limitRangeItemDefaults(limit: LimitRangeItem): void {
  if (limit.type !== 'Container') return;
  const usual: Quantities = { ...limit.default };
  fillIn(usual, limit.max);
  const request: Quantities = { ...limit.defaultRequest };
  fillIn(request, usual);
  fillIn(request, limit.min);
  if (Object.keys(usual).length > 0) limit.default = usual;
  if (Object.keys(request).length > 0) limit.defaultRequest = request;
}

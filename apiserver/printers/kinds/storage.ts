import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/types/core-v1.ts';
import type {
  CSIDriver,
  CSINode,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../../api/types/storage-v1.ts';
import { accessModesText, age, nameOf, unset } from '../cell-text.ts';
import { rows } from '../row-printer.ts';

const phaseOf = (object: { metadata?: { deletionTimestamp?: string } }, phase: string | undefined): string =>
  object.metadata?.deletionTimestamp ? 'Terminating' : (phase ?? '');

/** where the class stood before there was a field for it */
const oldClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

export const persistentVolumeRows = rows<PersistentVolume>((object, nowMs) => {
  const claim = object.spec?.claimRef;
  return [
    nameOf(object),
    object.spec?.capacity?.['storage'] ?? '0',
    accessModesText(object.spec?.accessModes),
    object.spec?.persistentVolumeReclaimPolicy ?? '',
    phaseOf(object, object.status?.phase),
    claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
    object.metadata?.annotations?.[oldClassAnnotation] ?? object.spec?.storageClassName ?? '',
    object.spec?.volumeAttributesClassName ?? unset,
    object.status?.reason ?? '',
    age(object, nowMs),
    object.spec?.volumeMode ?? unset,
  ];
});

export const persistentVolumeClaimRows = rows<PersistentVolumeClaim>((object, nowMs) => {
  const bound = Boolean(object.spec?.volumeName);
  return [
    nameOf(object),
    phaseOf(object, object.status?.phase),
    object.spec?.volumeName ?? '',
    bound ? (object.status?.capacity?.['storage'] ?? '0') : '',
    bound ? accessModesText(object.status?.accessModes) : '',
    object.metadata?.annotations?.[oldClassAnnotation] ?? object.spec?.storageClassName ?? '',
    object.spec?.volumeAttributesClassName ?? unset,
    age(object, nowMs),
    object.spec?.volumeMode ?? unset,
  ];
});

const defaultClassAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const storageClassRows = rows<StorageClass>((object, nowMs) => {
  const isDefault = defaultClassAnnotations.some((key) => object.metadata?.annotations?.[key] === 'true');
  return [
    isDefault ? `${nameOf(object)} (default)` : nameOf(object),
    object.provisioner,
    object.reclaimPolicy ?? 'Delete',
    object.volumeBindingMode ?? unset,
    object.allowVolumeExpansion ?? false,
    age(object, nowMs),
  ];
});

export const volumeAttributesClassRows = rows<VolumeAttributesClass>((object, nowMs) => [
  nameOf(object),
  object.driverName,
  age(object, nowMs),
]);

export const csiNodeRows = rows<CSINode>((object, nowMs) => [
  nameOf(object),
  object.spec?.drivers?.length ?? 0,
  age(object, nowMs),
]);

export const csiDriverRows = rows<CSIDriver>((object, nowMs) => [
  nameOf(object),
  object.spec?.attachRequired ?? true,
  object.spec?.podInfoOnMount ?? false,
  object.spec?.storageCapacity ?? false,
  object.spec?.tokenRequests?.map((request) => request.audience).join(',') || unset,
  object.spec?.requiresRepublish ?? false,
  object.spec?.volumeLifecycleModes?.join(',') || '<none>',
  age(object, nowMs),
]);

export const volumeAttachmentRows = rows<VolumeAttachment>((object, nowMs) => [
  nameOf(object),
  object.spec?.attacher,
  object.spec?.source?.persistentVolumeName ?? '',
  object.spec?.nodeName,
  object.status?.attached ?? false,
  age(object, nowMs),
]);

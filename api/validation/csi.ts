/** What CSI drivers, their nodes and the attacher tell one another. */
import { duplicate, forbidden, invalid, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { goLabelSelector, goStrings } from '../meta/go-text.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { byteLength, isDns1123Subdomain, nameIsDnsSubdomain, rangeMessage } from '../meta/names.ts';
import {
  fieldImmutable,
  validateImmutable,
  validateNonnegative,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import { parseQuantity } from '../meta/quantity.ts';
import type {
  CSIDriver,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  TokenRequest,
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeError,
} from '../types/storage-v1.ts';
import { dnsSubdomain, each, named, oneOfIfSet, qualifiedName } from './field-checks.ts';
import { kindEntry, plainValidation } from './kind-validation.ts';

const driverNameBytesMax = 63;
const attachmentMetadataBytesMax = 256 * 1024;
const volumeErrorBytesMax = 1024;
const nodeIdBytesMax = 256;
const int32Max = 2 ** 31 - 1;
const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;

export function csiDriverName(path: string, name: string | undefined): FieldError[] {
  if (!name) return [required(path)];
  const errors = byteLength(name) > driverNameBytesMax ? [tooLong(path, driverNameBytesMax)] : [];
  return [...errors, ...named(path, name, isDns1123Subdomain(name.toLowerCase()))];
}

function validateTokenRequests(requests: TokenRequest[] | undefined, path: string): FieldError[] {
  const audiences = new Set<string>();
  return each(requests, path, ({ audience, expirationSeconds: seconds }, at) => {
    if (audiences.has(audience)) return [duplicate(`${at}.audience`, audience)];
    audiences.add(audience);
    if (seconds === undefined) return [];
    if (seconds < tokenSecondsMin) {
      return [invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes')];
    }
    if (seconds <= tokenSecondsMax) return [];
    return [invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds')];
  });
}

function validateDriverSpec({ spec }: CSIDriver): FieldError[] {
  const { nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets } = spec ?? {};
  const errors = [
    ...oneOfIfSet('spec.fsGroupPolicy', spec?.fsGroupPolicy, fsGroupPolicies),
    ...validateTokenRequests(spec?.tokenRequests, 'spec.tokenRequests'),
    ...(spec?.volumeLifecycleModes ?? []).flatMap((mode) =>
      oneOfIfSet('spec.volumeLifecycleModes', mode, lifecycleModes),
    ),
  ];
  if (period !== undefined && period < 10) {
    const at = 'spec.nodeAllocatableUpdatePeriodSeconds';
    errors.push(invalid(at, period, 'must be greater than or equal to 10 seconds'));
  }
  if (inSecrets !== undefined && !spec?.tokenRequests?.length) {
    const why = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid('spec.serviceAccountTokenInSecrets', inSecrets, why));
  }
  return errors;
}

const validateDriverUpdate = (driver: CSIDriver, old: CSIDriver): FieldError[] => [
  ...validateObjectMetaUpdate(driver.metadata, old.metadata),
  ...validateDriverSpec(driver),
  ...validateImmutable(driver.spec?.attachRequired, old.spec?.attachRequired, 'spec.attachedRequired'),
  ...validateImmutable(
    driver.spec?.volumeLifecycleModes,
    old.spec?.volumeLifecycleModes,
    'spec.volumeLifecycleModes',
    goStrings(driver.spec?.volumeLifecycleModes, 'storage.VolumeLifecycleMode'),
  ),
];

function validateTopologyKeys(keys: readonly string[] | undefined, at: string): FieldError[] {
  const seen = new Set<string>();
  return (keys ?? []).flatMap((key) => {
    const errors = key === '' ? [required(at)] : [];
    if (seen.has(key)) errors.push(duplicate(at, key));
    seen.add(key);
    return [...errors, ...qualifiedName(at, key)];
  });
}

function validateNodeDrivers({ spec }: CSINode): FieldError[] {
  const names = new Set<string>();
  return each(spec?.drivers, 'spec.drivers', ({ name, nodeID, allocatable, topologyKeys }, at) => {
    const errors = csiDriverName(`${at}.name`, name);
    if (!nodeID) errors.push(required(`${at}.nodeID`));
    if (byteLength(nodeID ?? '') > nodeIdBytesMax) {
      errors.push(invalid(`${at}.nodeID`, nodeID, `must be ${nodeIdBytesMax} characters or less`));
    }
    errors.push(...validateNonnegative(allocatable?.count, `${at}.allocatable.count`));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    return [...errors, ...validateTopologyKeys(topologyKeys, at)];
  });
}

const validateNode = (node: CSINode): FieldError[] => [
  ...validateObjectMeta(node.metadata, false, nameIsDnsSubdomain),
  ...validateNodeDrivers(node),
];

const apartFromLimits = (driver: CSINodeDriver): object => ({ ...driver, allocatable: undefined });

/** Drivers may come and go, and how many volumes they take may change. */
const validateNodeUpdate = (node: CSINode, old: CSINode): FieldError[] => [
  ...validateNode(node),
  ...(old.spec?.drivers ?? []).flatMap((before) =>
    (node.spec?.drivers ?? [])
      .filter(({ name }) => name === before.name)
      .flatMap((driver) => validateImmutable(apartFromLimits(driver), apartFromLimits(before), 'spec.drivers')),
  ),
];

function validateCapacity(capacity: CSIStorageCapacity, old: CSIStorageCapacity | undefined): FieldError[] {
  const { nodeTopology, storageClassName, capacity: size } = capacity;
  const errors = [
    ...validateLabelSelector(nodeTopology, 'nodeTopology'),
    ...dnsSubdomain('storageClassName', storageClassName ?? ''),
  ];
  if (size !== undefined && parseQuantity(size).nano < 0n) {
    errors.push(invalid('capacity', size, 'must be greater than or equal to 0'));
  }
  if (old === undefined) return errors;
  errors.push(...validateObjectMetaUpdate(capacity.metadata, old.metadata));
  if (!nodeTopology !== !old.nodeTopology || !semanticEqual(nodeTopology, old.nodeTopology)) {
    errors.push(invalid('nodeTopology', goLabelSelector(nodeTopology), fieldImmutable));
  }
  if (storageClassName !== old.storageClassName) {
    errors.push(invalid('storageClassName', storageClassName, fieldImmutable));
  }
  return errors;
}

function validateSource(source: VolumeAttachmentSource | undefined, path: string): FieldError[] {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source ?? {};
  const either = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (!inline && name === undefined) return [required(path, either)];
  if (inline && name !== undefined) return [forbidden(path, either)];
  if (name !== '') return [];
  return [required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName')];
}

function validateVolumeError(error: VolumeError | undefined, path: string): FieldError[] {
  const { message = '', errorCode } = error ?? {};
  const errors = byteLength(message) > volumeErrorBytesMax ? [tooLong(`${path}.message`, volumeErrorBytesMax)] : [];
  if (errorCode === undefined || errorCode >= 0) return errors;
  return [...errors, invalid(`${path}.errorCode`, errorCode, rangeMessage(0, int32Max))];
}

function validateAttachment({ metadata, spec, status }: VolumeAttachment): FieldError[] {
  const volume = spec?.source?.persistentVolumeName;
  const bytes = Object.entries(status?.attachmentMetadata ?? {}).reduce(
    (sum, [key, value]) => sum + byteLength(key) + byteLength(value),
    0,
  );
  return [
    ...validateObjectMeta(metadata, false, nameIsDnsSubdomain),
    ...csiDriverName('spec.attacher', spec?.attacher),
    ...validateSource(spec?.source, 'spec.source'),
    ...dnsSubdomain('spec.nodeName', spec?.nodeName ?? ''),
    ...(bytes > attachmentMetadataBytesMax ? [tooLong('status.attachmentMetadata', attachmentMetadataBytesMax)] : []),
    ...validateVolumeError(status?.attachError, 'status.attachError'),
    ...validateVolumeError(status?.detachError, 'status.detachError'),
    ...(volume === undefined ? [] : dnsSubdomain('spec.source.persistentVolumeName', volume)),
  ];
}

const validateAttachmentUpdate = (attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] => [
  ...validateAttachment(attachment),
  ...validateImmutable(attachment.spec, old.spec, 'spec'),
];

export const csiKinds = [
  kindEntry<CSIDriver>('storage.k8s.io/CSIDriver', {
    create: (driver) => [
      ...validateObjectMeta(driver.metadata, false, nameIsDnsSubdomain),
      ...validateDriverSpec(driver),
    ],
    update: validateDriverUpdate,
  }),
  kindEntry<CSINode>('storage.k8s.io/CSINode', { create: validateNode, update: validateNodeUpdate }),
  kindEntry('storage.k8s.io/CSIStorageCapacity', plainValidation(true, nameIsDnsSubdomain, validateCapacity)),
  kindEntry<VolumeAttachment>('storage.k8s.io/VolumeAttachment', {
    create: validateAttachment,
    update: validateAttachmentUpdate,
    statusUpdate: validateAttachmentUpdate,
  }),
];

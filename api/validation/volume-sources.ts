/** Kinds of storage that a pod or a PersistentVolume names. Each check gets the source and its path. */
import { invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { isDns1123Subdomain, nameIsDnsSubdomain, rangeMessage } from '../meta/names.ts';
import type * as core from '../types/core-v1.ts';
import { dnsLabel, dnsSubdomain, named, noBacksteps, requiredText } from './field-checks.ts';

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

export function validateHostPath(source: core.HostPathVolumeSource, path: string): FieldError[] {
  if (!source.path) return [required(`${path}.path`)];
  const errors = noBacksteps(`${path}.path`, source.path);
  const type = source.type ?? '';
  return hostPathTypes.includes(type) ? errors : [...errors, notSupported(`${path}.type`, type, hostPathTypes)];
}

const validatePartition = (partition: number | undefined, path: string): FieldError[] =>
  (partition ?? 0) < 0 || (partition ?? 0) > 255 ? [invalid(`${path}.partition`, partition, rangeMessage(1, 255))] : [];

export const validateGcePersistentDisk = (disk: core.GCEPersistentDiskVolumeSource, path: string): FieldError[] => [
  ...requiredText(`${path}.pdName`, disk.pdName),
  ...validatePartition(disk.partition, path),
];

export const validateAwsElasticBlockStore = (
  disk: core.AWSElasticBlockStoreVolumeSource,
  path: string,
): FieldError[] => [...requiredText(`${path}.volumeID`, disk.volumeID), ...validatePartition(disk.partition, path)];

export function validateNfs(source: core.NFSVolumeSource, path: string): FieldError[] {
  const target = source.path ?? '';
  const errors = [...requiredText(`${path}.server`, source.server), ...requiredText(`${path}.path`, target)];
  return target.startsWith('/') ? errors : [...errors, invalid(`${path}.path`, target, 'must be an absolute path')];
}

const initiatorFormats: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function validateInitiator(name: string, path: string, unknownStart: string): FieldError[] {
  const format = initiatorFormats[name.slice(0, 3)];
  if (format === undefined) return [invalid(path, name, unknownStart)];
  return format.test(name) ? [] : [invalid(path, name, 'must be valid format')];
}

interface Iscsi {
  targetPortal: string;
  iqn: string;
  lun?: number;
  chapAuthDiscovery?: boolean;
  chapAuthSession?: boolean;
  initiatorName?: string;
  secretRef?: { name?: string };
}

/** `persistentName`: of the PersistentVolume that it is of */
export function validateIscsi(source: Iscsi, path: string, persistentName?: string): FieldError[] {
  const isPersistent = persistentName !== undefined;
  const { targetPortal, iqn, lun = 0, initiatorName } = source;
  const unknownStart = isPersistent ? 'must be valid format' : 'must be valid format starting with iqn, eui, or naa';
  const errors = requiredText(`${path}.targetPortal`, targetPortal);
  if (isPersistent && initiatorName !== undefined && `${persistentName}:${targetPortal}`.length > 64) {
    const why =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(invalid(`${path}.targetportal`, targetPortal, why));
  }
  errors.push(...(iqn ? validateInitiator(iqn, `${path}.iqn`, unknownStart) : [required(`${path}.iqn`)]));
  if (lun < 0 || lun > 255) errors.push(invalid(`${path}.lun`, lun, rangeMessage(0, 255)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(required(`${path}.secretRef`));
  }
  if (isPersistent && source.secretRef) errors.push(...requiredText(`${path}.secretRef.name`, source.secretRef.name));
  if (initiatorName !== undefined) {
    errors.push(...validateInitiator(initiatorName, `${path}.initiatorname`, unknownStart));
  }
  return errors;
}

export const validateGlusterfs = (source: { endpoints?: string; path?: string }, path: string): FieldError[] => [
  ...requiredText(`${path}.endpoints`, source.endpoints),
  ...requiredText(`${path}.path`, source.path),
];

export function validateFlocker({ datasetName, datasetUUID }: core.FlockerVolumeSource, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID) {
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName?.includes('/')) errors.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"));
  return errors;
}

export const validateRbd = (source: { monitors?: string[]; image?: string }, path: string): FieldError[] => [
  ...(source.monitors?.length ? [] : [required(`${path}.monitors`)]),
  ...requiredText(`${path}.image`, source.image),
];

interface WithSecret {
  secretRef?: { name?: string; namespace?: string };
}

/** A PersistentVolume has no namespace that a secret could be looked for in. */
function validateSecretRef({ secretRef }: WithSecret, path: string, isPersistent: boolean): FieldError[] {
  if (!secretRef) return [];
  return [
    ...requiredText(`${path}.secretRef.name`, secretRef.name),
    ...(isPersistent ? requiredText(`${path}.secretRef.namespace`, secretRef.namespace) : []),
  ];
}

export const validateCinder = (
  source: { volumeID?: string } & WithSecret,
  path: string,
  isPersistent: boolean,
): FieldError[] => [
  ...requiredText(`${path}.volumeID`, source.volumeID),
  ...validateSecretRef(source, path, isPersistent),
];

export const validateCephfs = (source: { monitors?: string[] }, path: string): FieldError[] =>
  source.monitors?.length ? [] : [required(`${path}.monitors`)];

const hostAndPort = /^(\[[^\]]*\]|[^:]*):[^:]*$/;

export function validateQuobyte(source: core.QuobyteVolumeSource, path: string): FieldError[] {
  const pair = 'must be a host:port pair or multiple pairs separated by commas';
  const errors: FieldError[] = [];
  if (!source.registry) errors.push(required(`${path}.registry`, pair));
  else if ((source.tenant?.length ?? 0) > 64) {
    errors.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    const wrong = source.registry.split(',').filter((one) => !hostAndPort.test(one));
    errors.push(...wrong.map(() => invalid(`${path}.registry`, source.registry, pair)));
  }
  return [...errors, ...requiredText(`${path}.volume`, source.volume)];
}

export function validateFc(source: core.FCVolumeSource, path: string): FieldError[] {
  const { targetWWNs = [], wwids = [], lun } = source;
  const errors: FieldError[] = [];
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(`${path}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    const why = 'targetWWNs and wwids can not be specified simultaneously';
    errors.push(invalid(`${path}.targetWWNs`, goStrings(targetWWNs), why));
  }
  if (targetWWNs.length === 0) return errors;
  if (lun === undefined) errors.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'));
  else if (lun < 0 || lun > 255) errors.push(invalid(`${path}.lun`, lun, rangeMessage(0, 255)));
  return errors;
}

export function validateFlexVolume(
  source: { driver?: string; options?: Record<string, string> },
  path: string,
): FieldError[] {
  const reserved = Object.keys(source.options ?? {}).filter((key) =>
    /\.(kubernetes|k8s)\.io$/.test(`.${(key.split('/')[0] as string).toLowerCase()}`),
  );
  const why = 'kubernetes.io and k8s.io namespaces are reserved';
  return [
    ...requiredText(`${path}.driver`, source.driver),
    ...reserved.map((key) => invalid(`${path}.options[${key}]`, key, why)),
  ];
}

export const validateAzureFile = (
  source: { secretName?: string; shareName?: string; secretNamespace?: string },
  path: string,
): FieldError[] => [
  ...requiredText(`${path}.secretName`, source.secretName),
  ...requiredText(`${path}.shareName`, source.shareName),
  ...(source.secretNamespace === '' ? [required(`${path}.secretNamespace`)] : []),
];

const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];
const managedUri = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

export function validateAzureDisk(disk: Partial<core.AzureDiskVolumeSource>, path: string): FieldError[] {
  const { kind, cachingMode, diskURI = '' } = disk;
  const errors = [...requiredText(`${path}.diskName`, disk.diskName), ...requiredText(`${path}.diskURI`, diskURI)];
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(notSupported(`${path}.cachingMode`, cachingMode, cachingModes));
  }
  if (kind === undefined) return errors;
  if (!diskKinds.includes(kind)) errors.push(notSupported(`${path}.kind`, kind, diskKinds));
  const [start, example] = kind === 'Managed' ? ['/subscriptions/', managedUri] : ['https://', blobUri];
  if (!diskURI.startsWith(start)) {
    errors.push(notSupported(`${path}.diskURI`, diskURI, [example]));
  }
  return errors;
}

export const validateScaleIo = (
  source: { gateway?: string; system?: string; volumeName?: string },
  path: string,
): FieldError[] =>
  (['gateway', 'system', 'volumeName'] as const).flatMap((key) => requiredText(`${path}.${key}`, source[key]));

export const validateStorageOs = (
  source: { volumeName?: string; volumeNamespace?: string } & WithSecret,
  path: string,
  isPersistent: boolean,
): FieldError[] => [
  ...(source.volumeName ? dnsLabel(`${path}.volumeName`, source.volumeName) : [required(`${path}.volumeName`)]),
  ...(source.volumeNamespace ? dnsLabel(`${path}.volumeNamespace`, source.volumeNamespace) : []),
  ...validateSecretRef(source, path, isPersistent),
];

export function validateCsiDriverName(driver: string, path: string): FieldError[] {
  if (driver === '') return [required(path)];
  return [
    ...(driver.length > 63 ? [tooLong(path, 63)] : []),
    ...named(path, driver, isDns1123Subdomain(driver.toLowerCase())),
  ];
}

export function validateCsi(source: core.CSIVolumeSource, path: string): FieldError[] {
  const errors = validateCsiDriverName(source.driver ?? '', `${path}.driver`);
  const secret = source.nodePublishSecretRef;
  if (!secret) return errors;
  if (!secret.name) return [...errors, required(`${path}.nodePublishSecretRef.name`)];
  return [...errors, ...named(`${path}.name`, secret.name, nameIsDnsSubdomain(secret.name, false))];
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

export function validatePersistentCsi(source: core.CSIPersistentVolumeSource, path: string): FieldError[] {
  const errors = [
    ...validateCsiDriverName(source.driver ?? '', `${path}.driver`),
    ...requiredText(`${path}.volumeHandle`, source.volumeHandle),
  ];
  for (const key of csiSecrets) {
    const secret = source[key];
    if (!secret) continue;
    const at = `${path}.${key}`;
    errors.push(...(secret.name ? dnsSubdomain(`${at}.name`, secret.name) : [required(`${at}.name`)]));
    errors.push(...(secret.namespace ? dnsLabel(`${at}.namespace`, secret.namespace) : [required(`${at}.namespace`)]));
  }
  return errors;
}

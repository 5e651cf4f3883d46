import { isObject } from '../meta/clone.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isDns1123Label, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import { parseQuantity, unitsOf } from '../meta/quantity.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../types/core-v1.ts';
import { named, noBacksteps, oneOfIfSet, requiredText } from './field-checks.ts';
import { validateAccessModes, volumeModes } from './persistent-volume-claim.ts';
import { validateNodeSelector } from './scheduling.ts';
import * as sources from './volume-sources.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
const mountOptions = 'volume.beta.kubernetes.io/mount-options';

type SourceName =
  | 'hostPath' | 'gcePersistentDisk' | 'awsElasticBlockStore' | 'glusterfs' | 'flocker' | 'nfs' | 'rbd' | 'quobyte'
  | 'cephfs' | 'iscsi' | 'cinder' | 'fc' | 'flexVolume' | 'azureFile' | 'vsphereVolume' | 'photonPersistentDisk'
  | 'portworxVolume' | 'azureDisk' | 'scaleIO' | 'local' | 'storageos' | 'csi'; // prettier-ignore
type Source<K extends SourceName> = NonNullable<PersistentVolumeSpec[K]>;
type SourceChecks = { [K in SourceName]: (source: Source<K>, path: string, name: string) => FieldError[] };

/** In the order a real server looks at them. */
const sourceChecks: SourceChecks = {
  hostPath: sources.validateHostPath,
  // a real server reports it by another name
  gcePersistentDisk: (source) => sources.validateGcePersistentDisk(source, 'spec.persistentDisk'),
  awsElasticBlockStore: sources.validateAwsElasticBlockStore,
  glusterfs: (source, path) => {
    const namespace = source.endpointsNamespace;
    const at = `${path}.endpointsNamespace`;
    const errors = sources.validateGlusterfs(source, path);
    if (namespace === undefined) return errors;
    if (namespace !== '') return [...errors, ...named(at, namespace, isDns1123Label(namespace))];
    const why = 'if the endpointnamespace is set, it must be a valid namespace name';
    return [...errors, invalid(at, namespace, why)];
  },
  flocker: sources.validateFlocker,
  nfs: sources.validateNfs,
  rbd: sources.validateRbd,
  quobyte: sources.validateQuobyte,
  cephfs: sources.validateCephfs,
  iscsi: sources.validateIscsi,
  cinder: (source, path) => sources.validateCinder(source, path, true),
  fc: sources.validateFc,
  flexVolume: sources.validateFlexVolume,
  azureFile: sources.validateAzureFile,
  vsphereVolume: (source, path) => requiredText(`${path}.volumePath`, source.volumePath),
  photonPersistentDisk: (source, path) => requiredText(`${path}.pdID`, source.pdID),
  portworxVolume: (source, path) => requiredText(`${path}.volumeID`, source.volumeID),
  azureDisk: sources.validateAzureDisk,
  scaleIO: sources.validateScaleIo,
  local: ({ path: target }, path) => (target ? noBacksteps(`${path}.path`, target) : [required(`${path}.path`)]),
  storageos: (source, path) => sources.validateStorageOs(source, path, true),
  csi: sources.validatePersistentCsi,
};
const sourceNames = Object.keys(sourceChecks) as SourceName[];
/** these may not take mount options from the old annotation */
const withoutMountOptions = new Set<SourceName>([
  'hostPath', 'flocker', 'fc', 'flexVolume', 'portworxVolume', 'scaleIO', 'local', 'storageos', 'csi',
]); // prettier-ignore

function validateSource(spec: PersistentVolumeSpec, name: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const key of sourceNames) {
    const source = spec[key];
    if (source === undefined || source === null) continue;
    const at = `spec.${key}`;
    if (found++ > 0 && key !== 'flexVolume') {
      errors.push(forbidden(key === 'cephfs' ? 'spec.cephFS' : at, 'may not specify more than 1 volume type'));
      continue;
    }
    errors.push(
      ...(sourceChecks[key] as (source: unknown, path: string, name: string) => FieldError[])(source, at, name),
    );
    if (key === 'local' && !spec.nodeAffinity) {
      errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
    }
  }
  return found === 0 ? [required('spec', 'must specify a volume type')] : errors;
}

function validateCapacity(capacity: Record<string, string>): FieldError[] {
  const at = 'spec.capacity';
  const names = Object.keys(capacity);
  const errors = names.length === 0 ? [required(at)] : [];
  if (!names.includes('storage') || names.length > 1) errors.push(notSupported(at, capacity, ['storage']));
  for (const name of names) {
    const text = capacity[name] as string;
    const quantity = parseQuantity(text);
    if (quantity.nano < 0n) {
      errors.push(invalid(`${at}[${name}]`, unitsOf(quantity), 'must be a valid resource quantity'));
    }
    if (quantity.nano <= 0n) errors.push(invalid(`${at}[${name}]`, text, 'must be greater than zero'));
  }
  return errors;
}

const className = (path: string, name: string): FieldError[] => named(path, name, nameIsDnsSubdomain(name, false));

function validateAttributesClass(spec: PersistentVolumeSpec): FieldError[] {
  const name = spec.volumeAttributesClassName;
  const at = 'spec.volumeAttributesClassName';
  if (name === undefined) return [];
  return [
    ...(name === '' ? [required(at, 'an empty string is disallowed')] : className(at, name)),
    ...(spec.csi ? [] : [required('spec.csi', 'has to be specified when using volumeAttributesClassName')]),
  ];
}

/** `/a/..` and the like are the root, too. */
function isRoot(path: string): boolean {
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth = Math.max(0, depth - 1);
    else if (part !== '' && part !== '.') depth++;
  }
  return path.startsWith('/') && depth === 0;
}

function validateSpec(spec: PersistentVolumeSpec, name: string): FieldError[] {
  const affinity = spec.nodeAffinity;
  const errors = [
    ...(spec.accessModes?.length ? [] : [required('spec.accessModes')]),
    ...validateAccessModes(spec.accessModes, 'spec.accessModes'),
    ...validateCapacity(spec.capacity ?? {}),
    ...oneOfIfSet('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, reclaimPolicies),
  ];
  if (affinity?.required) errors.push(...validateNodeSelector(affinity.required, 'spec.nodeAffinity.required'));
  else if (affinity) errors.push(required('spec.nodeAffinity.required', 'must specify required node constraints'));
  errors.push(...validateSource(spec, name));
  if (spec.hostPath && isRoot(spec.hostPath.path ?? '') && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbidden('spec.persistentVolumeReclaimPolicy', why));
  }
  if (spec.storageClassName) errors.push(...className('spec.storageClassName', spec.storageClassName));
  return [...errors, ...oneOfIfSet('spec.volumeMode', spec.volumeMode, volumeModes), ...validateAttributesClass(spec)];
}

function validateMountOptions(volume: PersistentVolume): FieldError[] {
  if (volume.metadata?.annotations?.[mountOptions] === undefined) return [];
  const allowed = sourceNames.some((key) => volume.spec?.[key] && !withoutMountOptions.has(key));
  const why = 'may not specify mount options for this volume type';
  return allowed ? [] : [forbidden(`metadata.annotations.${mountOptions}`, why)];
}

export const validatePersistentVolume = (volume: PersistentVolume): FieldError[] => [
  ...validateObjectMeta(volume.metadata, false, nameIsDnsSubdomain),
  ...validateSpec(volume.spec ?? {}, volume.metadata?.name ?? ''),
  ...validateMountOptions(volume),
];

/** A CSI volume may get the secret of its expansion later. */
function sourceOf(spec: PersistentVolumeSpec, old: PersistentVolumeSpec): Record<string, unknown> {
  const source: Record<string, unknown> = {};
  for (const key of sourceNames) if (spec[key] !== undefined) source[key] = spec[key];
  if (isObject(source['csi']) && old.csi && !old.csi.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...csi } = source['csi'];
    source['csi'] = csi;
  }
  return source;
}

export function validatePersistentVolumeUpdate(volume: PersistentVolume, oldVolume: PersistentVolume): FieldError[] {
  const [spec, old] = [volume.spec ?? {}, oldVolume.spec ?? {}];
  const errors = validatePersistentVolume(volume);
  if (!semanticEqual(sourceOf(spec, old), sourceOf(old, old))) {
    const why = 'spec.persistentvolumesource is immutable after creation';
    errors.push(forbidden('spec.persistentvolumesource', why));
  }
  errors.push(...validateImmutable(spec.volumeMode, old.volumeMode, 'volumeMode', spec.volumeMode ?? null));
  if (old.nodeAffinity && !semanticEqual(spec.nodeAffinity, old.nodeAffinity)) {
    const why = 'field is immutable, except for updating from beta label to GA';
    errors.push(invalid('nodeAffinity', spec.nodeAffinity ?? null, why));
  }
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

export const validatePersistentVolumeStatusUpdate = (volume: PersistentVolume, old: PersistentVolume): FieldError[] =>
  validateObjectMetaUpdate(volume.metadata, old.metadata);

/** Volumes of a pod. */
import { duplicate, forbidden, invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { validateLabels } from '../meta/labels.ts';
import { isDns1123Subdomain } from '../meta/names.ts';
import { validateAnnotations } from '../meta/object-meta.ts';
import { parseQuantity } from '../meta/quantity.ts';
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume } from '../types/core-v1.ts';
import { validateFieldRef, validateResourceFieldRef, volumeFields } from './env.ts';
import { dnsLabel, each, fileMode, localNonReservedPath, localPath, requiredText } from './field-checks.ts';
import { validateClaimSpec } from './persistent-volume-claim.ts';
import { validateTrustBundle, validatePodCertificate } from './projections.ts';
import * as sources from './volume-sources.ts';

const validateItems = (items: KeyToPath[] | undefined, path: string): FieldError[] =>
  each(items, `${path}.items`, (item, at) => [
    ...requiredText(`${at}.key`, item.key),
    ...requiredText(`${at}.path`, item.path),
    ...localNonReservedPath(`${at}.path`, item.path ?? ''),
    ...fileMode(`${at}.mode`, item.mode),
  ]);

function validateDownwardFile(file: DownwardAPIVolumeFile, path: string): FieldError[] {
  const errors = [...requiredText(`${path}.path`, file.path), ...localNonReservedPath(`${path}.path`, file.path ?? '')];
  if (file.fieldRef) {
    errors.push(...validateFieldRef(file.fieldRef, volumeFields, `${path}.fieldRef`));
    if (file.resourceFieldRef) {
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (file.resourceFieldRef) {
    errors.push(...validateResourceFieldRef(file.resourceFieldRef, `${path}.resourceFieldRef`, true));
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...fileMode(`${path}.mode`, file.mode)];
}

function validateProjected(source: ProjectedVolumeSource, path: string): FieldError[] {
  const errors = fileMode(`${path}.defaultMode`, source.defaultMode);
  const paths = new Set<string>();
  const once = (file: string | undefined, shown: string): FieldError[] => {
    if (!file) return [];
    if (paths.has(file)) return [invalid(path, shown, 'conflicting duplicate paths')];
    paths.add(file);
    return [];
  };
  for (const [i, projection] of (source.sources ?? []).entries()) {
    const at = `${path}.sources[${i}]`;
    let found = 0;
    for (const key of ['secret', 'configMap'] as const) {
      const from = projection[key];
      if (!from) continue;
      found++;
      errors.push(...requiredText(`${at}.${key}.name`, from.name), ...validateItems(from.items, `${at}.${key}`));
      for (const item of from.items ?? []) errors.push(...once(item.path, from.name ?? ''));
    }
    if (projection.downwardAPI) {
      found++;
      for (const file of projection.downwardAPI.items ?? []) {
        errors.push(...validateDownwardFile(file, `${at}.downwardAPI`), ...once(file.path, file.path));
      }
    }
    const token = projection.serviceAccountToken;
    if (token) {
      found++;
      const seconds = token.expirationSeconds ?? 0;
      const secondsAt = `${at}.serviceAccountToken.expirationSeconds`;
      if (seconds < 600) errors.push(invalid(secondsAt, seconds, 'may not specify a duration less than 10 minutes'));
      if (seconds > 2 ** 32) {
        errors.push(invalid(secondsAt, seconds, 'may not specify a duration larger than 2^32 seconds'));
      }
      if (!token.path) errors.push(required(`${path}.path`));
      else errors.push(...localNonReservedPath(`${path}.path`, token.path));
    }
    const bundle = projection.clusterTrustBundle;
    if (bundle) {
      found++;
      errors.push(...validateTrustBundle(bundle, `${at}.clusterTrustBundle`), ...once(bundle.path, bundle.path));
    }
    const certificate = projection.podCertificate;
    if (certificate) {
      found++;
      errors.push(...validatePodCertificate(certificate, `${at}.podCertificate`));
      for (const file of [certificate.credentialBundlePath, certificate.keyPath, certificate.certificateChainPath]) {
        errors.push(...once(file, file ?? ''));
      }
    }
    if (found > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type per source'));
  }
  return errors;
}

/** Only labels and annotations of the template reach the claim. */
function validateClaimTemplate(volume: Volume, path: string): FieldError[] {
  const template = volume.ephemeral?.volumeClaimTemplate;
  if (template === undefined) return [required(path)];
  const { annotations, labels, ...others } = template.metadata ?? {};
  return [
    ...validateAnnotations(annotations, `${path}.metadata.annotations`),
    ...validateLabels(labels, `${path}.metadata.labels`),
    ...Object.keys(others).map((key) => forbidden(`${path}.metadata.${key}`, 'cannot be set')),
    ...validateClaimSpec(template.spec ?? {}, `${path}.spec`),
  ];
}

type SourceName = Exclude<keyof Volume, 'name'>;
type SourceChecks = {
  [K in SourceName]-?: (source: NonNullable<Volume[K]>, path: string, volume: Volume) => FieldError[];
};

/** In the order a real server looks at them. */
const sourceChecks: SourceChecks = {
  emptyDir: (source, path) => {
    const negative = source.sizeLimit !== undefined && parseQuantity(source.sizeLimit).nano < 0n;
    return negative ? [forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')] : [];
  },
  hostPath: sources.validateHostPath,
  gitRepo: (source, path) => {
    const errors = requiredText(`${path}.repository`, source.repository);
    return [...errors, ...localPath(`${path}.directory`, source.directory ?? '')];
  },
  // a real server reports it by another name
  gcePersistentDisk: (source, path) =>
    sources.validateGcePersistentDisk(source, path.replace(/gcePersistentDisk$/, 'persistentDisk')),
  awsElasticBlockStore: sources.validateAwsElasticBlockStore,
  secret: (source, path) => [
    ...requiredText(`${path}.secretName`, source.secretName),
    ...fileMode(`${path}.defaultMode`, source.defaultMode),
    ...validateItems(source.items, path),
  ],
  nfs: sources.validateNfs,
  iscsi: (source, path, volume) => {
    const errors = sources.validateIscsi(source, path);
    const long = source.initiatorName !== undefined && `${volume.name}:${source.targetPortal}`.length > 64;
    const why =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    return long ? [...errors, invalid(path.replace(/iscsi$/, 'name'), volume.name, why)] : errors;
  },
  glusterfs: sources.validateGlusterfs,
  flocker: sources.validateFlocker,
  persistentVolumeClaim: (source, path) => requiredText(`${path}.claimName`, source.claimName),
  rbd: sources.validateRbd,
  cinder: (source, path) => sources.validateCinder(source, path, false),
  cephfs: sources.validateCephfs,
  quobyte: sources.validateQuobyte,
  downwardAPI: (source, path) => [
    ...fileMode(`${path}.defaultMode`, source.defaultMode),
    // the index is missing from these paths in a real server too
    ...(source.items ?? []).flatMap((file) => validateDownwardFile(file, path)),
  ],
  fc: sources.validateFc,
  flexVolume: sources.validateFlexVolume,
  configMap: (source, path) => [
    ...requiredText(`${path}.name`, source.name),
    ...fileMode(`${path}.defaultMode`, source.defaultMode),
    ...validateItems(source.items, path),
  ],
  azureFile: sources.validateAzureFile,
  vsphereVolume: (source, path) => requiredText(`${path}.volumePath`, source.volumePath),
  photonPersistentDisk: (source, path) => requiredText(`${path}.pdID`, source.pdID),
  portworxVolume: (source, path) => requiredText(`${path}.volumeID`, source.volumeID),
  azureDisk: sources.validateAzureDisk,
  storageos: (source, path) => sources.validateStorageOs(source, path, false),
  scaleIO: sources.validateScaleIo,
  projected: validateProjected,
  csi: sources.validateCsi,
  ephemeral: (_, path, volume) => validateClaimTemplate(volume, `${path}.volumeClaimTemplate`),
  image: (source, path) => requiredText(`${path}.reference`, source.reference),
};

type SourceCheck = (source: unknown, path: string, volume: Volume) => FieldError[];

function validateSource(volume: Volume, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const key of Object.keys(sourceChecks) as (keyof typeof sourceChecks)[]) {
    if (volume[key] === undefined || volume[key] === null) continue;
    const at = `${path}.${key}`;
    if (found++ > 0) errors.push(forbidden(at, 'may not specify more than 1 volume type'));
    else errors.push(...(sourceChecks[key] as SourceCheck)(volume[key], at, volume));
  }
  return found === 0 ? [required(path, 'must specify a volume type')] : errors;
}

/** Also returns the volumes that containers may mount: those without errors. */
export function validateVolumes(
  volumes: Volume[] | undefined,
  podName: string | undefined,
  path: string,
): { errors: FieldError[]; usable: Map<string, Volume> } {
  const usable = new Map<string, Volume>();
  const claims = new Set(podName ? (volumes ?? []).filter((v) => v.ephemeral).map((v) => `${podName}-${v.name}`) : []);
  const errors = each(volumes, path, (volume, at) => {
    const found = validateSource(volume, at);
    found.push(...(volume.name ? dnsLabel(`${at}.name`, volume.name) : [required(`${at}.name`)]));
    if (usable.has(volume.name)) found.push(duplicate(`${at}.name`, volume.name));
    if (found.length === 0) usable.set(volume.name, volume);
    if (volume.ephemeral && podName && volume.name) {
      const claimName = `${podName}-${volume.name}`;
      for (const message of isDns1123Subdomain(claimName)) {
        found.push(invalid(`${at}.name`, volume.name, `PVC name "${claimName}": ${message}`));
      }
    }
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && claims.has(claim)) {
      const why = 'must not reference a PVC that gets created for an ephemeral volume';
      found.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim, why));
    }
    return found;
  });
  return { errors, usable };
}

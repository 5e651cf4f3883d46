/** Volumes of a pod. */
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isDns1123Subdomain } from '../meta/names.ts';
import { parseQuantity } from '../meta/quantity.ts';
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume } from '../types/core-v1.ts';
import { validateFieldRef, validateResourceFieldRef, volumeFields } from './env.ts';
import { dnsLabel, each, fileMode, localNonReservedPath, named, noBacksteps, requiredText } from './field-checks.ts';

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
    if (projection.clusterTrustBundle) found++;
    if (projection.podCertificate) found++;
    if (found > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type per source'));
  }
  return errors;
}

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function validateClaimTemplate(volume: Volume, path: string): FieldError[] {
  const spec = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (spec === undefined) return [required(path)];
  const modes = spec.accessModes ?? [];
  const errors = modes.length > 0 ? [] : [required(`${path}.spec.accessModes`, 'at least 1 access mode is required')];
  for (const mode of modes) {
    if (!accessModes.includes(mode)) errors.push(notSupported(`${path}.spec.accessModes`, mode, accessModes));
  }
  if (!spec.resources?.requests?.['storage']) errors.push(required(`${path}.spec.resources[storage]`));
  return errors;
}

type SourceCheck = (volume: Volume, path: string) => FieldError[];

/** Sources that this page checks further; the others need only be the one. In the order a real server looks at them. */
const sourceChecks: Record<Exclude<keyof Volume, 'name'>, SourceCheck | undefined> = {
  emptyDir: (volume, path) => {
    const limit = volume.emptyDir?.sizeLimit;
    const negative = limit !== undefined && parseQuantity(limit).nano < 0n;
    return negative ? [forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')] : [];
  },
  hostPath: (volume, path) => {
    const source = volume.hostPath;
    if (!source?.path) return [required(`${path}.path`)];
    const errors = noBacksteps(`${path}.path`, source.path);
    const type = source.type ?? '';
    return hostPathTypes.includes(type) ? errors : [...errors, notSupported(`${path}.type`, type, hostPathTypes)];
  },
  gitRepo: (volume, path) => requiredText(`${path}.repository`, volume.gitRepo?.repository),
  gcePersistentDisk: (volume, path) => requiredText(`${path}.pdName`, volume.gcePersistentDisk?.pdName),
  awsElasticBlockStore: (volume, path) => requiredText(`${path}.volumeID`, volume.awsElasticBlockStore?.volumeID),
  secret: (volume, path) => [
    ...requiredText(`${path}.secretName`, volume.secret?.secretName),
    ...fileMode(`${path}.defaultMode`, volume.secret?.defaultMode),
    ...validateItems(volume.secret?.items, path),
  ],
  nfs: (volume, path) => {
    const { server, path: target } = volume.nfs as { server: string; path: string };
    const errors = [...requiredText(`${path}.server`, server), ...requiredText(`${path}.path`, target)];
    return target.startsWith('/') ? errors : [...errors, invalid(`${path}.path`, target, 'must be an absolute path')];
  },
  iscsi: (volume, path) => [
    ...requiredText(`${path}.targetPortal`, volume.iscsi?.targetPortal),
    ...requiredText(`${path}.iqn`, volume.iscsi?.iqn),
  ],
  glusterfs: (volume, path) => [
    ...requiredText(`${path}.endpoints`, volume.glusterfs?.endpoints),
    ...requiredText(`${path}.path`, volume.glusterfs?.path),
  ],
  flocker: undefined,
  persistentVolumeClaim: (volume, path) => requiredText(`${path}.claimName`, volume.persistentVolumeClaim?.claimName),
  rbd: undefined,
  cinder: (volume, path) => requiredText(`${path}.volumeID`, volume.cinder?.volumeID),
  cephfs: undefined,
  quobyte: undefined,
  downwardAPI: (volume, path) => [
    ...fileMode(`${path}.defaultMode`, volume.downwardAPI?.defaultMode),
    // the index is missing from these paths in a real server too
    ...(volume.downwardAPI?.items ?? []).flatMap((file) => validateDownwardFile(file, path)),
  ],
  fc: undefined,
  flexVolume: (volume, path) => requiredText(`${path}.driver`, volume.flexVolume?.driver),
  configMap: (volume, path) => [
    ...requiredText(`${path}.name`, volume.configMap?.name),
    ...fileMode(`${path}.defaultMode`, volume.configMap?.defaultMode),
    ...validateItems(volume.configMap?.items, path),
  ],
  azureFile: undefined,
  vsphereVolume: (volume, path) => requiredText(`${path}.volumePath`, volume.vsphereVolume?.volumePath),
  photonPersistentDisk: (volume, path) => requiredText(`${path}.pdID`, volume.photonPersistentDisk?.pdID),
  portworxVolume: (volume, path) => requiredText(`${path}.volumeID`, volume.portworxVolume?.volumeID),
  azureDisk: undefined,
  storageos: undefined,
  scaleIO: undefined,
  projected: (volume, path) => validateProjected(volume.projected as ProjectedVolumeSource, path),
  csi: (volume, path) => {
    const driver = volume.csi?.driver ?? '';
    const errors = requiredText(`${path}.driver`, driver);
    if (driver.length > 63) errors.push(tooLong(`${path}.driver`, 63));
    return [...errors, ...named(`${path}.driver`, driver, driver ? isDns1123Subdomain(driver.toLowerCase()) : [])];
  },
  ephemeral: (volume, path) => validateClaimTemplate(volume, `${path}.volumeClaimTemplate`),
  image: (volume, path) => requiredText(`${path}.reference`, volume.image?.reference),
};

function validateSource(volume: Volume, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const key of Object.keys(sourceChecks) as (keyof typeof sourceChecks)[]) {
    if (volume[key] === undefined || volume[key] === null) continue;
    const at = `${path}.${key}`;
    if (found++ > 0) errors.push(forbidden(at, 'may not specify more than 1 volume type'));
    else errors.push(...(sourceChecks[key]?.(volume, at) ?? []));
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

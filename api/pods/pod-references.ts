/** Names of other objects that a pod's containers and volumes need: what its kubelet has to read. */
import type { EnvFromSource, EnvVar, Pod, Volume } from '../types/core-v1.ts';

export interface PodReferences {
  readonly secrets: ReadonlySet<string>;
  readonly configMaps: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
  readonly resourceClaims: ReadonlySet<string>;
}

interface Names {
  readonly secrets: (string | undefined)[];
  readonly configMaps: (string | undefined)[];
}

function ofContainer({ env, envFrom }: { env?: EnvVar[]; envFrom?: EnvFromSource[] }, names: Names): void {
  for (const { valueFrom } of env ?? []) {
    names.secrets.push(valueFrom?.secretKeyRef?.name);
    names.configMaps.push(valueFrom?.configMapKeyRef?.name);
  }
  for (const { secretRef, configMapRef } of envFrom ?? []) {
    names.secrets.push(secretRef?.name);
    names.configMaps.push(configMapRef?.name);
  }
}

function ofVolume(volume: Volume, names: Names): void {
  const { secret, configMap, projected } = volume;
  names.secrets.push(
    secret?.secretName,
    volume.azureFile?.secretName,
    volume.cephfs?.secretRef?.name,
    volume.cinder?.secretRef?.name,
    volume.flexVolume?.secretRef?.name,
    volume.rbd?.secretRef?.name,
    volume.scaleIO?.secretRef?.name,
    volume.iscsi?.secretRef?.name,
    volume.storageos?.secretRef?.name,
    volume.csi?.nodePublishSecretRef?.name,
  );
  names.configMaps.push(configMap?.name);
  for (const source of projected?.sources ?? []) {
    names.secrets.push(source.secret?.name);
    names.configMaps.push(source.configMap?.name);
  }
}

const present = (names: readonly (string | undefined)[]): Set<string> =>
  new Set(names.filter((name) => name !== undefined && name !== '') as string[]);

/** The claim that is made for an ephemeral volume. */
export const ephemeralClaimName = (pod: Pod, volume: Volume): string => `${pod.metadata?.name ?? ''}-${volume.name}`;

export function podReferences(pod: Pod): PodReferences {
  const { spec, status } = pod;
  const names: Names = { secrets: (spec?.imagePullSecrets ?? []).map(({ name }) => name), configMaps: [] };
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const container of spec?.[list] ?? []) ofContainer(container, names);
  }
  for (const volume of spec?.volumes ?? []) ofVolume(volume, names);
  const claims = (spec?.volumes ?? []).map((volume) =>
    volume.ephemeral ? ephemeralClaimName(pod, volume) : volume.persistentVolumeClaim?.claimName,
  );
  const resourceClaims = (spec?.resourceClaims ?? []).map(
    ({ name, resourceClaimName }) =>
      resourceClaimName ?? status?.resourceClaimStatuses?.find((own) => own.name === name)?.resourceClaimName,
  );
  resourceClaims.push(status?.extendedResourceClaimStatus?.resourceClaimName);
  return {
    secrets: present(names.secrets),
    configMaps: present(names.configMaps),
    claims: present(claims),
    resourceClaims: present(resourceClaims),
  };
}

const projections: Readonly<Record<string, string>> = {
  configMap: 'configmaps (via projected volumes)',
  secret: 'secrets (via projected volumes)',
  serviceAccountToken: 'serviceaccounts (via projected volumes)',
  clusterTrustBundle: 'clustertrustbundles',
  podCertificate: 'podcertificates',
};
const volumeKinds: Readonly<Record<string, string>> = {
  configMap: 'configmaps (via configmap volumes)',
  secret: 'secrets (via secret volumes)',
  csi: 'csidrivers (via CSI volumes)',
  glusterfs: 'endpoints (via glusterFS volumes)',
  persistentVolumeClaim: 'persistentvolumeclaims',
  ephemeral: 'persistentvolumeclaims (via ephemeral volumes)',
  azureFile: 'secrets (via azureFile volumes)',
};

/** The first kind of object that the pod needs from the API, in the words of a refusal; '' where it needs none. */
export function referencedKind(pod: Pod): string {
  if (pod.spec?.serviceAccountName) return 'serviceaccounts';
  const { secrets, configMaps } = podReferences(pod);
  if (secrets.size > 0) return 'secrets';
  if (configMaps.size > 0) return 'configmaps';
  if (pod.spec?.resourceClaims?.length) return 'resourceclaims';
  for (const volume of pod.spec?.volumes ?? []) {
    const direct = Object.keys(volumeKinds).find((kind) => volume[kind as keyof Volume] !== undefined);
    if (direct !== undefined) return volumeKinds[direct] as string;
    for (const source of volume.projected?.sources ?? []) {
      const projected = Object.keys(projections).find((kind) => source[kind as keyof typeof source] !== undefined);
      if (projected !== undefined) return projections[projected] as string;
    }
  }
  return '';
}

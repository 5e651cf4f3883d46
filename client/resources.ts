import type { Deployment, ReplicaSet } from '../api/types/apps-v1.ts';
import type { CertificateSigningRequest } from '../api/types/certificates-v1.ts';
import type { Lease } from '../api/types/coordination-v1.ts';
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import type { ClusterRole } from '../api/types/rbac-v1.ts';
import type { VolumeAttributesClass } from '../api/types/storage-v1.ts';
import type { KubeObject, ResourceRef } from './types.ts';

const ref = <T extends KubeObject>(
  group: string,
  version: string,
  resource: string,
  kind: string,
  namespaced: boolean,
): ResourceRef<T> => ({ group, version, resource, kind, namespaced });

export const namespaces = ref<Namespace>('', 'v1', 'namespaces', 'Namespace', false);
export const nodes = ref<Node>('', 'v1', 'nodes', 'Node', false);
export const persistentVolumes = ref<PersistentVolume>('', 'v1', 'persistentvolumes', 'PersistentVolume', false);
export const persistentVolumeClaims = ref<PersistentVolumeClaim>(
  '',
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
  true,
);
export const pods = ref<Pod>('', 'v1', 'pods', 'Pod', true);
export const services = ref<Service>('', 'v1', 'services', 'Service', true);
export const endpoints = ref<Endpoints>('', 'v1', 'endpoints', 'Endpoints', true);
export const configMaps = ref<ConfigMap>('', 'v1', 'configmaps', 'ConfigMap', true);
export const secrets = ref<Secret>('', 'v1', 'secrets', 'Secret', true);
export const resourceQuotas = ref<ResourceQuota>('', 'v1', 'resourcequotas', 'ResourceQuota', true);
export const serviceAccounts = ref<ServiceAccount>('', 'v1', 'serviceaccounts', 'ServiceAccount', true);
export const events = ref<Event>('', 'v1', 'events', 'Event', true);
export const replicationControllers = ref<ReplicationController>(
  '',
  'v1',
  'replicationcontrollers',
  'ReplicationController',
  true,
);
export const deployments = ref<Deployment>('apps', 'v1', 'deployments', 'Deployment', true);
export const replicaSets = ref<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet', true);
export const endpointSlices = ref<EndpointSlice>('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', true);
export const certificateSigningRequests = ref<CertificateSigningRequest>(
  'certificates.k8s.io',
  'v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
  false,
);
export const volumeAttributesClasses = ref<VolumeAttributesClass>(
  'storage.k8s.io',
  'v1',
  'volumeattributesclasses',
  'VolumeAttributesClass',
  false,
);
export const clusterRoles = ref<ClusterRole>('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', false);
export const leases = ref<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease', true);

/** `apps/v1`, `v1` */
export const apiVersionOf = (resource: ResourceRef): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;

/** The path of a collection, or of an object and its subresource. */
export function resourcePath(resource: ResourceRef, namespace = '', name = '', subresource = ''): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === '' ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${resource.resource}${object}${subresource === '' ? '' : `/${subresource}`}`;
}

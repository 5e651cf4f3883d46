import type { ResourceInfo } from '../pipeline.ts';
import { clusterColumns } from './cluster-columns.ts';
import { fieldDescription } from '../openapi/descriptions.ts';

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Columns that mean the same on every kind: the field of the object's metadata which they show. */
const metadataColumns: Readonly<Record<string, string>> = {
  Name: 'name',
  Age: 'creationTimestamp',
  'Created At': 'creationTimestamp',
};

/** `resource` → column → the type and field that documents it, where one field does; otherwise the text itself. */
const fieldColumns: Readonly<Record<string, Readonly<Record<string, readonly [string, string] | string>>>> = {
  pods: {
    Ready: 'The aggregate readiness state of this pod for accepting traffic.',
    Status: 'The aggregate status of the containers in this pod.',
    Restarts:
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    IP: ['core.v1.PodStatus', 'podIP'],
    Node: ['core.v1.PodSpec', 'nodeName'],
    'Nominated Node': ['core.v1.PodStatus', 'nominatedNodeName'],
    'Readiness Gates': ['core.v1.PodSpec', 'readinessGates'],
  },
  scales: {
    Desired: ['autoscaling.v1.ScaleSpec', 'replicas'],
    Available: ['autoscaling.v1.ScaleStatus', 'replicas'],
  },
  nodes: {
    Status: 'The status of the node',
    Roles: 'The roles of the node',
    Version: ['core.v1.NodeSystemInfo', 'kubeletVersion'],
    'Internal-IP': ['core.v1.NodeStatus', 'addresses'],
    'External-IP': ['core.v1.NodeStatus', 'addresses'],
    'OS-Image': ['core.v1.NodeSystemInfo', 'osImage'],
    'Kernel-Version': ['core.v1.NodeSystemInfo', 'kernelVersion'],
    'Container-Runtime': ['core.v1.NodeSystemInfo', 'containerRuntimeVersion'],
  },
  namespaces: { Status: 'The status of the namespace' },
  services: {
    Type: ['core.v1.ServiceSpec', 'type'],
    'Cluster-IP': ['core.v1.ServiceSpec', 'clusterIP'],
    'External-IP': ['core.v1.ServiceSpec', 'externalIPs'],
    'Port(s)': ['core.v1.ServiceSpec', 'ports'],
    Selector: ['core.v1.ServiceSpec', 'selector'],
  },
  endpoints: { Endpoints: ['core.v1.Endpoints', 'subsets'] },
  configmaps: { Data: ['core.v1.ConfigMap', 'data'] },
  secrets: { Type: ['core.v1.Secret', 'type'], Data: ['core.v1.Secret', 'data'] },
  serviceaccounts: { Secrets: ['core.v1.ServiceAccount', 'secrets'] },
  events: {
    'Last Seen': ['core.v1.Event', 'lastTimestamp'],
    Type: ['core.v1.Event', 'type'],
    Reason: ['core.v1.Event', 'reason'],
    Object: ['core.v1.Event', 'involvedObject'],
    Subobject: ['core.v1.ObjectReference', 'fieldPath'],
    Source: ['core.v1.Event', 'source'],
    Message: ['core.v1.Event', 'message'],
    'First Seen': ['core.v1.Event', 'firstTimestamp'],
    Count: ['core.v1.Event', 'count'],
  },
  deployments: {
    Ready: 'Number of the pod with ready state',
    'Up-to-date': ['apps.v1.DeploymentStatus', 'updatedReplicas'],
    Available: ['apps.v1.DeploymentStatus', 'availableReplicas'],
    Selector: ['apps.v1.DeploymentSpec', 'selector'],
  },
  replicasets: {
    Desired: ['apps.v1.ReplicaSetSpec', 'replicas'],
    Current: ['apps.v1.ReplicaSetStatus', 'replicas'],
    Ready: ['apps.v1.ReplicaSetStatus', 'readyReplicas'],
    Selector: ['apps.v1.ReplicaSetSpec', 'selector'],
  },
  statefulsets: { Ready: 'Number of the pod with ready state' },
  daemonsets: {
    Desired: ['apps.v1.DaemonSetStatus', 'desiredNumberScheduled'],
    Current: ['apps.v1.DaemonSetStatus', 'currentNumberScheduled'],
    Ready: ['apps.v1.DaemonSetStatus', 'numberReady'],
    'Up-to-date': ['apps.v1.DaemonSetStatus', 'updatedNumberScheduled'],
    Available: ['apps.v1.DaemonSetStatus', 'numberAvailable'],
    'Node Selector': ['core.v1.PodSpec', 'nodeSelector'],
    Selector: ['apps.v1.DaemonSetSpec', 'selector'],
  },
  controllerrevisions: { Controller: 'Controller of the object', Revision: ['apps.v1.ControllerRevision', 'revision'] },
  replicationcontrollers: {
    Desired: ['core.v1.ReplicationControllerSpec', 'replicas'],
    Current: ['core.v1.ReplicationControllerStatus', 'replicas'],
    Ready: ['core.v1.ReplicationControllerStatus', 'readyReplicas'],
    Selector: ['core.v1.ReplicationControllerSpec', 'selector'],
  },
  podtemplates: { 'Pod Labels': 'The labels for the pod template.' },
  jobs: {
    Status: 'Status of the job.',
    Completions: ['batch.v1.JobStatus', 'succeeded'],
    Duration: 'Time required to complete the job.',
    Selector: ['batch.v1.JobSpec', 'selector'],
  },
  cronjobs: {
    Schedule: ['batch.v1.CronJobSpec', 'schedule'],
    Timezone: ['batch.v1.CronJobSpec', 'timeZone'],
    Suspend: ['batch.v1.CronJobSpec', 'suspend'],
    Active: ['batch.v1.CronJobStatus', 'active'],
    'Last Schedule': ['batch.v1.CronJobStatus', 'lastScheduleTime'],
    Selector: ['batch.v1.JobSpec', 'selector'],
  },
  persistentvolumes: {
    Capacity: ['core.v1.PersistentVolumeSpec', 'capacity'],
    'Access Modes': ['core.v1.PersistentVolumeSpec', 'accessModes'],
    'Reclaim Policy': ['core.v1.PersistentVolumeSpec', 'persistentVolumeReclaimPolicy'],
    Status: ['core.v1.PersistentVolumeStatus', 'phase'],
    Claim: ['core.v1.PersistentVolumeSpec', 'claimRef'],
    StorageClass: 'StorageClass of the pv',
    VolumeAttributesClass: 'VolumeAttributesClass of the pv',
    Reason: ['core.v1.PersistentVolumeStatus', 'reason'],
    VolumeMode: ['core.v1.PersistentVolumeSpec', 'volumeMode'],
  },
  persistentvolumeclaims: {
    Status: ['core.v1.PersistentVolumeClaimStatus', 'phase'],
    Volume: ['core.v1.PersistentVolumeClaimSpec', 'volumeName'],
    Capacity: ['core.v1.PersistentVolumeClaimStatus', 'capacity'],
    'Access Modes': ['core.v1.PersistentVolumeClaimStatus', 'accessModes'],
    StorageClass: 'StorageClass of the pvc',
    VolumeAttributesClass: 'VolumeAttributesClass of the pvc',
    VolumeMode: ['core.v1.PersistentVolumeClaimSpec', 'volumeMode'],
  },
  resourcequotas: {
    Request: 'Request represents a minimum amount of cpu/memory that a container may consume.',
    Limit:
      'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
  },
  endpointslices: {
    AddressType: ['discovery.v1.EndpointSlice', 'addressType'],
    Ports: ['discovery.v1.EndpointSlice', 'ports'],
    Endpoints: ['discovery.v1.EndpointSlice', 'endpoints'],
  },
  leases: { Holder: ['coordination.v1.LeaseSpec', 'holderIdentity'] },
  ...clusterColumns,
};

const sharedColumns: Readonly<Record<string, string>> = {
  Containers: 'Names of each container in the template.',
  Images: 'Images referenced by each container in the template.',
};

/** The text of a field without the list of its values, which only OpenAPI documents have, nor what v1 alone says of roles. */
const shownText = (type: string, field: string): string =>
  fieldDescription(type, field).replace(/\n\nPossible enum values:[^]*$| This field is immutable\.$/, '');

/** What a column of the resource's table shows; '' where nothing is known. */
export function columnDescription(resource: ResourceInfo, column: string): string {
  const metadataField = metadataColumns[column];
  if (metadataField !== undefined) return shownText(objectMeta, metadataField);
  const known = fieldColumns[resource.resource]?.[column] ?? sharedColumns[column] ?? '';
  return typeof known === 'string' ? known : shownText(`io.k8s.api.${known[0]}`, known[1]);
}

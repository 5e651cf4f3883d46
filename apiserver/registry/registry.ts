import { resources } from '../../api/schema/resources.ts';
import type { ResourceInfo } from '../pipeline.ts';
import { mutatingadmissionpolicies } from './admissionregistration/mutatingadmissionpolicies.ts';
import { mutatingadmissionpolicybindings } from './admissionregistration/mutatingadmissionpolicybindings.ts';
import { mutatingwebhookconfigurations } from './admissionregistration/mutatingwebhookconfigurations.ts';
import { validatingadmissionpolicies } from './admissionregistration/validatingadmissionpolicies.ts';
import { validatingadmissionpolicybindings } from './admissionregistration/validatingadmissionpolicybindings.ts';
import { validatingwebhookconfigurations } from './admissionregistration/validatingwebhookconfigurations.ts';
import { apiservices } from './apiregistration/apiservices.ts';
import { controllerrevisions } from './apps/controllerrevisions.ts';
import { deployments } from './apps/deployments.ts';
import { replicasets } from './apps/replicasets.ts';
import { certificatesigningrequests } from './certificates/certificatesigningrequests.ts';
import { leases } from './coordination/leases.ts';
import { customresourcedefinitions } from './apiextensions/customresourcedefinitions.ts';
import { configmaps } from './core/configmaps.ts';
import { endpoints } from './core/endpoints.ts';
import { events } from './core/events.ts';
import { namespaces } from './core/namespaces.ts';
import { nodes } from './core/nodes.ts';
import { pods } from './core/pods.ts';
import { secrets } from './core/secrets.ts';
import { serviceaccounts } from './core/serviceaccounts.ts';
import { services } from './core/services.ts';
import { endpointslices } from './discovery/endpointslices.ts';
import { newEvents } from './events/events.ts';
import { flowschemas } from './flowcontrol/flowschemas.ts';
import { prioritylevelconfigurations } from './flowcontrol/prioritylevelconfigurations.ts';
import { ingressclasses } from './networking/ingressclasses.ts';
import { ingresses } from './networking/ingresses.ts';
import { ipaddresses } from './networking/ipaddresses.ts';
import { networkpolicies } from './networking/networkpolicies.ts';
import { servicecidrs } from './networking/servicecidrs.ts';
import { runtimeclasses } from './node/runtimeclasses.ts';
import { clusterrolebindings } from './rbac/clusterrolebindings.ts';
import { clusterroles } from './rbac/clusterroles.ts';
import { rolebindings } from './rbac/rolebindings.ts';
import { roles } from './rbac/roles.ts';
import { deviceclasses } from './resource/deviceclasses.ts';
import { resourceclaims } from './resource/resourceclaims.ts';
import { resourceclaimtemplates } from './resource/resourceclaimtemplates.ts';
import { resourceslices } from './resource/resourceslices.ts';
import { priorityclasses } from './scheduling/priorityclasses.ts';
import { csidrivers } from './storage/csidrivers.ts';
import { csinodes } from './storage/csinodes.ts';
import { csistoragecapacities } from './storage/csistoragecapacities.ts';
import { storageclasses } from './storage/storageclasses.ts';
import { volumeattachments } from './storage/volumeattachments.ts';
import { volumeattributesclasses } from './storage/volumeattributesclasses.ts';
import type { ResourceEntry } from './resource-entry.ts';
import { daemonsets } from './apps/daemonsets.ts';
import { statefulsets } from './apps/statefulsets.ts';
import { cronjobs } from './batch/cronjobs.ts';
import { jobs } from './batch/jobs.ts';
import { limitranges } from './core/limitranges.ts';
import { persistentvolumeclaims } from './core/persistentvolumeclaims.ts';
import { persistentvolumes } from './core/persistentvolumes.ts';
import { podtemplates } from './core/podtemplates.ts';
import { replicationcontrollers } from './core/replicationcontrollers.ts';
import { resourcequotas } from './core/resourcequotas.ts';
import { autoscalersV1, autoscalersV2 } from './autoscaling/horizontalpodautoscalers.ts';
import { poddisruptionbudgets } from './policy/poddisruptionbudgets.ts';

/** Everything that is stored. Adding a kind adds a file and a line. */
export const entries: readonly ResourceEntry[] = [
  configmaps,
  endpoints,
  events,
  namespaces,
  nodes,
  pods,
  secrets,
  serviceaccounts,
  services,
  controllerrevisions,
  deployments,
  replicasets,
  leases,
  endpointslices,
  newEvents,
  clusterrolebindings,
  clusterroles,
  rolebindings,
  roles,
  priorityclasses,
  mutatingadmissionpolicies,
  mutatingadmissionpolicybindings,
  mutatingwebhookconfigurations,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  validatingwebhookconfigurations,
  apiservices,
  certificatesigningrequests,
  flowschemas,
  prioritylevelconfigurations,
  ingressclasses,
  ingresses,
  ipaddresses,
  networkpolicies,
  servicecidrs,
  runtimeclasses,
  deviceclasses,
  resourceclaims,
  resourceclaimtemplates,
  resourceslices,
  csidrivers,
  csinodes,
  csistoragecapacities,
  storageclasses,
  volumeattachments,
  volumeattributesclasses,
  limitranges,
  persistentvolumeclaims,
  persistentvolumes,
  podtemplates,
  replicationcontrollers,
  resourcequotas,
  daemonsets,
  statefulsets,
  cronjobs,
  jobs,
  poddisruptionbudgets,
  autoscalersV2,
  autoscalersV1,
  customresourcedefinitions,
];

/** Kinds that are answered and not stored: the reviews of auth/, and bindings. */
const unstored: ReadonlySet<string> = new Set([
  '/bindings',
  'authentication.k8s.io/selfsubjectreviews',
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
  'authorization.k8s.io/subjectaccessreviews',
]);

/** Subresources that are served; others of the type table are left out of discovery until they work. */
const servedSubresources: ReadonlySet<string> = new Set([
  'pods/binding',
  'pods/ephemeralcontainers',
  'pods/eviction',
  'pods/resize',
  'pods/status',
  'namespaces/finalize',
  'namespaces/status',
  'serviceaccounts/token',
  'nodes/status',
  'services/status',
  'deployments/scale',
  'deployments/status',
  'replicasets/scale',
  'replicasets/status',
  'apiservices/status',
  'certificatesigningrequests/approval',
  'certificatesigningrequests/status',
  'flowschemas/status',
  'ingresses/status',
  'prioritylevelconfigurations/status',
  'resourceclaims/status',
  'servicecidrs/status',
  'validatingadmissionpolicies/status',
  'volumeattachments/status',
  'statefulsets/scale',
  'statefulsets/status',
  'daemonsets/status',
  'replicationcontrollers/scale',
  'replicationcontrollers/status',
  'resourcequotas/status',
  'persistentvolumes/status',
  'persistentvolumeclaims/status',
  'jobs/status',
  'cronjobs/status',
  'poddisruptionbudgets/status',
  'horizontalpodautoscalers/status',
  'customresourcedefinitions/status',
]);

const byResource = new Map(
  entries.map((entry) => [`${entry.info.group}/${entry.info.version}/${entry.info.resource}`, entry]),
);

export const entryFor = (group: string, version: string, resource: string): ResourceEntry | undefined =>
  byResource.get(`${group}/${version}/${resource}`);

/** Any version of it that is stored as it is. */
export const entryOfGroup = (group: string, resource: string): ResourceEntry | undefined =>
  entries.find(({ info }) => info.group === group && info.resource === resource);

/** All versions in which the objects of this resource are served, its own among them. */
export const siblingsOf = (entry: ResourceEntry): readonly ResourceEntry[] =>
  entry.siblings?.() ??
  entries.filter(({ storage, info }) => storage === entry.storage && info.kind === entry.info.kind);

/** What discovery and OpenAPI show: the resources that are here, with the subresources that work. */
export const served: readonly ResourceInfo[] = resources
  .filter(
    (info) =>
      byResource.has(`${info.group}/${info.version}/${info.resource}`) ||
      unstored.has(`${info.group}/${info.resource}`),
  )
  .map((info) => ({
    ...info,
    subresources: info.subresources.filter(({ name }) => servedSubresources.has(`${info.resource}/${name}`)),
  }));

const servedByResource = new Map(served.map((info) => [`${info.group}/${info.version}/${info.resource}`, info]));

export const servedInfo = (group: string, version: string, resource: string): ResourceInfo | undefined =>
  servedByResource.get(`${group}/${version}/${resource}`);

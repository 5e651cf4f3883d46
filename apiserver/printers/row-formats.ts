import * as admission from './kinds/admission.ts';
import * as autoscaling from './kinds/autoscaling.ts';
import * as device from './kinds/device.ts';
import { coreEventRows, newEventRows } from './kinds/event.ts';
import * as networking from './kinds/networking.ts';
import { nodeRows } from './kinds/node.ts';
import * as plain from './kinds/plain.ts';
import { podRows } from './kinds/pod.ts';
import { endpointSliceRows, endpointsRows, serviceRows } from './kinds/service.ts';
import * as storage from './kinds/storage.ts';
import * as workloads from './kinds/workloads.ts';
import type { RowFormat } from './row-printer.ts';

/** `resource.group` (or `resource.version.group` where versions differ) → its rows. Others show name and creation. */
export const rowFormats: Readonly<Record<string, RowFormat>> = {
  'pods.': podRows,
  'nodes.': nodeRows,
  'namespaces.': plain.namespaceRows,
  'services.': serviceRows,
  'endpoints.': endpointsRows,
  'configmaps.': plain.configMapRows,
  'secrets.': plain.secretRows,
  'serviceaccounts.': plain.serviceAccountRows,
  'resourcequotas.': plain.resourceQuotaRows,
  'replicationcontrollers.': workloads.replicationControllerRows,
  'podtemplates.': workloads.podTemplateRows,
  'persistentvolumes.': storage.persistentVolumeRows,
  'persistentvolumeclaims.': storage.persistentVolumeClaimRows,
  'events.': coreEventRows,
  'events.events.k8s.io': newEventRows,
  'deployments.apps': workloads.deploymentRows,
  'replicasets.apps': workloads.replicaSetRows,
  'statefulsets.apps': workloads.statefulSetRows,
  'daemonsets.apps': workloads.daemonSetRows,
  'controllerrevisions.apps': workloads.controllerRevisionRows,
  'jobs.batch': workloads.jobRows,
  'cronjobs.batch': workloads.cronJobRows,
  'horizontalpodautoscalers.v1.autoscaling': autoscaling.autoscalerV1Rows,
  'horizontalpodautoscalers.v2.autoscaling': autoscaling.autoscalerV2Rows,
  'scales.autoscaling': autoscaling.scaleRows,
  'endpointslices.discovery.k8s.io': endpointSliceRows,
  'leases.coordination.k8s.io': plain.leaseRows,
  'rolebindings.rbac.authorization.k8s.io': plain.roleBindingRows,
  'clusterrolebindings.rbac.authorization.k8s.io': plain.roleBindingRows,
  'priorityclasses.scheduling.k8s.io': plain.priorityClassRows,
  'runtimeclasses.node.k8s.io': plain.runtimeClassRows,
  'poddisruptionbudgets.policy': plain.podDisruptionBudgetRows,
  'certificatesigningrequests.certificates.k8s.io': plain.certificateSigningRequestRows,
  'volumeattributesclasses.storage.k8s.io': storage.volumeAttributesClassRows,
  'deviceclasses.resource.k8s.io': device.deviceClassRows,
  'resourceclaims.resource.k8s.io': device.resourceClaimRows,
  'resourceclaimtemplates.resource.k8s.io': device.claimTemplateRows,
  'resourceslices.resource.k8s.io': device.resourceSliceRows,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': admission.mutatingPolicyRows,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': admission.admissionPolicyBindingRows,
  'apiservices.apiregistration.k8s.io': plain.apiServiceRows,
  'storageclasses.storage.k8s.io': storage.storageClassRows,
  'csinodes.storage.k8s.io': storage.csiNodeRows,
  'csidrivers.storage.k8s.io': storage.csiDriverRows,
  'volumeattachments.storage.k8s.io': storage.volumeAttachmentRows,
  'ingresses.networking.k8s.io': networking.ingressRows,
  'ingressclasses.networking.k8s.io': networking.ingressClassRows,
  'networkpolicies.networking.k8s.io': networking.networkPolicyRows,
  'ipaddresses.networking.k8s.io': networking.ipAddressRows,
  'servicecidrs.networking.k8s.io': networking.serviceCidrRows,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': admission.webhookConfigurationRows,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': admission.webhookConfigurationRows,
  'validatingadmissionpolicies.admissionregistration.k8s.io': admission.admissionPolicyRows,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': admission.admissionPolicyBindingRows,
  'flowschemas.flowcontrol.apiserver.k8s.io': admission.flowSchemaRows,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': admission.priorityLevelRows,
};

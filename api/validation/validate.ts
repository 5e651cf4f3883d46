/** The entry: which checks a kind has. Adding a kind adds a line. */
import { isObject } from '../meta/clone.ts';
import type { FieldError } from '../meta/field-error.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import {
  validateDefinition,
  validateDefinitionStatusUpdate,
  validateDefinitionUpdate,
} from '../crd/validate-definition.ts';
import { resourceForKind } from '../schema/resources.ts';
import type { GroupVersionKind } from '../schema/schema.ts';
import type { ObjectMeta } from '../types/meta-v1.ts';
import { validateConfigMap, validateConfigMapUpdate, validateSecret, validateSecretUpdate } from './config.ts';
import { validateDeployment, validateDeploymentStatusUpdate, validateDeploymentUpdate } from './deployment.ts';
import {
  validateEndpoints,
  validateEndpointSlice,
  validateEndpointSliceUpdate,
  validateEndpointsUpdate,
} from './endpoints.ts';
import { validateControllerRevision, validateControllerRevisionUpdate } from './controller-revision.ts';
import { validateCronJob, validateCronJobUpdate } from './cron-job.ts';
import { validateDaemonSet, validateDaemonSetStatusUpdate, validateDaemonSetUpdate } from './daemon-set.ts';
import { validateJobStatusUpdate } from './job-status.ts';
import { validateJob, validateJobUpdate } from './job.ts';
import { validateLimitRange } from './limit-range.ts';
import { validateClaim, validateClaimStatusUpdate, validateClaimUpdate } from './persistent-volume-claim.ts';
import {
  validatePersistentVolume,
  validatePersistentVolumeStatusUpdate,
  validatePersistentVolumeUpdate,
} from './persistent-volume.ts';
import {
  validateReplicationController,
  validateReplicationControllerStatusUpdate,
  validateReplicationControllerUpdate,
  validateStoredTemplate,
  validateStoredTemplateUpdate,
} from './replication-controller.ts';
import {
  validateResourceQuota,
  validateResourceQuotaStatusUpdate,
  validateResourceQuotaUpdate,
} from './resource-quota.ts';
import { validateStatefulSet, validateStatefulSetStatusUpdate, validateStatefulSetUpdate } from './stateful-set.ts';
import { validateCoreEvent, validateEvent, validateEventUpdate } from './event.ts';
import { admissionPolicyKinds } from './admission-policies.ts';
import { admissionWebhookKinds } from './admission-webhooks.ts';
import { apiServiceKinds } from './api-service.ts';
import { certificateRequestKinds } from './certificate-request.ts';
import { autoscalerKinds } from './autoscaler.ts';
import { csiKinds } from './csi.ts';
import { deviceClaimKinds } from './device-claim.ts';
import { disruptionBudgetKinds } from './disruption-budget.ts';
import { flowControlKinds } from './flow-control.ts';
import { ingressKinds } from './ingress.ts';
import type { HasMetadata, KindValidation } from './kind-validation.ts';
import { validateLease, validateLeaseUpdate } from './lease.ts';
import {
  validateNamespace,
  validateNamespaceFinalize,
  validateNamespaceStatusUpdate,
  validateNamespaceUpdate,
} from './namespace.ts';
import { networkPolicyKinds } from './network-policy.ts';
import { validateNode, validateNodeUpdate } from './node.ts';
import { validatePodResize } from './pod-resize.ts';
import {
  validateEphemeralContainersUpdate,
  validatePodCreate,
  validatePodStatusUpdate,
  validatePodUpdate,
} from './pod.ts';
import {
  validateClusterRole,
  validateClusterRoleBinding,
  validateClusterRoleBindingUpdate,
  validateClusterRoleUpdate,
  validateRole,
  validateRoleBinding,
  validateRoleBindingUpdate,
  validateRoleUpdate,
} from './rbac.ts';
import { validateReplicaSet, validateReplicaSetStatusUpdate, validateReplicaSetUpdate } from './replica-set.ts';
import { priorityClassKinds } from './priority-class.ts';
import { resourceSliceKinds } from './resource-slice.ts';
import { runtimeClassKinds } from './runtime-class.ts';
import { serviceCidrKinds } from './service-cidr.ts';
import { storageClassKinds } from './storage-class.ts';
import { validateService, validateServiceStatusUpdate, validateServiceUpdate } from './service.ts';

const kinds = new Map<string, KindValidation<never>>([
  ...admissionPolicyKinds,
  ...admissionWebhookKinds,
  ...apiServiceKinds,
  ...certificateRequestKinds,
  ...autoscalerKinds,
  ...csiKinds,
  ...deviceClaimKinds,
  ...disruptionBudgetKinds,
  ...flowControlKinds,
  ...ingressKinds,
  ...networkPolicyKinds,
  ...priorityClassKinds,
  ...resourceSliceKinds,
  ...runtimeClassKinds,
  ...serviceCidrKinds,
  ...storageClassKinds,
]);
const add = <T extends HasMetadata>(kind: string, validation: KindValidation<T>): void =>
  void kinds.set(kind, validation);

add('apiextensions.k8s.io/CustomResourceDefinition', {
  create: validateDefinition,
  update: validateDefinitionUpdate,
  statusUpdate: validateDefinitionStatusUpdate,
});
add('/Pod', {
  create: validatePodCreate,
  update: validatePodUpdate,
  statusUpdate: validatePodStatusUpdate,
  subresourceUpdates: { ephemeralcontainers: validateEphemeralContainersUpdate, resize: validatePodResize },
});
add('/Service', { create: validateService, update: validateServiceUpdate, statusUpdate: validateServiceStatusUpdate });
add('/ConfigMap', { create: validateConfigMap, update: validateConfigMapUpdate });
add('/Secret', { create: validateSecret, update: validateSecretUpdate });
add('/Namespace', {
  create: validateNamespace,
  update: validateNamespaceUpdate,
  statusUpdate: validateNamespaceStatusUpdate,
  subresourceUpdates: { finalize: validateNamespaceFinalize },
});
add('/Node', { create: validateNode, update: validateNodeUpdate, statusUpdate: validateNodeUpdate });
add('/Event', { create: validateCoreEvent, update: validateCoreEvent });
add('events.k8s.io/Event', { create: validateEvent, update: validateEventUpdate });
add('/Endpoints', { create: validateEndpoints, update: validateEndpointsUpdate });
add('discovery.k8s.io/EndpointSlice', { create: validateEndpointSlice, update: validateEndpointSliceUpdate });
add('coordination.k8s.io/Lease', { create: validateLease, update: validateLeaseUpdate });
add('apps/Deployment', {
  create: validateDeployment,
  update: validateDeploymentUpdate,
  statusUpdate: validateDeploymentStatusUpdate,
});
add('apps/ReplicaSet', {
  create: validateReplicaSet,
  update: validateReplicaSetUpdate,
  statusUpdate: validateReplicaSetStatusUpdate,
});
add('apps/StatefulSet', {
  create: validateStatefulSet,
  update: validateStatefulSetUpdate,
  statusUpdate: validateStatefulSetStatusUpdate,
});
add('apps/DaemonSet', {
  create: validateDaemonSet,
  update: validateDaemonSetUpdate,
  statusUpdate: validateDaemonSetStatusUpdate,
});
add('apps/ControllerRevision', { create: validateControllerRevision, update: validateControllerRevisionUpdate });
add('/ReplicationController', {
  create: validateReplicationController,
  update: validateReplicationControllerUpdate,
  statusUpdate: validateReplicationControllerStatusUpdate,
});
add('/PodTemplate', { create: validateStoredTemplate, update: validateStoredTemplateUpdate });
add('/LimitRange', { create: validateLimitRange, update: validateLimitRange });
add('/ResourceQuota', {
  create: validateResourceQuota,
  update: validateResourceQuotaUpdate,
  statusUpdate: validateResourceQuotaStatusUpdate,
});
add('/PersistentVolume', {
  create: validatePersistentVolume,
  update: validatePersistentVolumeUpdate,
  statusUpdate: validatePersistentVolumeStatusUpdate,
});
add('/PersistentVolumeClaim', {
  create: validateClaim,
  update: validateClaimUpdate,
  statusUpdate: validateClaimStatusUpdate,
});
add('batch/Job', { create: validateJob, update: validateJobUpdate, statusUpdate: validateJobStatusUpdate });
add('batch/CronJob', { create: validateCronJob, update: validateCronJobUpdate });
add('rbac.authorization.k8s.io/Role', { create: validateRole, update: validateRoleUpdate });
add('rbac.authorization.k8s.io/ClusterRole', { create: validateClusterRole, update: validateClusterRoleUpdate });
add('rbac.authorization.k8s.io/RoleBinding', { create: validateRoleBinding, update: validateRoleBindingUpdate });
add('rbac.authorization.k8s.io/ClusterRoleBinding', {
  create: validateClusterRoleBinding,
  update: validateClusterRoleBindingUpdate,
});

const validationOf = (gvk: GroupVersionKind): KindValidation<never> | undefined =>
  kinds.get(`${gvk.group}/${gvk.kind}`);

const metadataOf = (object: unknown): ObjectMeta | undefined =>
  isObject(object) ? (object['metadata'] as ObjectMeta | undefined) : undefined;

/**
 * Errors of an object that is to be created: decoded, defaulted, with its name generated and its namespace set. Kinds
 * without checks of their own have their metadata checked.
 */
export function validateCreate(gvk: GroupVersionKind, object: object): FieldError[] {
  const validation = validationOf(gvk);
  if (validation !== undefined) return validation.create(object as never);
  const namespaced = resourceForKind(gvk.group, gvk.version, gvk.kind)?.namespaced ?? true;
  return validateObjectMeta(metadataOf(object), namespaced, nameIsDnsSubdomain);
}

/** `object` carries the old resourceVersion, uid and creationTimestamp where its sender left them out. */
export function validateUpdate(gvk: GroupVersionKind, object: object, old: object): FieldError[] {
  const validation = validationOf(gvk);
  if (validation?.update !== undefined) return validation.update(object as never, old as never);
  return validateObjectMetaUpdate(metadataOf(object), metadataOf(old));
}

/** Through a subresource of the kind's own, e.g. `approval`; those that have no checks take what an update takes. */
export function validateSubresourceUpdate(
  gvk: GroupVersionKind,
  subresource: string,
  object: object,
  old: object,
): FieldError[] {
  if (subresource === 'status') return validateStatusUpdate(gvk, object, old);
  const check = validationOf(gvk)?.subresourceUpdates?.[subresource];
  return check === undefined ? validateUpdate(gvk, object, old) : check(object as never, old as never);
}

/** Through the status subresource: `object` has the old spec. */
export function validateStatusUpdate(gvk: GroupVersionKind, object: object, old: object): FieldError[] {
  const validation = validationOf(gvk);
  if (validation?.statusUpdate !== undefined) return validation.statusUpdate(object as never, old as never);
  return validateObjectMetaUpdate(metadataOf(object), metadataOf(old));
}

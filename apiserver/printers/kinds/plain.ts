/** Kinds whose columns read straight off the object. */
import type { ConfigMap, Namespace, ResourceQuota, Secret, ServiceAccount } from '../../../api/types/core-v1.ts';
import type { APIService } from '../../../api/types/apiregistration-v1.ts';
import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts';
import type { Lease } from '../../../api/types/coordination-v1.ts';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../../api/types/rbac-v1.ts';
import type { PriorityClass } from '../../../api/types/scheduling-v1.ts';
import type { RuntimeClass } from '../../../api/types/node-v1.ts';
import type { PodDisruptionBudget } from '../../../api/types/policy-v1.ts';
import { age, nameOf } from '../cell-text.ts';
import { humanDuration } from '../human-duration.ts';
import { rows } from '../row-printer.ts';

const count = (map: object | undefined): number => Object.keys(map ?? {}).length;

export const namespaceRows = rows<Namespace>((object, nowMs) => [
  nameOf(object),
  object.status?.phase ?? '',
  age(object, nowMs),
]);

export const configMapRows = rows<ConfigMap>((object, nowMs) => [
  nameOf(object),
  count(object.data) + count(object.binaryData),
  age(object, nowMs),
]);

export const secretRows = rows<Secret>((object, nowMs) => [
  nameOf(object),
  object.type ?? '',
  count(object.data),
  age(object, nowMs),
]);

export const serviceAccountRows = rows<ServiceAccount>((object, nowMs) => [
  nameOf(object),
  object.secrets?.length ?? 0,
  age(object, nowMs),
]);

export const leaseRows = rows<Lease>((object, nowMs) => [
  nameOf(object),
  object.spec?.holderIdentity ?? '',
  age(object, nowMs),
]);

const subjectNames = (subjects: readonly Subject[] | undefined, kind: string): string =>
  (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map((s) => (kind === 'ServiceAccount' ? `${s.namespace ?? ''}/${s.name}` : s.name))
    .join(', ');

export const roleBindingRows = rows<RoleBinding | ClusterRoleBinding>((object, nowMs) => [
  nameOf(object),
  `${object.roleRef?.kind}/${object.roleRef?.name}`,
  age(object, nowMs),
  subjectNames(object.subjects, 'User'),
  subjectNames(object.subjects, 'Group'),
  subjectNames(object.subjects, 'ServiceAccount'),
]);

export const priorityClassRows = rows<PriorityClass>((object, nowMs) => [
  nameOf(object),
  object.value ?? 0,
  object.globalDefault ?? false,
  age(object, nowMs),
  object.preemptionPolicy ?? '',
]);

export const runtimeClassRows = rows<RuntimeClass>((object, nowMs) => [
  nameOf(object),
  object.handler,
  age(object, nowMs),
]);

export const podDisruptionBudgetRows = rows<PodDisruptionBudget>((object, nowMs) => [
  nameOf(object),
  String(object.spec?.minAvailable ?? 'N/A'),
  String(object.spec?.maxUnavailable ?? 'N/A'),
  object.status?.disruptionsAllowed ?? 0,
  age(object, nowMs),
]);

const quotaText = (quota: ResourceQuota, limits: boolean): string =>
  Object.keys(quota.status?.hard ?? {})
    .sort()
    .filter((name) => name.startsWith('limits.') === limits)
    .map((name) => `${name}: ${quota.status?.used?.[name] ?? '0'}/${quota.status?.hard?.[name] ?? '0'}`)
    .join(', ');

export const resourceQuotaRows = rows<ResourceQuota>((object, nowMs) => [
  nameOf(object),
  age(object, nowMs),
  quotaText(object, false),
  quotaText(object, true),
]);

function requestCondition(request: CertificateSigningRequest): string {
  const holds = new Set((request.status?.conditions ?? []).map((condition) => condition.type));
  const texts = [holds.has('Denied') ? 'Denied' : holds.has('Approved') ? 'Approved' : 'Pending'];
  if (holds.has('Failed')) texts.push('Failed');
  if (request.status?.certificate) texts.push('Issued');
  return texts.join(',');
}

export const certificateSigningRequestRows = rows<CertificateSigningRequest>((object, nowMs) => [
  nameOf(object),
  age(object, nowMs),
  object.spec?.signerName,
  object.spec?.username ?? '',
  object.spec?.expirationSeconds === undefined ? '<none>' : humanDuration(object.spec?.expirationSeconds * 1000),
  requestCondition(object),
]);

export const apiServiceRows = rows<APIService>((object, nowMs) => {
  const { service } = object.spec ?? {};
  const available = object.status?.conditions?.find(({ type }) => type === 'Available');
  const told = available?.status !== 'True' && available?.reason ? ` (${available.reason})` : '';
  return [
    nameOf(object),
    service ? `${service.namespace ?? ''}/${service.name ?? ''}` : 'Local',
    available === undefined ? 'Unknown' : available.status + told,
    age(object, nowMs),
  ];
});

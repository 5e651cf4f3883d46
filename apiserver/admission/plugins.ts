/** Which rules of admission there are, in which order they act, and which of them are on: data for the flags. */
import { systemClock } from '../../base/clock.ts';
import type { Authorizer, ObjectStore } from '../pipeline.ts';
import type { AdmissionPlugin } from './admission.ts';
import { alwaysAdmit, alwaysDeny } from './always.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { certificateApproval } from './certificate-approval.ts';
import { certificateSigning } from './certificate-signing.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';
import { clusterTrustBundleAttest } from './cluster-trust-bundle-attest.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { limitRanger } from './limit-ranger.ts';
import { mutatingAdmissionPolicy } from './policy/mutating-admission-policy.ts';
import { validatingAdmissionPolicy } from './policy/validating-admission-policy.ts';
import { namespaceAutoProvision, namespaceExists } from './namespace-exists.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podNodeSelector } from './pod-node-selector.ts';
import { podSecurity, type PodSecurityConfiguration } from './pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priority } from './priority.ts';
import { resourceQuota, type ChangeStatus } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccountAdmission } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { mutatingAdmissionWebhook } from './webhook/mutating-webhook.ts';
import { validatingAdmissionWebhook } from './webhook/validating-webhook.ts';
import type { WebhookServices } from './webhook/webhook-invocation.ts';
import type { WebhookMetrics } from './webhook/webhook-metrics.ts';

/** What plugins work with. */
export interface AdmissionServices {
  readonly store: ObjectStore;
  readonly authorizer: Authorizer;
  readonly changeStatus: ChangeStatus;
  readonly nowMs: () => number;
  /** counts calls of webhooks */
  readonly webhookMetrics?: WebhookMetrics;
  readonly podSecurity?: PodSecurityConfiguration;
}

export interface PluginEntry {
  readonly name: string;
  /** without being named by --enable-admission-plugins */
  readonly isDefault: boolean;
  readonly make: (services: AdmissionServices) => AdmissionPlugin;
}

const callers = ({ store, webhookMetrics: metrics }: AdmissionServices): WebhookServices => ({
  store,
  clock: systemClock,
  metrics,
});

const on = (name: string, make: PluginEntry['make']): PluginEntry => ({ name, isDefault: true, make });
const off = (name: string, make: PluginEntry['make']): PluginEntry => ({ name, isDefault: false, make });

/** In the order in which they act, which is kube-apiserver's. Adding one adds a file and a line. */
export const pluginEntries: readonly PluginEntry[] = [
  off('AlwaysAdmit', () => alwaysAdmit),
  off('NamespaceAutoProvision', ({ store }) => namespaceAutoProvision(store)),
  on('NamespaceLifecycle', ({ store }) => namespaceLifecycle(store)),
  off('NamespaceExists', ({ store }) => namespaceExists(store)),
  off('LimitPodHardAntiAffinityTopology', () => limitPodHardAntiAffinityTopology),
  on('LimitRanger', ({ store }) => limitRanger(store)),
  on('ServiceAccount', ({ store }) => serviceAccountAdmission(store)),
  // off in kube-apiserver, and on wherever it is set up with care: the Node authorizer is half of what it is without
  on('NodeRestriction', ({ store, authorizer }) => nodeRestriction(store, authorizer)),
  on('TaintNodesByCondition', () => taintNodesByCondition),
  off('AlwaysPullImages', () => alwaysPullImages),
  on('PodSecurity', (services) => podSecurity(services.store, services.podSecurity)),
  off('PodNodeSelector', ({ store }) => podNodeSelector(store)),
  on('Priority', ({ store }) => priority(store)),
  on('DefaultTolerationSeconds', () => defaultTolerationSeconds),
  off('ExtendedResourceToleration', () => extendedResourceToleration),
  on('DefaultStorageClass', ({ store }) => defaultStorageClass(store)),
  on('StorageObjectInUseProtection', () => storageObjectInUseProtection),
  off('OwnerReferencesPermissionEnforcement', ({ authorizer }) => ownerReferencesPermissionEnforcement(authorizer)),
  on('PersistentVolumeClaimResize', ({ store }) => persistentVolumeClaimResize(store)),
  on('RuntimeClass', ({ store }) => runtimeClass(store)),
  on('CertificateApproval', ({ authorizer }) => certificateApproval(authorizer)),
  on('CertificateSigning', ({ authorizer }) => certificateSigning(authorizer)),
  on('ClusterTrustBundleAttest', ({ authorizer }) => clusterTrustBundleAttest(authorizer)),
  on('CertificateSubjectRestriction', () => certificateSubjectRestriction),
  on('DefaultIngressClass', ({ store }) => defaultIngressClass(store)),
  off('DenyServiceExternalIPs', () => denyServiceExternalIps),
  on('PodTopologyLabels', ({ store }) => podTopologyLabels(store)),
  on('MutatingAdmissionPolicy', ({ store, authorizer }) => mutatingAdmissionPolicy(store, authorizer)),
  on('MutatingAdmissionWebhook', (services) => mutatingAdmissionWebhook(callers(services), services.authorizer)),
  on('ValidatingAdmissionPolicy', ({ store, authorizer }) => validatingAdmissionPolicy(store, authorizer)),
  on('ValidatingAdmissionWebhook', (services) => validatingAdmissionWebhook(callers(services), services.authorizer)),
  // the last one: what another refuses is not charged
  on('ResourceQuota', ({ store, changeStatus, nowMs }) => resourceQuota(store, changeStatus, nowMs)),
  off('AlwaysDeny', () => alwaysDeny),
];

export interface PluginChoice {
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
}

/** Names by --enable-admission-plugins and --disable-admission-plugins. Throws for one that there is not, or in both. */
export function chosenPlugins({ enable = [], disable = [] }: PluginChoice = {}): readonly PluginEntry[] {
  const known = new Set(pluginEntries.map(({ name }) => name));
  for (const [flag, names] of [
    ['enable-admission-plugins', enable],
    ['disable-admission-plugins', disable],
  ] as const) {
    const unknown = names.find((name) => !known.has(name));
    if (unknown !== undefined) throw new Error(`${flag} plugin "${unknown}" is unknown`);
  }
  const both = enable.filter((name) => disable.includes(name));
  if (both.length > 0) {
    throw new Error(`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  }
  return pluginEntries.filter(({ name, isDefault }) => enable.includes(name) || (isDefault && !disable.includes(name)));
}

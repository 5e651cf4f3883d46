import type { IngressClass, NetworkPolicy, NetworkPolicyPort } from '../types/networking-v1.ts';
import { specOf, type DefaulterEntry } from './defaults.ts';

/** A policy that does not say what it is of is of ingress, and of egress too where it has rules for that. */
function networkPolicyDefaults(policy: NetworkPolicy): void {
  const spec = specOf(policy);
  if (spec.policyTypes?.length) return;
  spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}

function networkPolicyPortDefaults(port: NetworkPolicyPort): void {
  port.protocol ??= 'TCP';
}

function ingressClassDefaults({ spec }: IngressClass): void {
  if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
}

const networking = 'io.k8s.api.networking.v1.';

export const networkingDefaulters: readonly DefaulterEntry[] = [
  [`${networking}NetworkPolicy`, networkPolicyDefaults],
  [`${networking}NetworkPolicyPort`, networkPolicyPortDefaults],
  [`${networking}IngressClass`, ingressClassDefaults],
];

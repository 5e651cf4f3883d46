import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicySpec,
  MutatingWebhook,
  Rule,
  ServiceReference,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  ValidatingWebhook,
} from '../types/admissionregistration-v1.ts';
import { specOf, type DefaulterEntry } from './defaults.ts';

function matchDefaults(match: MatchResources | ValidatingWebhook | MutatingWebhook): void {
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
}

function validatingWebhookDefaults(webhook: ValidatingWebhook | MutatingWebhook): void {
  webhook.failurePolicy ??= 'Fail';
  matchDefaults(webhook);
  webhook.timeoutSeconds ??= 10;
}

function mutatingWebhookDefaults(webhook: MutatingWebhook): void {
  validatingWebhookDefaults(webhook);
  webhook.reinvocationPolicy ??= 'Never';
}

/** `rules` of webhooks and of policies */
function ruleDefaults(rule: Rule): void {
  rule.scope ??= '*';
}

export function serviceReferenceDefaults(service: ServiceReference): void {
  service.port ??= 443;
}

function policyDefaults(policy: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): void {
  specOf<ValidatingAdmissionPolicySpec | MutatingAdmissionPolicySpec>(policy).failurePolicy ??= 'Fail';
}

const registration = 'io.k8s.api.admissionregistration.v1.';

export const admissionRegistrationDefaulters: readonly DefaulterEntry[] = [
  [`${registration}ValidatingWebhook`, validatingWebhookDefaults],
  [`${registration}MutatingWebhook`, mutatingWebhookDefaults],
  [`${registration}Rule`, ruleDefaults],
  [`${registration}RuleWithOperations`, ruleDefaults],
  [`${registration}NamedRuleWithOperations`, ruleDefaults],
  [`${registration}ServiceReference`, serviceReferenceDefaults],
  [`${registration}MatchResources`, matchDefaults],
  [`${registration}ValidatingAdmissionPolicy`, policyDefaults],
  [`${registration}MutatingAdmissionPolicy`, policyDefaults],
  ['io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference', serviceReferenceDefaults],
];

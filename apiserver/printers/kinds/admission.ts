import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../../api/types/admissionregistration-v1.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../api/types/flowcontrol-v1.ts';
import { age, nameOf, none, unset } from '../cell-text.ts';
import { rows } from '../row-printer.ts';

export const webhookConfigurationRows = rows<MutatingWebhookConfiguration | ValidatingWebhookConfiguration>(
  (object, nowMs) => [nameOf(object), object.webhooks?.length ?? 0, age(object, nowMs)],
);

export const admissionPolicyRows = rows<ValidatingAdmissionPolicy>((object, nowMs) => {
  const param = object.spec?.paramKind;
  return [
    nameOf(object),
    object.spec?.validations?.length ?? 0,
    param === undefined ? unset : `${param.apiVersion ?? ''}/${param.kind ?? ''}`,
    age(object, nowMs),
  ];
});

export const mutatingPolicyRows = rows<MutatingAdmissionPolicy>((object, nowMs) => {
  const param = object.spec?.paramKind;
  return [
    nameOf(object),
    object.spec?.mutations?.length ?? 0,
    param === undefined ? unset : `${param.apiVersion ?? ''}/${param.kind ?? ''}`,
    age(object, nowMs),
  ];
});

export const admissionPolicyBindingRows = rows<ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding>(
  (object, nowMs) => {
    const param = object.spec?.paramRef;
    const text = param?.name
      ? param.namespace
        ? `${param.namespace}/${param.name}`
        : `*/${param.name}`
      : param?.selector === undefined
        ? unset
        : `${param.namespace ?? '*'}/<selector>`;
    return [nameOf(object), object.spec?.policyName ?? '', text, age(object, nowMs)];
  },
);

export const flowSchemaRows = rows<FlowSchema>((object, nowMs) => {
  const dangling = object.status?.conditions?.find((condition) => condition.type === 'Dangling')?.status;
  return [
    nameOf(object),
    object.spec?.priorityLevelConfiguration?.name ?? '',
    object.spec?.matchingPrecedence ?? 0,
    object.spec?.distinguisherMethod?.type ?? none,
    age(object, nowMs),
    dangling === undefined ? '?' : dangling,
  ];
});

export const priorityLevelRows = rows<PriorityLevelConfiguration>((object, nowMs) => {
  const limited = object.spec?.limited;
  const queuing = limited?.limitResponse?.queuing;
  return [
    nameOf(object),
    object.spec?.type ?? '',
    limited?.nominalConcurrencyShares ?? none,
    queuing?.queues ?? none,
    queuing?.handSize ?? none,
    queuing?.queueLengthLimit ?? none,
    age(object, nowMs),
  ];
});

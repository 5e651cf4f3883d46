import { invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { base64Length } from '../meta/base64.ts';
import { goQuote } from '../meta/go-text.ts';
import { isDns1035Label, isPortNumber, nameIsPathSegment } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { APIService, APIServiceSpec } from '../types/apiregistration-v1.ts';
import { dnsSubdomain, each, named } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';

const groupPriorityMax = 20_000;
const versionPriorityMax = 1_000;
const conditionStatuses = ['True', 'False', 'Unknown'];

function validateService(spec: APIServiceSpec): FieldError[] {
  const { service, caBundle, insecureSkipTLSVerify: insecure } = spec;
  const errors: FieldError[] = [];
  const bundleBytes = base64Length(caBundle ?? '');
  if (!service) {
    if (bundleBytes > 0) {
      errors.push(invalid('spec.caBundle', `${bundleBytes} bytes`, 'local APIServices may not have a caBundle'));
    }
    if (insecure) {
      const why = 'local APIServices may not have insecureSkipTLSVerify';
      errors.push(invalid('spec.insecureSkipTLSVerify', insecure, why));
    }
    return errors;
  }
  if (!service.namespace) errors.push(required('spec.service.namespace'));
  if (!service.name) errors.push(required('spec.service.name'));
  const port = isPortNumber(service.port ?? 0);
  if (port.length > 0) {
    errors.push(invalid('spec.service.port', service.port ?? 0, `port is not valid: ${port.join(', ')}`));
  }
  if (insecure && bundleBytes > 0) {
    errors.push(invalid('spec.insecureSkipTLSVerify', insecure, 'may not be true if caBundle is present'));
  }
  return errors;
}

function validateApiService({ metadata, spec }: APIService): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum: groupPriority = 0, versionPriority = 0 } = spec ?? {};
  const wanted = `${version}.${group}`;
  const errors = validateObjectMeta(metadata, false, (name, prefix) => {
    const messages = nameIsPathSegment(name, prefix);
    if (messages.length > 0 || name === wanted) return messages;
    return [`must be \`spec.version+"."+spec.group\`: ${goQuote(wanted)}`];
  });
  if (group === '' && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') errors.push(...dnsSubdomain('spec.group', group));
  errors.push(...named('spec.version', version, isDns1035Label(version)));
  if (groupPriority <= 0 || groupPriority > groupPriorityMax) {
    const why = `must be positive and less than ${groupPriorityMax}`;
    errors.push(invalid('spec.groupPriorityMinimum', groupPriority, why));
  }
  if (versionPriority <= 0 || versionPriority > versionPriorityMax) {
    const why = `must be positive and less than ${versionPriorityMax}`;
    errors.push(invalid('spec.versionPriority', versionPriority, why));
  }
  return [...errors, ...validateService(spec ?? ({} as APIServiceSpec))];
}

const validateStatusUpdate = (service: APIService, old: APIService): FieldError[] => [
  ...validateObjectMetaUpdate(service.metadata, old.metadata),
  ...each(service.status?.conditions, 'status.conditions', ({ status }, at) =>
    conditionStatuses.includes(status) ? [] : [notSupported(`${at}.status`, status, conditionStatuses)],
  ),
];

export const apiServiceKinds = [
  kindEntry<APIService>('apiregistration.k8s.io/APIService', {
    create: validateApiService,
    update: (service, old) => [
      ...validateObjectMetaUpdate(service.metadata, old.metadata),
      ...validateApiService(service),
    ],
    statusUpdate: validateStatusUpdate,
  }),
];

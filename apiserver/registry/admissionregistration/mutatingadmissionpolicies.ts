import { define } from '../resource-entry.ts';

export const mutatingadmissionpolicies = define('admissionregistration.k8s.io', 'v1', 'mutatingadmissionpolicies', {
  unconditionalUpdate: false,
  generationOf: ['spec'],
});

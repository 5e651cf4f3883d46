import { define, keepMetadata } from '../resource-entry.ts';

export const validatingadmissionpolicies = define('admissionregistration.k8s.io', 'v1', 'validatingadmissionpolicies', {
  unconditionalUpdate: false,
  generationOf: ['spec'],
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForStatusUpdate: keepMetadata,
});

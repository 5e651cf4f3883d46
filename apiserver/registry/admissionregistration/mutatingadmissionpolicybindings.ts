import { define } from '../resource-entry.ts';

export const mutatingadmissionpolicybindings = define(
  'admissionregistration.k8s.io',
  'v1',
  'mutatingadmissionpolicybindings',
  { unconditionalUpdate: false, generationOf: ['spec'] },
);

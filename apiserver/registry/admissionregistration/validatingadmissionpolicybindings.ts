import { define } from '../resource-entry.ts';

export const validatingadmissionpolicybindings = define(
  'admissionregistration.k8s.io',
  'v1',
  'validatingadmissionpolicybindings',
  { unconditionalUpdate: false, generationOf: ['spec'] },
);

import { define } from '../resource-entry.ts';

export const mutatingwebhookconfigurations = define(
  'admissionregistration.k8s.io',
  'v1',
  'mutatingwebhookconfigurations',
  { unconditionalUpdate: false, generationOf: ['webhooks'] },
);

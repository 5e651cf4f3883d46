import { define } from '../resource-entry.ts';

export const validatingwebhookconfigurations = define(
  'admissionregistration.k8s.io',
  'v1',
  'validatingwebhookconfigurations',
  { unconditionalUpdate: false, generationOf: ['webhooks'] },
);

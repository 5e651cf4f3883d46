import { define } from '../resource-entry.ts';

export const csistoragecapacities = define('storage.k8s.io', 'v1', 'csistoragecapacities', {
  unconditionalUpdate: false,
});

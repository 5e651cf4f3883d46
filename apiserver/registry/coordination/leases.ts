import { define } from '../resource-entry.ts';

export const leases = define('coordination.k8s.io', 'v1', 'leases', {
  unconditionalUpdate: false,
  createOnUpdate: true,
});

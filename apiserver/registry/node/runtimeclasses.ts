import { define } from '../resource-entry.ts';

export const runtimeclasses = define('node.k8s.io', 'v1', 'runtimeclasses', {
  createOnUpdate: true,
  unconditionalUpdate: false,
});

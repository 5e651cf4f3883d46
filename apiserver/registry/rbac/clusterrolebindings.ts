import { define } from '../resource-entry.ts';

export const clusterrolebindings = define('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', {
  createOnUpdate: true,
});

import { define } from '../resource-entry.ts';

export const clusterroles = define('rbac.authorization.k8s.io', 'v1', 'clusterroles', {
  createOnUpdate: true,
});

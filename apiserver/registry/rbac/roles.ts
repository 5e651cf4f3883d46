import { define } from '../resource-entry.ts';

export const roles = define('rbac.authorization.k8s.io', 'v1', 'roles', {
  createOnUpdate: true,
});

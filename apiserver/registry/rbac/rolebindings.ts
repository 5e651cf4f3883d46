import { define } from '../resource-entry.ts';

export const rolebindings = define('rbac.authorization.k8s.io', 'v1', 'rolebindings', {
  createOnUpdate: true,
});

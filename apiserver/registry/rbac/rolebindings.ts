import { nameIsPathSegment } from '../../../api/meta/names.ts';
import { define } from '../resource-entry.ts';

export const rolebindings = define('rbac.authorization.k8s.io', 'v1', 'rolebindings', {
  createOnUpdate: true,
  nameCheck: nameIsPathSegment,
});

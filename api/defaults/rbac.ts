import type { ClusterRoleBinding, RoleBinding, Subject } from '../types/rbac-v1.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** Roles are only ever of this group. */
export function bindingDefaults(binding: RoleBinding | ClusterRoleBinding): void {
  if (binding.roleRef && !binding.roleRef.apiGroup) binding.roleRef.apiGroup = rbacGroup;
}

/** Service accounts are of the core group, and so name none. */
export function subjectDefaults(subject: Subject): void {
  if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = rbacGroup;
}

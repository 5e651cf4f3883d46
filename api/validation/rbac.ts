import { invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goLabelSelector, goStrings } from '../meta/go-text.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { nameIsDnsSubdomain, nameIsPathSegment } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from '../types/rbac-v1.ts';

const rbacGroup = 'rbac.authorization.k8s.io';
const filled = (list: readonly string[] | undefined): boolean => (list?.length ?? 0) > 0;

function validateRule(rule: PolicyRule, namespaced: boolean, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!filled(rule.verbs)) errors.push(required(`${path}.verbs`, 'verbs must contain at least one value'));
  if (filled(rule.nonResourceURLs)) {
    const at = `${path}.nonResourceURLs`;
    if (namespaced) {
      errors.push(invalid(at, goStrings(rule.nonResourceURLs), 'namespaced rules cannot apply to non-resource URLs'));
    }
    if (filled(rule.apiGroups) || filled(rule.resources) || filled(rule.resourceNames)) {
      const why = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalid(at, goStrings(rule.nonResourceURLs), why));
    }
    return errors;
  }
  if (!filled(rule.apiGroups)) {
    errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (!filled(rule.resources)) {
    errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  }
  return errors;
}

const validateRules = (rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] =>
  (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, `rules[${index}]`));

function validateAggregation({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    return [required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, index) => {
    const at = `${path}[${index}]`;
    const errors = validateLabelSelector(selector, at);
    // a selector that cannot be made is told a second time
    const whole = invalid(at, goLabelSelector(selector), 'invalid label selector.');
    return errors.length === 0 ? [] : [...errors, whole];
  });
}

export const validateRole = (role: Role): FieldError[] => [
  ...validateObjectMeta(role.metadata, true, nameIsPathSegment),
  ...validateRules(role.rules, true),
];

export const validateRoleUpdate = (role: Role, old: Role): FieldError[] => [
  ...validateRole(role),
  ...validateObjectMetaUpdate(role.metadata, old.metadata),
];

export const validateClusterRole = (role: ClusterRole): FieldError[] => [
  ...validateObjectMeta(role.metadata, false, nameIsPathSegment),
  ...validateRules(role.rules, false),
  ...validateAggregation(role),
];

export const validateClusterRoleUpdate = (role: ClusterRole, old: ClusterRole): FieldError[] => [
  ...validateClusterRole(role),
  ...validateObjectMetaUpdate(role.metadata, old.metadata),
];

function validateRoleRef({ roleRef }: RoleBinding | ClusterRoleBinding, kinds: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup = '', kind, name } = roleRef ?? { kind: '', name: '' };
  if (apiGroup !== rbacGroup) errors.push(notSupported('roleRef.apiGroup', apiGroup, [rbacGroup]));
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds));
  if (!name) errors.push(required('roleRef.name'));
  else for (const message of nameIsPathSegment(name, false)) errors.push(invalid('roleRef.name', name, message));
  return errors;
}

/** Kind of subject → the API group that it must name. */
const subjectGroups: Readonly<Record<string, string>> = { ServiceAccount: '', User: rbacGroup, Group: rbacGroup };

function validateSubject(subject: Subject, namespaced: boolean, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!subject.name) errors.push(required(`${path}.name`));
  const group = Object.hasOwn(subjectGroups, subject.kind) ? subjectGroups[subject.kind] : undefined;
  if (group === undefined) {
    return [...errors, notSupported(`${path}.kind`, subject.kind, Object.keys(subjectGroups))];
  }
  if (subject.kind === 'ServiceAccount') {
    if (subject.name) {
      const messages = nameIsDnsSubdomain(subject.name, false);
      errors.push(...messages.map((message) => invalid(`${path}.name`, subject.name, message)));
    }
    if (!namespaced && !subject.namespace) errors.push(required(`${path}.namespace`));
  }
  if ((subject.apiGroup ?? '') !== group) errors.push(notSupported(`${path}.apiGroup`, subject.apiGroup, [group]));
  return errors;
}

const validateSubjects = (subjects: readonly Subject[] | undefined, namespaced: boolean): FieldError[] =>
  (subjects ?? []).flatMap((subject, index) => validateSubject(subject, namespaced, `subjects[${index}]`));

/** A binding to another role is another grant: it has to be made anew. */
function validateSameRole(
  binding: RoleBinding | ClusterRoleBinding,
  old: RoleBinding | ClusterRoleBinding,
): FieldError[] {
  const { roleRef: now } = binding;
  const { roleRef: before } = old;
  const same = now?.apiGroup === before?.apiGroup && now?.kind === before?.kind && now?.name === before?.name;
  return same ? [] : [invalid('roleRef', now, 'cannot change roleRef')];
}

export const validateRoleBinding = (binding: RoleBinding): FieldError[] => [
  ...validateObjectMeta(binding.metadata, true, nameIsPathSegment),
  ...validateRoleRef(binding, ['Role', 'ClusterRole']),
  ...validateSubjects(binding.subjects, true),
];

export const validateRoleBindingUpdate = (binding: RoleBinding, old: RoleBinding): FieldError[] => [
  ...validateRoleBinding(binding),
  ...validateObjectMetaUpdate(binding.metadata, old.metadata),
  ...validateSameRole(binding, old),
];

export const validateClusterRoleBinding = (binding: ClusterRoleBinding): FieldError[] => [
  ...validateObjectMeta(binding.metadata, false, nameIsPathSegment),
  ...validateRoleRef(binding, ['ClusterRole']),
  ...validateSubjects(binding.subjects, false),
];

export const validateClusterRoleBindingUpdate = (
  binding: ClusterRoleBinding,
  old: ClusterRoleBinding,
): FieldError[] => [
  ...validateClusterRoleBinding(binding),
  ...validateObjectMetaUpdate(binding.metadata, old.metadata),
  ...validateSameRole(binding, old),
];

/** Role-based access control as pure functions: who a binding speaks of, and what a rule allows. */
import type { PolicyRule, Subject } from '../../api/types/rbac-v1.ts';
import type { RequestInfo, User } from '../pipeline.ts';

const has = (list: readonly string[] | undefined, value: string): boolean => list?.includes(value) ?? false;

/** The first of the subjects that is this user; service accounts without a namespace live in the binding's. */
export function subjectOf(
  subjects: readonly Subject[] | undefined,
  user: User,
  bindingNamespace: string,
): Subject | undefined {
  return subjects?.find((subject) => {
    if (subject.kind === 'User') return subject.name === user.name;
    if (subject.kind === 'Group') return user.groups.includes(subject.name);
    if (subject.kind !== 'ServiceAccount') return false;
    const namespace = subject.namespace || bindingNamespace;
    return namespace !== '' && user.name === `system:serviceaccount:${namespace}:${subject.name}`;
  });
}

function resourceMatches(rule: PolicyRule, resource: string, subresource: string): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    rule.resources?.some(
      (pattern) => pattern === '*' || pattern === combined || (subresource !== '' && pattern === `*/${subresource}`),
    ) ?? false
  );
}

const pathMatches = (pattern: string, path: string): boolean =>
  pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')));

export function ruleAllows(rule: PolicyRule, info: RequestInfo): boolean {
  if (!has(rule.verbs, '*') && !has(rule.verbs, info.verb)) return false;
  if (!info.isResourceRequest) return rule.nonResourceURLs?.some((pattern) => pathMatches(pattern, info.path)) ?? false;
  return (
    (has(rule.apiGroups, '*') || has(rule.apiGroups, info.group)) &&
    resourceMatches(rule, info.resource, info.subresource) &&
    (!rule.resourceNames?.length || has(rule.resourceNames, info.name))
  );
}

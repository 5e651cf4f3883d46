/** Which flow schema a request is of: the first by precedence whose rules match. */
import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/types/flowcontrol-v1.ts';
import type { RequestInfo, User } from '../pipeline.ts';

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes('*'));

function matchesSubject(subject: Subject, user: User): boolean {
  if (subject.kind === 'User') return subject.user?.name === '*' || subject.user?.name === user.name;
  if (subject.kind === 'Group') {
    const wanted = subject.group?.name;
    return wanted === '*' || (wanted !== undefined && user.groups.includes(wanted));
  }
  const account = subject.serviceAccount;
  if (subject.kind !== 'ServiceAccount' || account === undefined) return false;
  const prefix = `system:serviceaccount:${account.namespace}:`;
  return account.name === '*' ? user.name.startsWith(prefix) : user.name === prefix + account.name;
}

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group)) return false;
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  if (!has(rule.resources, resource)) return false;
  return info.namespace === '' ? rule.clusterScope === true : has(rule.namespaces, info.namespace);
}

const matchesPath = (patterns: readonly string[], path: string): boolean =>
  patterns.some(
    (pattern) =>
      pattern === '*' || pattern === path || (pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1))),
  );

function matchesRule(rule: PolicyRulesWithSubjects, user: User, info: RequestInfo): boolean {
  if (!rule.subjects.some((subject) => matchesSubject(subject, user))) return false;
  if (info.isResourceRequest) return rule.resourceRules?.some((each) => matchesResource(each, info)) ?? false;
  return (
    rule.nonResourceRules?.some((each) => has(each.verbs, info.verb) && matchesPath(each.nonResourceURLs, info.path)) ??
    false
  );
}

const precedenceDefault = 1_000;

/** By precedence, then by name. */
export const inOrder = (schemas: readonly FlowSchema[]): FlowSchema[] =>
  [...schemas].sort(
    (a, b) =>
      (a.spec?.matchingPrecedence ?? precedenceDefault) - (b.spec?.matchingPrecedence ?? precedenceDefault) ||
      (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''),
  );

/** `ordered` as `inOrder` gives it. */
export const schemaFor = (ordered: readonly FlowSchema[], user: User, info: RequestInfo): FlowSchema | undefined =>
  ordered.find(({ spec }) => spec?.rules?.some((rule) => matchesRule(rule, user, info)));

/** Requests of one schema with the same distinguisher are one flow: flows are treated alike. */
export function distinguisherOf({ spec }: FlowSchema, user: User, info: RequestInfo): string {
  const method = spec?.distinguisherMethod?.type;
  if (method === 'ByUser') return user.name;
  return method === 'ByNamespace' ? info.namespace : '';
}

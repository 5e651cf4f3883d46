/** Reads a Policy (audit.k8s.io/v1): which requests are recorded, and how much of each. */
import { aggregateText, invalid, required, type FieldError } from '../../api/meta/field-error.ts';
import type { RequestInfo, User } from '../pipeline.ts';

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];
export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof auditStages)[number];

interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Rule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean | null;
}

/** What is recorded of one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

/** The user is undefined where authentication has failed. */
export type AuditPolicy = (user: User | undefined, info: RequestInfo) => AuditDecision;

const has = (list: readonly string[] | undefined, value: string): boolean => list?.includes(value) ?? false;
const isEmpty = (list: readonly unknown[] | undefined): boolean => (list?.length ?? 0) === 0;

const matchesPath = (path: string, pattern: string): boolean =>
  pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')));

/** `pods`, `pods/log`, `*`; a star may stand for what is before or behind the slash. */
function matchesResource(pattern: string, { resource, subresource }: RequestInfo): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  if (pattern === '*' || pattern === combined) return true;
  if (subresource !== '' && pattern.startsWith('*/') && pattern.slice(2) === subresource) return true;
  return pattern.endsWith('/*') && pattern.slice(0, -2) === resource;
}

function matchesGroup(of: GroupResources, info: RequestInfo): boolean {
  if (of.group !== '*' && (of.group ?? '') !== info.group) return false;
  if (isEmpty(of.resources)) return true;
  if (!isEmpty(of.resourceNames) && !has(of.resourceNames, info.name)) return false;
  return of.resources?.some((pattern) => matchesResource(pattern, info)) ?? false;
}

function matchesRule(rule: Rule, user: User | undefined, info: RequestInfo): boolean {
  if (!isEmpty(rule.users) && !has(rule.users, user?.name ?? '')) return false;
  if (!isEmpty(rule.userGroups) && !user?.groups.some((group) => has(rule.userGroups, group))) return false;
  if (!isEmpty(rule.verbs) && !has(rule.verbs, info.verb)) return false;
  if (!isEmpty(rule.namespaces) || !isEmpty(rule.resources)) {
    if (!info.isResourceRequest) return false;
    if (!isEmpty(rule.namespaces) && !has(rule.namespaces, info.namespace)) return false;
    return isEmpty(rule.resources) || (rule.resources?.some((of) => matchesGroup(of, info)) ?? false);
  }
  if (isEmpty(rule.nonResourceURLs)) return true;
  return !info.isResourceRequest && (rule.nonResourceURLs?.some((url) => matchesPath(info.path, url)) ?? false);
}

function stageErrors(stages: unknown, at: string): FieldError[] {
  const list: readonly unknown[] = Array.isArray(stages) ? stages : [];
  return list.flatMap((stage, i) =>
    auditStages.some((known) => known === stage)
      ? []
      : [invalid(`${at}[${i}]`, stage, `allowed stages are ${auditStages.join(',')}`)],
  );
}

function ruleErrors(rule: Rule, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!rule.level) errors.push(required(`${at}.level`));
  else if (!auditLevels.includes(rule.level)) {
    const supported = auditLevels.map((level) => `"${level}"`).join(', ');
    errors.push({
      type: 'FieldValueNotSupported',
      field: `${at}.level`,
      badValue: rule.level,
      detail: `supported values: ${supported}`,
    });
  }
  for (const [i, url] of (rule.nonResourceURLs ?? []).entries()) {
    const path = `${at}.nonResourceURLs[${i}]`;
    if (url === '*') continue;
    if (!url.startsWith('/')) errors.push(invalid(path, url, "non-resource URL rules must begin with a '/' character"));
    if (url.slice(0, -1).includes('*')) {
      errors.push(invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule"));
    }
  }
  for (const of of rule.resources ?? []) {
    if (!isEmpty(of.resourceNames) && isEmpty(of.resources)) {
      const detail = 'using resourceNames requires at least one resource';
      errors.push(invalid(`${at}.resources.resourceNames`, of.resourceNames, detail));
    }
  }
  errors.push(...stageErrors(rule.omitStages, `${at}.omitStages`));
  if (!isEmpty(rule.nonResourceURLs) && (!isEmpty(rule.resources) || !isEmpty(rule.namespaces))) {
    const detail = 'rules cannot apply to both regular resources and non-resource URLs';
    errors.push(invalid(`${at}.nonResourceURLs`, rule.nonResourceURLs, detail));
  }
  return errors;
}

interface Document {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly rules?: readonly Rule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** Throws an Error in Kubernetes' words. */
export function readAuditPolicy(document: unknown): AuditPolicy {
  const policy = (typeof document === 'object' && document !== null ? document : {}) as Document;
  if (policy.kind !== 'Policy' || policy.apiVersion !== 'audit.k8s.io/v1') {
    throw new Error('unknown group version field in policy: kind Policy of audit.k8s.io/v1 is expected');
  }
  const { rules = [], omitStages = [], omitManagedFields = false } = policy;
  if (rules.length === 0) throw new Error('loaded illegal policy with 0 rules');
  const errors = [
    ...stageErrors(omitStages, 'omitStages'),
    ...rules.flatMap((rule, i) => ruleErrors(rule, `rules[${i}]`)),
  ];
  if (errors.length > 0) throw new Error(aggregateText(errors));
  const decisions = rules.map((rule) => ({
    rule,
    decision: {
      level: rule.level,
      omitStages: new Set([...omitStages, ...(rule.omitStages ?? [])]),
      omitManagedFields: rule.omitManagedFields ?? omitManagedFields,
    },
  }));
  const otherwise: AuditDecision = { level: 'None', omitStages: new Set(omitStages), omitManagedFields };
  return (user, info) => decisions.find(({ rule }) => matchesRule(rule, user, info))?.decision ?? otherwise;
}

/** What webhooks and admission policies say of the requests they are for. */
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from '../meta/field-error.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { nameIsDnsSubdomain, nameIsPathSegment } from '../meta/names.ts';
import { compileExpression, environmentOf } from '../cel/admission-environment.ts';
import { boolType } from '../cel/types.ts';
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  ParamRef,
  RuleWithOperations,
} from '../types/admissionregistration-v1.ts';
import { each, named, oneOfIfSet, qualifiedName } from './field-checks.ts';

export const failurePolicies = ['Fail', 'Ignore'];
export const matchPolicies = ['Equivalent', 'Exact'];
export const reinvocationPolicies = ['IfNeeded', 'Never'];
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
/** nothing is left of what is deleted that could be changed */
const mutatingOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];
const matchConditionsMax = 64;

const onlyWildcard = (path: string, items: readonly string[], what: string): FieldError[] =>
  items.length > 1 && items.includes('*')
    ? [invalid(path, items, `if '*' is present, must not specify other ${what}`)]
    : [];

/** Subresources stand behind a slash; of what stands there, nothing may be covered by a wildcard beside it. */
const validateResources = (path: string, resources: readonly string[]): FieldError[] => {
  if (resources.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const allOf = new Set<string>();
  const everywhere = new Set<string>();
  let plain = false;
  for (const [index, resource] of resources.entries()) {
    const at = `${path}[${index}]`;
    if (resource === '') {
      errors.push(required(at));
      continue;
    }
    const slash = resource.indexOf('/');
    if (slash < 0) {
      plain = resource !== '*';
      continue;
    }
    const [name, sub] = [resource.slice(0, slash), resource.slice(slash + 1)];
    if (allOf.has(name)) errors.push(invalid(at, resource, `if '${name}/*' is present, must not specify ${resource}`));
    if (everywhere.has(sub))
      errors.push(invalid(at, resource, `if '*/${sub}' is present, must not specify ${resource}`));
    if (sub === '*') allOf.add(name);
    if (name === '*') everywhere.add(sub);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes('*') && plain) {
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return errors;
};

export const validateRule = (rule: RuleWithOperations, path: string): FieldError[] => {
  const { apiGroups = [], apiVersions = [], resources = [], operations: asked = [], scope } = rule;
  return [
    ...(asked.length === 0 ? [required(`${path}.operations`)] : []),
    ...onlyWildcard(`${path}.operations`, asked, 'operations'),
    ...each(asked, `${path}.operations`, (one, at) => oneOfIfSet(at, one, operations)),
    ...(apiGroups.length === 0 ? [required(`${path}.apiGroups`)] : []),
    ...onlyWildcard(`${path}.apiGroups`, apiGroups, 'API groups'),
    ...(apiVersions.length === 0 ? [required(`${path}.apiVersions`)] : []),
    ...onlyWildcard(`${path}.apiVersions`, apiVersions, 'API versions'),
    ...each(apiVersions, `${path}.apiVersions`, (version, at) => (version === '' ? [required(at)] : [])),
    ...validateResources(`${path}.resources`, resources),
    ...oneOfIfSet(`${path}.scope`, scope, scopes),
  ];
};

const validateNamedRule = (rule: NamedRuleWithOperations, path: string): FieldError[] => {
  const seen = new Set<string>();
  const names = each(rule.resourceNames, `${path}.resourceNames`, (name, at) => {
    const repeated = seen.has(name) ? [duplicate(at, name)] : [];
    seen.add(name);
    return [...named(at, name, nameIsPathSegment(name, false)), ...repeated];
  });
  return [...names, ...validateRule(rule, path)];
};

export const validateMatchResources = (match: MatchResources | undefined, path: string): FieldError[] => {
  if (match === undefined) return [];
  const { matchPolicy, namespaceSelector, objectSelector } = match;
  return [
    ...(matchPolicy === undefined ? [required(`${path}.matchPolicy`)] : []),
    ...oneOfIfSet(`${path}.matchPolicy`, matchPolicy, matchPolicies),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(objectSelector, `${path}.objectSelector`),
    ...each(match.resourceRules, `${path}.resourceRules`, validateNamedRule),
    ...each(match.excludeResourceRules, `${path}.excludeResourceRules`, validateNamedRule),
  ];
};

/** Mutating policies are for operations that leave an object. */
export const validateMutatingOperations = (match: MatchResources | undefined, path: string): FieldError[] =>
  (match?.resourceRules ?? [])
    .flatMap((rule) => rule.operations ?? [])
    .filter((operation) => !mutatingOperations.includes(operation))
    .map((operation) => notSupported(`${path}.resourceRules.operations`, operation, mutatingOperations));

/** An expression that must compile, and evaluate to one of the types. */
export const validateExpression = (
  path: string,
  expression: string,
  ...rest: readonly [Parameters<typeof compileExpression>[1], Parameters<typeof compileExpression>[2]]
): FieldError[] => {
  const { error } = compileExpression(expression, ...rest);
  return error === '' ? [] : [invalid(path, expression, error)];
};

export const validateMatchConditions = (
  conditions: readonly MatchCondition[] | undefined,
  params: boolean,
  path: string,
): FieldError[] => {
  const list = conditions ?? [];
  const env = environmentOf({ params, authorizer: true });
  const seen = new Set<string>();
  const errors = each(list, path, ({ name, expression }, at) => {
    const text = expression?.trim() ?? '';
    const own = [
      ...(text === '' ? [required(`${at}.expression`)] : validateExpression(`${at}.expression`, text, env, [boolType])),
      ...(name ? qualifiedName(`${at}.name`, name) : [required(`${at}.name`)]),
      ...(name && seen.has(name) ? [duplicate(`${at}.name`, name)] : []),
    ];
    seen.add(name);
    return own;
  });
  return [...(list.length > matchConditionsMax ? [tooMany(path, list.length, matchConditionsMax)] : []), ...errors];
};

const exclusive = 'name and selector are mutually exclusive';

export const validateParamRef = (ref: ParamRef | undefined, path: string): FieldError[] => {
  if (ref === undefined) return [];
  const { name = '', selector, parameterNotFoundAction } = ref;
  const action = `${path}.parameterNotFoundAction`;
  return [
    ...(name === '' ? [] : named(`${path}.name`, name, nameIsPathSegment(name, false))),
    ...(name !== '' && selector !== undefined ? [forbidden(`${path}.name`, exclusive)] : []),
    ...validateLabelSelector(selector, `${path}.selector`),
    ...(name !== '' && selector !== undefined ? [forbidden(`${path}.selector`, exclusive)] : []),
    ...(name === '' && selector === undefined ? [required(path, 'one of name or selector must be specified')] : []),
    ...(parameterNotFoundAction ? [] : [required(action)]),
    ...oneOfIfSet(action, parameterNotFoundAction, ['Deny', 'Allow']),
  ];
};

export const validatePolicyName = (name: string | undefined, path: string): FieldError[] =>
  name ? named(path, name, nameIsDnsSubdomain(name, false)) : [required(path)];

/** Which requests rules, selectors and match policies of webhooks and admission policies mean. */
import { matcherOfSelector } from '../../api/meta/labels.ts';
import { newNotFound } from '../../api/meta/status.ts';
import type {
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../api/types/admissionregistration-v1.ts';
import type { LabelSelector } from '../../api/types/meta-v1.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import { entries } from '../registry/registry.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { AdmissionRequest } from './admission.ts';

const has = (items: readonly string[] | undefined, wanted: string): boolean =>
  items?.some((item) => item === '*' || item === wanted) ?? false;

export const isNamespaceObject = ({ info }: ResourceEntry): boolean =>
  info.group === '' && info.resource === 'namespaces';

/** A request for a namespace is in the namespace of that name. */
export const namespaceOf = (request: AdmissionRequest): string =>
  isNamespaceObject(request.entry) ? request.name : request.namespace;

const inScope = (scope: string | undefined, entry: ResourceEntry): boolean => {
  if (scope === undefined || scope === '*') return true;
  return (scope === 'Namespaced') === entry.info.namespaced;
};

const resourceMatches = (resources: readonly string[] | undefined, resource: string, subresource: string): boolean =>
  resources?.some((item) => {
    const [name, sub = ''] = item.split(/\/(.*)/s);
    return (name === '*' || name === resource) && (sub === '*' || sub === subresource);
  }) ?? false;

/** Does the rule mean this operation on this resource? */
export const ruleMatches = (rule: RuleWithOperations, request: AdmissionRequest, entry: ResourceEntry): boolean =>
  inScope(rule.scope, entry) &&
  has(rule.operations, request.operation) &&
  has(rule.apiGroups, entry.info.group) &&
  has(rule.apiVersions, entry.info.version) &&
  resourceMatches(rule.resources, entry.info.resource, request.subresource);

const nameMatches = ({ resourceNames }: NamedRuleWithOperations, { name }: AdmissionRequest): boolean =>
  resourceNames === undefined || resourceNames.length === 0 || resourceNames.includes(name);

/** Other versions of the same objects. */
export const equivalentsOf = (entry: ResourceEntry): readonly ResourceEntry[] =>
  (entry.siblings?.() ?? entries).filter((other) => other !== entry && other.storage === entry.storage);

/**
 * The resource in whose words the request is to be shown: its own, or with the policy Equivalent another version of it;
 * undefined where no rule means it.
 */
export const matchRules = (
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string | undefined,
  request: AdmissionRequest,
): ResourceEntry | undefined => {
  const matches = (entry: ResourceEntry): boolean =>
    rules.some((rule) => ruleMatches(rule, request, entry) && nameMatches(rule, request));
  if (matches(request.entry)) return request.entry;
  if (matchPolicy !== 'Equivalent') return undefined;
  const equivalent = equivalentsOf(request.entry).find(matches);
  // Custom resources are told in the version of the request: converting them may mean to ask somebody.
  return equivalent?.custom === undefined ? equivalent : request.entry;
};

const isEmptySelector = (selector: LabelSelector | undefined): boolean =>
  selector === undefined || matcherOfSelector(selector).empty;

const namespaceLabels = async (request: AdmissionRequest, store: ObjectStore): Promise<Record<string, string>> => {
  if (isNamespaceObject(request.entry) && request.subresource === '' && request.operation !== 'DELETE') {
    return request.object?.metadata?.labels ?? {};
  }
  const name = namespaceOf(request);
  const namespace = await store.get('', 'namespaces', '', name);
  if (namespace === undefined) throw newNotFound({ group: '', resource: 'namespaces' }, name);
  return namespace.metadata?.labels ?? {};
};

/** Cluster-scoped resources, but for namespaces, are in no namespace that could be left out. Throws a StatusError. */
const namespaceMatches = async (
  selector: LabelSelector | undefined,
  request: AdmissionRequest,
  store: ObjectStore,
): Promise<boolean> => {
  if (namespaceOf(request) === '' || isEmptySelector(selector)) return true;
  return matcherOfSelector(selector).matches(await namespaceLabels(request, store));
};

/** One of both, the object or what it was, is enough. */
const objectMatches = (selector: LabelSelector | undefined, { object, old }: AdmissionRequest): boolean => {
  if (isEmptySelector(selector)) return true;
  const matcher = matcherOfSelector(selector);
  const matches = (one: KubeObject | undefined): boolean =>
    one !== undefined && matcher.matches(one.metadata?.labels ?? {});
  return matches(object) || matches(old);
};

type Selectors = Pick<MatchResources, 'namespaceSelector' | 'objectSelector'>;

export const selectorsMatch = async (
  { namespaceSelector, objectSelector }: Selectors,
  request: AdmissionRequest,
  store: ObjectStore,
): Promise<boolean> =>
  objectMatches(objectSelector, request) && (await namespaceMatches(namespaceSelector, request, store));

/** What a policy's `matchConstraints` or a binding's `matchResources` mean; undefined where not this request. */
export const matchResources = async (
  match: MatchResources,
  request: AdmissionRequest,
  store: ObjectStore,
): Promise<ResourceEntry | undefined> => {
  const excluded = match.excludeResourceRules ?? [];
  if (matchRules(excluded, match.matchPolicy, request) !== undefined) return undefined;
  const rules = match.resourceRules ?? [];
  const entry = rules.length === 0 ? request.entry : matchRules(rules, match.matchPolicy, request);
  if (entry === undefined) return undefined;
  return (await selectorsMatch(match, request, store)) ? entry : undefined;
};

const exempt: ReadonlySet<string> = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
]);

/** What configures admission is not subject to it: nobody could mend it otherwise. */
export const isExempt = ({ entry }: AdmissionRequest): boolean =>
  entry.info.group === 'admissionregistration.k8s.io' && exempt.has(entry.info.resource);

/** An object in the words of another version. */
export const inVersion = (object: KubeObject, from: ResourceEntry, to: ResourceEntry): KubeObject => {
  if (from === to) return object;
  const stored = from.conversion === undefined ? object : from.conversion.toStored(object);
  return to.conversion === undefined ? stored : to.conversion.fromStored(stored);
};

/** Puts `next` in the place of what `target` holds: others hold on to `target`. */
export const replaceContents = (target: KubeObject, next: KubeObject): void => {
  for (const key of Object.keys(target)) delete target[key];
  Object.assign(target, next);
};

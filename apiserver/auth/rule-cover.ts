/** Whether rules that someone holds include rules that they want to give away. Pure. */
import type { PolicyRule } from '../../api/types/rbac-v1.ts';

/** One right: a verb on a resource of a group, perhaps of one object alone, or on a path. */
type Right =
  | { readonly verb: string; readonly group: string; readonly resource: string; readonly name: string | undefined }
  | { readonly verb: string; readonly url: string };

function* rightsOf(rule: PolicyRule): Generator<Right> {
  for (const verb of rule.verbs ?? []) {
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        if (!rule.resourceNames?.length) yield { verb, group, resource, name: undefined };
        else for (const name of rule.resourceNames) yield { verb, group, resource, name };
      }
    }
    for (const url of rule.nonResourceURLs ?? []) yield { verb, url };
  }
}

const holds = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value));

function holdsResource(rule: PolicyRule, resource: string): boolean {
  if (holds(rule.resources, resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && (rule.resources?.includes(`*${resource.slice(slash)}`) ?? false);
}

const holdsUrl = (rule: PolicyRule, url: string): boolean =>
  rule.nonResourceURLs?.some(
    (own) => own === '*' || own === url || (own.endsWith('*') && url.startsWith(own.slice(0, -1))),
  ) ?? false;

function includes(rule: PolicyRule, right: Right): boolean {
  if (!holds(rule.verbs, right.verb)) return false;
  if ('url' in right) return holdsUrl(rule, right.url);
  if (!holds(rule.apiGroups, right.group) || !holdsResource(rule, right.resource)) return false;
  if (!rule.resourceNames?.length) return true;
  return right.name !== undefined && rule.resourceNames.includes(right.name);
}

const asRule = (right: Right): PolicyRule =>
  'url' in right
    ? { verbs: [right.verb], nonResourceURLs: [right.url] }
    : {
        verbs: [right.verb],
        apiGroups: [right.group],
        resources: [right.resource],
        ...(right.name === undefined ? {} : { resourceNames: [right.name] }),
      };

/** Enough to say what is missing; beyond it the list helps nobody. */
const missingMax = 16;

/** The rights of `wanted` that `held` does not include, each as a rule of its own; at most the first few. */
export function missingRights(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const missing: PolicyRule[] = [];
  for (const rule of wanted) {
    for (const right of rightsOf(rule)) {
      if (held.some((own) => includes(own, right))) continue;
      missing.push(asRule(right));
      if (missing.length === missingMax) return missing;
    }
  }
  return missing;
}

import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import { matcherOfSelector } from '../../../api/meta/labels.ts';
import type { ClusterRole, PolicyRule } from '../../../api/types/rbac-v1.ts';

const nameOf = ({ metadata }: ClusterRole): string => metadata?.name ?? '';

/** The rules of the roles that an aggregating role selects, each once; undefined where it has them. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] | undefined {
  if (role.aggregationRule === undefined) return undefined;
  const rules: PolicyRule[] = [];
  const others = all.filter((other) => nameOf(other) !== nameOf(role)).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const matcher = matcherOfSelector(selector);
    for (const { metadata, rules: own } of others) {
      if (!matcher.matches(metadata?.labels)) continue;
      // a role that was never given rules has null there
      for (const rule of own ?? []) if (!rules.some((known) => semanticEqual(known, rule))) rules.push(rule);
    }
  }
  return semanticEqual(rules, role.rules ?? []) ? undefined : rules;
}

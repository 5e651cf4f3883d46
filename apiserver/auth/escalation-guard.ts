/** Nobody gives away rights that they do not hold: looked at whenever a role or a binding is written. */
import { goQuote } from '../../api/meta/go-text.ts';
import { newForbidden } from '../../api/meta/status.ts';
import type { ClusterRole, PolicyRule, RoleBinding } from '../../api/types/rbac-v1.ts';
import type { Authorizer, KubeObject, RequestInfo, User } from '../pipeline.ts';
import type { PolicySource } from './policy-reader.ts';
import type { RbacAuthorizer } from './rbac-authorizer.ts';
import { missingRights } from './rule-cover.ts';
import { privilegedGroup } from './union-authorizer.ts';

const rbacGroup = 'rbac.authorization.k8s.io';
const roles: ReadonlySet<string> = new Set(['roles', 'clusterroles']);
const bindings: ReadonlySet<string> = new Set(['rolebindings', 'clusterrolebindings']);

export interface EscalationGuardOptions {
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly policy: PolicySource;
}

const listText = (values: readonly string[] | undefined): string => `[${(values ?? []).map(goQuote).join(' ')}]`;

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}` */
function ruleText(rule: PolicyRule): string {
  const parts: string[] = [];
  if (rule.apiGroups !== undefined) parts.push(`APIGroups:${listText(rule.apiGroups)}`);
  if (rule.resources !== undefined) parts.push(`Resources:${listText(rule.resources)}`);
  if (rule.resourceNames !== undefined) parts.push(`ResourceNames:${listText(rule.resourceNames)}`);
  if (rule.nonResourceURLs !== undefined) parts.push(`NonResourceURLs:${listText(rule.nonResourceURLs)}`);
  parts.push(`Verbs:${listText(rule.verbs)}`);
  return `{${parts.join(', ')}}`;
}

export class EscalationGuard {
  readonly #options: EscalationGuardOptions;

  constructor(options: EscalationGuardOptions) {
    this.#options = options;
  }

  /**
   * Throws Forbidden if the user may not write this role or binding. `previous` is what it replaces: rights that
   * do not change need not be held.
   */
  async check(user: User, info: RequestInfo, object: KubeObject, previous?: KubeObject): Promise<void> {
    if (info.group !== rbacGroup || user.groups.includes(privilegedGroup)) return;
    if (roles.has(info.resource)) await this.#checkRole(user, info, object, previous);
    else if (bindings.has(info.resource)) await this.#checkBinding(user, info, object, previous);
  }

  async #checkRole(user: User, info: RequestInfo, object: KubeObject, previous?: KubeObject): Promise<void> {
    const { rules, aggregationRule } = object as unknown as ClusterRole;
    const unchanged =
      previous !== undefined &&
      JSON.stringify([previous['rules'], previous['aggregationRule']]) === JSON.stringify([rules, aggregationRule]);
    const name = object.metadata?.name ?? '';
    if (unchanged || (await this.#may(user, info, 'escalate', info.resource, name))) return;
    // What an aggregated role will hold is not known now, so its writer must hold everything.
    const all: PolicyRule[] = [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ];
    await this.#requireHeld(user, info, name, aggregationRule === undefined ? (rules ?? []) : all);
  }

  async #checkBinding(user: User, info: RequestInfo, object: KubeObject, previous?: KubeObject): Promise<void> {
    const { roleRef, subjects } = object as unknown as RoleBinding;
    const before = previous as unknown as RoleBinding | undefined;
    const unchanged = JSON.stringify([before?.roleRef, before?.subjects]) === JSON.stringify([roleRef, subjects]);
    const resource = roleRef?.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
    const roleName = roleRef?.name ?? '';
    if (unchanged || (await this.#may(user, info, 'bind', resource, roleName))) return;
    const policy = this.#options.policy.current();
    const rules =
      resource === 'clusterroles'
        ? await policy.clusterRoleRules(roleName)
        : await policy.roleRules(info.namespace, roleName);
    const name = object.metadata?.name ?? '';
    if (rules === undefined) {
      throw newForbidden(info, name, `${resource}.${rbacGroup} ${goQuote(roleName)} not found`);
    }
    await this.#requireHeld(user, info, name, rules);
  }

  async #may(user: User, info: RequestInfo, verb: string, resource: string, name: string): Promise<boolean> {
    const question: RequestInfo = { ...info, verb, group: rbacGroup, resource, subresource: '', name };
    return (await this.#options.authorizer.authorize(user, question)).allowed;
  }

  async #requireHeld(user: User, info: RequestInfo, name: string, wanted: readonly PolicyRule[]): Promise<void> {
    const held = await this.#options.rbac.rulesFor(user, info.namespace);
    const missing = missingRights(held, wanted);
    if (missing.length === 0) return;
    const who = `user ${goQuote(user.name)} (groups=${listText(user.groups)})`;
    throw newForbidden(
      info,
      name,
      `${who} is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join('\n')}`,
    );
  }
}

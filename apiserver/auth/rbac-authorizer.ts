import { goQuote } from '../../api/meta/go-text.ts';
import type { PolicyRule, RoleRef, Subject } from '../../api/types/rbac-v1.ts';
import type { Authorizer, Decision, RequestInfo, User } from '../pipeline.ts';
import type { PolicyReader, PolicySource } from './policy-reader.ts';
import { ruleAllows, subjectOf } from './rbac-rules.ts';

/** A binding that speaks of the user, with the rules of its role. */
interface Grant {
  readonly rules: readonly PolicyRule[];
  readonly describe: () => string;
}

const subjectText = (subject: Subject, bindingNamespace: string): string =>
  subject.kind === 'ServiceAccount'
    ? `ServiceAccount ${goQuote(`${subject.name}/${subject.namespace || bindingNamespace}`)}`
    : `${subject.kind} ${goQuote(subject.name)}`;

const bindingText = (kind: string, name: string, role: RoleRef, subject: string): string =>
  `${kind} ${goQuote(name)} of ${role.kind} ${goQuote(role.name)} to ${subject}`;

async function rulesOf(
  policy: PolicyReader,
  role: RoleRef,
  namespace: string,
  problems: string[],
): Promise<readonly PolicyRule[]> {
  const rules =
    role.kind === 'Role' ? await policy.roleRules(namespace, role.name) : await policy.clusterRoleRules(role.name);
  if (rules !== undefined) return rules;
  problems.push(`${role.kind.toLowerCase()}.rbac.authorization.k8s.io ${goQuote(role.name)} not found`);
  return [];
}

/** Role-based access control: allowed is what a binding of the user allows; nothing is ever denied outright. */
export class RbacAuthorizer implements Authorizer {
  readonly #policy: PolicySource;

  constructor(policy: PolicySource) {
    this.#policy = policy;
  }

  async authorize(user: User, info: RequestInfo): Promise<Decision> {
    const problems: string[] = [];
    for await (const grant of this.#grants(user, info.isResourceRequest ? info.namespace : '', problems)) {
      if (grant.rules.some((rule) => ruleAllows(rule, info))) {
        return { allowed: true, reason: `RBAC: allowed by ${grant.describe()}` };
      }
    }
    return { allowed: false, reason: problems.length === 0 ? '' : `RBAC: ${problems.join(', ')}` };
  }

  /** All that the user may do in a namespace, cluster-wide rights included. */
  async rulesFor(user: User, namespace: string): Promise<PolicyRule[]> {
    const rules: PolicyRule[] = [];
    for await (const grant of this.#grants(user, namespace, [])) rules.push(...grant.rules);
    return rules;
  }

  async *#grants(user: User, namespace: string, problems: string[]): AsyncGenerator<Grant> {
    const policy = this.#policy.current();
    for (const binding of await policy.clusterRoleBindings()) {
      const subject = subjectOf(binding.subjects, user, '');
      if (subject === undefined) continue;
      const rules = await rulesOf(policy, binding.roleRef, '', problems);
      const name = binding.metadata?.name ?? '';
      yield {
        rules,
        describe: () => bindingText('ClusterRoleBinding', name, binding.roleRef, subjectText(subject, '')),
      };
    }
    if (namespace === '') return;
    for (const binding of await policy.roleBindings(namespace)) {
      const subject = subjectOf(binding.subjects, user, namespace);
      if (subject === undefined) continue;
      const rules = await rulesOf(policy, binding.roleRef, namespace, problems);
      const name = `${binding.metadata?.name ?? ''}/${namespace}`;
      yield {
        rules,
        describe: () => bindingText('RoleBinding', name, binding.roleRef, subjectText(subject, namespace)),
      };
    }
  }
}

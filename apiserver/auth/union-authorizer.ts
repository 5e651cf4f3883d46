import type { Authorizer, Decision, RequestInfo, User } from '../pipeline.ts';

export const privilegedGroup = 'system:masters';

/** Cluster administrators may do anything, whatever the stored policy says. */
export const privilegedAuthorizer: Authorizer = {
  authorize: (user: User): Decision => ({ allowed: user.groups.includes(privilegedGroup), reason: '' }),
};

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version']);

/** Health is told to anybody, also while the policy cannot be read. */
export const healthAuthorizer: Authorizer = {
  authorize: (_user: User, info: RequestInfo): Decision => ({
    allowed: !info.isResourceRequest && healthPaths.has(info.path) && (info.verb === 'get' || info.verb === 'head'),
    reason: '',
  }),
};

/** The first that allows or denies decides; otherwise all reasons are given. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
  }

  async authorize(user: User, info: RequestInfo): Promise<Decision> {
    const reasons: string[] = [];
    for (const authorizer of this.#authorizers) {
      const decision = await authorizer.authorize(user, info);
      if (decision.allowed || decision.denied === true) return decision;
      if (decision.reason !== '') reasons.push(decision.reason);
    }
    return { allowed: false, reason: reasons.join('\n') };
  }
}

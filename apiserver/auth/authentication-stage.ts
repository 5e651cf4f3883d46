import { newUnauthorized } from '../../api/meta/status.ts';
import type { Authenticator, RequestContext, Stage, User } from '../pipeline.ts';
import { anonymousPolicy, type AllowsAnonymous } from './anonymous.ts';

export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const anonymousUser: User = { name: 'system:anonymous', groups: [unauthenticatedGroup] };

async function identify(authenticators: readonly Authenticator[], ctx: RequestContext): Promise<User | undefined> {
  let refusal: unknown;
  for (const authenticator of authenticators) {
    try {
      const user = await authenticator.authenticate(ctx);
      if (user !== undefined) return user;
    } catch (error) {
      // Another credential of the same request may still be good.
      refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
  return undefined;
}

/** Sets `ctx.user`, or answers 401: for bad credentials always, for none where anonymous requests are not allowed. */
export const authenticationStage =
  (authenticators: readonly Authenticator[], allowsAnonymous: AllowsAnonymous = anonymousPolicy(undefined)): Stage =>
  async (ctx, next) => {
    const user = await identify(authenticators, ctx);
    if (user !== undefined) {
      const groups = user.groups.includes(authenticatedGroup) ? user.groups : [...user.groups, authenticatedGroup];
      ctx.user = { ...user, groups };
    } else if (allowsAnonymous(ctx.info.path)) {
      ctx.user = anonymousUser;
    } else {
      throw newUnauthorized();
    }
    await next();
  };

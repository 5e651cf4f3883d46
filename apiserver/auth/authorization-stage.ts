import { goQuote } from '../../api/meta/go-text.ts';
import { newForbidden, newUnauthorized, type StatusError } from '../../api/meta/status.ts';
import type { Authorizer, RequestContext, RequestInfo, Stage, User } from '../pipeline.ts';

/** `User "x" cannot list resource "pods" in API group "" in the namespace "default"` */
function denial(user: User, info: RequestInfo): string {
  const who = `User ${goQuote(user.name)} cannot ${info.verb}`;
  if (!info.isResourceRequest) return `${who} path ${goQuote(info.path)}`;
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  const scope = info.namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuote(info.namespace)}`;
  return `${who} resource ${goQuote(resource)} in API group ${goQuote(info.group)} ${scope}`;
}

/** The answer to a user who may not; `reason` says more where the authorizer knows it. */
export function forbidden(user: User, info: RequestInfo, reason: string): StatusError {
  const why = reason === '' ? denial(user, info) : `${denial(user, info)}: ${reason}`;
  return newForbidden(info.isResourceRequest ? info : undefined, info.name, why);
}

/** Throws unless the user may do `verb` with what the request is about. */
export async function authorizeAs(authorizer: Authorizer, ctx: RequestContext, verb: string): Promise<void> {
  if (ctx.user === undefined) throw newUnauthorized();
  const info = { ...ctx.info, verb };
  const decision = await authorizer.authorize(ctx.user, info);
  if (!decision.allowed) throw forbidden(ctx.user, info, decision.reason);
}

/** What every request goes through; the audit log is told what was decided, and why. */
export const authorizationStage =
  (authorizer: Authorizer): Stage =>
  async (ctx, next) => {
    if (ctx.user === undefined) throw newUnauthorized();
    const { allowed, reason } = await authorizer.authorize(ctx.user, ctx.info);
    ctx.audit?.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
    ctx.audit?.annotate('authorization.k8s.io/reason', reason);
    if (!allowed) throw forbidden(ctx.user, ctx.info, reason);
    await next();
  };

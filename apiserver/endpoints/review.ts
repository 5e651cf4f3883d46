import type { ReviewEndpoint } from '../auth/reviews.ts';
import { newUnauthorized } from '../../api/meta/status.ts';
import type { RequestContext, ResourceInfo } from '../pipeline.ts';
import { sendAny } from './answer.ts';
import { formOf } from './negotiation.ts';
import { objectOf } from './request-body.ts';
import { writeOptions } from './request-options.ts';

/** POST of a review: answered with its status, and forgotten. */
export async function review(ctx: RequestContext, info: ResourceInfo, endpoint: ReviewEndpoint): Promise<void> {
  // what is not kept has no columns
  const form = { ...formOf(ctx, undefined, false), as: 'object' as const };
  if (ctx.user === undefined) throw newUnauthorized();
  const object = objectOf(ctx, info, writeOptions(ctx, 'CreateOptions'));
  const answer = await endpoint.create(object, ctx.user, ctx.info.namespace);
  const { kind, apiVersion, metadata, ...rest } = answer;
  sendAny(ctx, 201, { kind, apiVersion, metadata: metadata ?? {}, ...rest }, form);
}

import { decodeBody } from '../../api/codec/body.ts';
import type { GroupVersionKind } from '../../api/schema/schema.ts';
import type { KubeObject, RequestContext } from '../pipeline.ts';
import type { WriteOptions } from './request-options.ts';

/** `application/json; charset=utf-8` → `application/json`. No content type at all is taken for JSON. */
export const mediaTypeOf = (ctx: RequestContext): string =>
  (ctx.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';

/** The object in the body; what it has too much is told in warnings. */
export function objectOf(ctx: RequestContext, expected: GroupVersionKind, options: WriteOptions): KubeObject {
  const { object, warnings } = decodeBody(ctx.body, mediaTypeOf(ctx), expected, options.fieldValidation);
  for (const warning of warnings) ctx.reply.warn(warning);
  return object;
}

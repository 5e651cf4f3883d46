import { decodeBody } from '../../api/codec/body.ts';
import type { GroupVersionKind } from '../../api/schema/schema.ts';
import type { KubeObject, RequestContext } from '../pipeline.ts';
import { mediaTypeOf } from './media-types.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { WriteOptions } from './request-options.ts';
import { gvkOf } from './resource-request.ts';

/** The object in the body; what it has too much is told in warnings. */
export function objectOf(ctx: RequestContext, expected: GroupVersionKind, options: WriteOptions): KubeObject {
  const { object, warnings } = decodeBody(ctx.body, mediaTypeOf(ctx), expected, options.fieldValidation);
  for (const warning of warnings) ctx.reply.warn(warning);
  return object;
}

/** An object of that resource in the body. */
export function resourceOf(ctx: RequestContext, entry: ResourceEntry, options: WriteOptions): KubeObject {
  if (entry.custom === undefined) return objectOf(ctx, gvkOf(entry), options);
  const { object, warnings } = entry.custom.kind.decode(ctx.body, mediaTypeOf(ctx), options.fieldValidation);
  for (const warning of warnings) ctx.reply.warn(warning);
  return object;
}

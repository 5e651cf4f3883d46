import type { RequestContext } from '../pipeline.ts';

/** `application/json; charset=utf-8` → `application/json`. No content type at all is taken for JSON. */
export const mediaTypeOf = (ctx: RequestContext): string =>
  (ctx.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';

/** of server-side apply; `application/apply-patch+cbor` is known and not taken, as by a real server's default */
export const applyMediaType = 'application/apply-patch+yaml';

export const isApply = (ctx: RequestContext): boolean => mediaTypeOf(ctx) === applyMediaType;

import { applyPatch, parsePatch, patchMediaTypes } from '../../api/patch/apply-patch.ts';
import { newUnsupportedMediaType, StatusError } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import { sendObject } from './answer.ts';
import { formOf } from './negotiation.ts';
import { checkName, checkVersion } from './object-preparation.ts';
import { mediaTypeOf } from './request-body.ts';
import { writeOptions } from './request-options.ts';
import { gvkOf, type ResourceRequest } from './resource-request.ts';
import { changeObject } from './update.ts';
import type { FieldValidation } from '../../api/codec/body.ts';
import type { GroupVersionKind } from '../../api/schema/schema.ts';
import type { RequestContext } from '../pipeline.ts';

const applyMediaTypes = new Set(['application/apply-patch+yaml', 'application/apply-patch+cbor']);

/** The body, read once: a function that makes the next version of any object of `gvk`. */
export function patcherOf(
  ctx: RequestContext,
  gvk: GroupVersionKind,
  validation: FieldValidation,
): (current: KubeObject) => KubeObject {
  const mediaType = mediaTypeOf(ctx);
  if (applyMediaTypes.has(mediaType)) {
    const why = 'server-side apply is not supported yet; use client-side apply (kubectl apply without --server-side)';
    throw new StatusError(415, 'UnsupportedMediaType', why);
  }
  const kind = patchMediaTypes[mediaType];
  if (kind === undefined) throw newUnsupportedMediaType(Object.keys(patchMediaTypes));
  const patch = parsePatch(ctx.body, kind);
  return (current) => {
    const { object, warnings } = applyPatch(kind, current, patch, gvk, validation);
    for (const warning of warnings) ctx.reply.warn(warning);
    return object;
  };
}

export async function patch(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services } = request;
  const form = formOf(ctx);
  const options = writeOptions(ctx, 'PatchOptions');
  const patched = patcherOf(ctx, gvkOf(entry), options.fieldValidation);
  const result = await changeObject(request, options.dryRun, (current) => {
    const next = patched(current);
    checkName(entry, next, ctx);
    // A patch that names a version means that version.
    checkVersion(entry, next.metadata, current);
    return next;
  });
  sendObject(ctx, services.printer, entry, 200, result, form, services.clock.nowMs());
}

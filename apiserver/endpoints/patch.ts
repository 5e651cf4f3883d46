import { applyPatch, parsePatch, patchMediaTypes } from '../../api/patch/apply-patch.ts';
import { newUnsupportedMediaType, StatusError } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import { sendObject } from './answer.ts';
import { apply } from './apply.ts';
import { formOf } from './negotiation.ts';
import { checkName, checkVersion } from './object-preparation.ts';
import { applyMediaType, isApply, mediaTypeOf } from './media-types.ts';
import { writeOptions } from './request-options.ts';
import { gvkOf, type ResourceRequest } from './resource-request.ts';
import type { CustomKind } from '../../api/crd/custom-kind.ts';
import { changeObject } from './update.ts';
import type { FieldValidation } from '../../api/codec/body.ts';
import type { GroupVersionKind } from '../../api/schema/schema.ts';
import type { RequestContext } from '../pipeline.ts';

const utf8 = new TextDecoder();

/** Managed fields are worked out from the live object: only a patch that names them has to see them. */
function unmanaged(object: KubeObject): KubeObject {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Merge keys are known of built-in types only. */
const customPatchTypes: readonly string[] = ['application/json-patch+json', 'application/merge-patch+json'];

/** The body, read once: a function that makes the next version of any object of `gvk`. */
export function patcherOf(
  ctx: RequestContext,
  gvk: GroupVersionKind,
  validation: FieldValidation,
  custom?: CustomKind,
): (current: KubeObject) => KubeObject {
  const mediaType = mediaTypeOf(ctx);
  const kind = patchMediaTypes[mediaType];
  if (kind === undefined || (custom !== undefined && !customPatchTypes.includes(mediaType))) {
    // as the real server: its router refuses for built-in kinds, the handler itself for custom ones
    if (custom !== undefined) throw newUnsupportedMediaType([...customPatchTypes, applyMediaType]);
    throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  }
  const patch = parsePatch(ctx.body, kind);
  const namesManaged = utf8.decode(ctx.body).includes('managedFields');
  return (current) => {
    const shown = namesManaged ? current : unmanaged(current);
    const { object, warnings } = applyPatch(kind, shown, patch, gvk, validation, custom);
    for (const warning of warnings) ctx.reply.warn(warning);
    return object;
  };
}

export async function patch(request: ResourceRequest): Promise<void> {
  if (isApply(request.ctx)) return apply(request);
  const { ctx, entry, services } = request;
  const form = formOf(ctx, entry);
  const options = writeOptions(ctx, 'PatchOptions');
  const patched = patcherOf(ctx, gvkOf(entry), options.fieldValidation, entry.custom?.kind);
  const result = await changeObject(request, options.dryRun, (current) => {
    const next = patched(current);
    checkName(entry, next, ctx);
    // A patch that names a version means that version.
    checkVersion(entry, next.metadata, current);
    return next;
  });
  sendObject(ctx, services.printer, entry, 200, result, form, services.clock.nowMs());
}

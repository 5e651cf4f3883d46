import { stringify } from 'yaml';
import { encodeObject } from '../../api/codec/protobuf.ts';
import { apiVersionOf, parseGroupVersion } from '../../api/schema/schema.ts';
import type { Status } from '../../api/types/meta-v1.ts';
import type { KubeObject, Printer, RequestContext, TableOptions } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import type { ListResult } from '../storage/list-reader.ts';
import { jsonForm, negotiate, type Form } from './negotiation.ts';
import { presented } from './resource-request.ts';

const metaVersion = 'meta.k8s.io/v1';

/** Any object in a form that does not transform it. */
export function encodeAny(object: KubeObject, form: Form): string | Uint8Array {
  if (form.mediaType === 'application/vnd.kubernetes.protobuf') {
    const gvk = { ...parseGroupVersion(object.apiVersion ?? ''), kind: object.kind ?? '' };
    return encodeObject(object, gvk);
  }
  if (form.mediaType === 'application/yaml') return stringify(object);
  return form.pretty ? `${JSON.stringify(object, null, 2)}\n` : `${JSON.stringify(object)}\n`;
}

export const partialOf = (object: KubeObject): KubeObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: metaVersion,
  metadata: object.metadata,
});

function includeOf(ctx: RequestContext): TableOptions['includeObject'] {
  const asked = ctx.query.get('includeObject');
  return asked === 'None' || asked === 'Object' ? asked : 'Metadata';
}

export function tableOf(
  ctx: RequestContext,
  printer: Printer,
  entry: Pick<ResourceEntry, 'info'>,
  objects: readonly KubeObject[],
  options: Omit<TableOptions, 'includeObject'>,
): KubeObject {
  const table = printer.table(entry.info, objects, { includeObject: includeOf(ctx), ...options });
  return table as unknown as KubeObject;
}

export function sendAny(ctx: RequestContext, code: number, object: KubeObject, form: Form): void {
  ctx.reply.send(code, form.mediaType, encodeAny(object, form));
}

/** One stored object, as the client wants it. */
export function sendObject(
  ctx: RequestContext,
  printer: Printer,
  entry: ResourceEntry,
  code: number,
  stored: CachedObject,
  form: Form,
  nowMs: number,
): void {
  const shown = presented(entry, stored);
  if (form.as === 'table') {
    const resourceVersion = shown.object.metadata?.resourceVersion ?? '';
    sendAny(ctx, code, tableOf(ctx, printer, entry, [shown.object], { resourceVersion, nowMs }), form);
  } else if (form.as === 'partial') sendAny(ctx, code, partialOf(shown.object), form);
  else if (form.mediaType === 'application/json' && !form.pretty) {
    ctx.reply.send(code, form.mediaType, `${shown.json}\n`);
  } else sendAny(ctx, code, shown.object, form);
}

function listMetadata(result: ListResult, isCustom: boolean): Record<string, unknown> {
  return {
    resourceVersion: String(result.revision),
    ...(result.continue === '' && !isCustom ? {} : { continue: result.continue }),
    ...(result.remainingItemCount === undefined ? {} : { remainingItemCount: result.remainingItemCount }),
  };
}

/** Items of a list do not repeat its kind, but custom objects always say theirs. */
const itemJson = (entry: ResourceEntry, item: CachedObject): string =>
  entry.custom === undefined ? item.bareJson : item.json;

export function sendList(
  ctx: RequestContext,
  printer: Printer,
  entry: ResourceEntry,
  result: ListResult,
  form: Form,
  nowMs: number,
): void {
  const items = result.items.map((item) => presented(entry, item));
  const metadata = listMetadata(result, entry.custom !== undefined && form.as === 'object');
  if (form.as === 'table') {
    const objects = items.map((item) => item.object);
    sendAny(ctx, 200, tableOf(ctx, printer, entry, objects, { ...metadata, nowMs }), form);
    return;
  }
  if (form.as === 'partial') {
    const list = { kind: 'PartialObjectMetadataList', apiVersion: metaVersion, metadata };
    sendAny(ctx, 200, { ...list, items: items.map((item) => partialOf(item.object)) }, form);
    return;
  }
  const head = {
    kind: entry.custom?.listKind ?? `${entry.info.kind}List`,
    apiVersion: apiVersionOf(entry.info),
    metadata,
  };
  if (form.mediaType === 'application/json' && !form.pretty) {
    const start = JSON.stringify(head).slice(0, -1);
    ctx.reply.send(
      200,
      form.mediaType,
      `${start},"items":[${items.map((item) => itemJson(entry, item)).join(',')}]}\n`,
    );
    return;
  }
  const bare = items.map((item) => {
    if (entry.custom !== undefined) return item.object;
    const { kind: _, apiVersion: __, ...rest } = item.object;
    return rest;
  });
  sendAny(ctx, 200, { ...head, items: bare }, form);
}

/** A Status in the client's format; in JSON where the client takes none of ours. */
export function sendStatus(ctx: RequestContext, status: Status): void {
  const accepted = negotiate(ctx) ?? jsonForm;
  const form: Form = { ...accepted, as: 'object' };
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined && seconds > 0) ctx.reply.header('retry-after', String(seconds));
  sendAny(ctx, status.code ?? 200, status as unknown as KubeObject, form);
}

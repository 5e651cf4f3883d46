import { admissionRequest } from './admission-request.ts';
import { rfc3339 } from '../../base/clock.ts';
import { decodeBody } from '../../api/codec/body.ts';
import { newConflict, newNotFound, successStatus } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import type { Change } from '../storage/resource-store.ts';
import { sendAny, sendObject } from './answer.ts';
import { formOf } from './negotiation.ts';
import { mediaTypeOf } from './media-types.ts';
import {
  deleteOptionsOfQuery,
  optionsKind,
  validateDeleteOptions,
  type DeleteRequestOptions,
} from './request-options.ts';
import { groupResourceOf, keyOf, presented, toStored, type ResourceRequest } from './resource-request.ts';
import { isGone } from './update.ts';

const deleteOptionsKind = { group: '', version: 'v1', kind: 'DeleteOptions' };
const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/** Of the body; without one, of the query. */
export function deleteOptionsOf(ctx: ResourceRequest['ctx']): DeleteRequestOptions {
  const options =
    ctx.body.length === 0
      ? deleteOptionsOfQuery(ctx)
      : (decodeBody(ctx.body, mediaTypeOf(ctx), deleteOptionsKind, 'Ignore').object as DeleteRequestOptions);
  validateDeleteOptions(options);
  return options;
}

export async function remove(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services } = request;
  const form = formOf(ctx, entry);
  const options = deleteOptionsOf(ctx);
  if (
    entry.deleteWarning !== undefined &&
    options.propagationPolicy === undefined &&
    options.orphanDependents === undefined
  ) {
    ctx.reply.warn(entry.deleteWarning);
  }
  const { object, deleted } = await deleteObject(request, ctx.info.name, options);
  const code = !deleted && options.orphanDependents === false ? 202 : 200;
  if (!deleted || entry.returnsDeleted) {
    sendObject(ctx, services.printer, entry, code, object, form, services.clock.nowMs());
    return;
  }
  const { group, resource } = entry.info;
  const uid = object.object.metadata?.uid;
  const details = { name: ctx.info.name, ...(group && { group }), kind: resource, ...(uid && { uid }) };
  sendAny(ctx, code, successStatus(details) as unknown as KubeObject, { ...form, as: 'object' });
}

/** The object as it is afterwards, or as it was last; `deleted` false: something still holds it. */
export async function deleteObject(
  request: ResourceRequest,
  name: string,
  options: DeleteRequestOptions,
): Promise<{ object: CachedObject; deleted: boolean }> {
  const { ctx, entry, services, storage } = request;
  const { namespace } = ctx.info;
  const dryRun = (options.dryRun?.length ?? 0) > 0;
  const key = keyOf(entry, storage.prefix, namespace, name);
  let wouldBe: Change['object'] | undefined;
  let last: KubeObject | undefined;
  const result = await storage.store.update(key, async (stored) => {
    if (stored === undefined) throw newNotFound(groupResourceOf(entry), name);
    const current = presented(entry, stored).object;
    checkPreconditions(entry, current, options);
    const admitted = admissionRequest(request, {
      operation: 'DELETE',
      name,
      object: undefined,
      old: current,
      dryRun,
      options: { ...options, ...optionsKind('DeleteOptions') },
    });
    await services.admission.mutate(admitted);
    await services.admission.validate(admitted);
    const next = afterDelete(entry, current, options, services.clock.nowMs());
    if (dryRun) {
      wouldBe = next;
      return { object: stored.object };
    }
    const allocator = entry.allocator && services.allocators[entry.allocator];
    if (next === 'delete') {
      last = entry.graceOf === undefined ? undefined : markedNow(current, services.clock.nowMs());
      return { object: 'delete', ...allocator?.release(current) };
    }
    return { object: next === current ? stored.object : toStored(entry, next) };
  });
  const would = wouldBe;
  const marked = last;
  if (would === undefined) {
    return marked === undefined || !result.deleted ? result : { ...result, object: result.object.withObject(marked) };
  }
  return { object: would === 'delete' ? result.object : result.object.withObject(would), deleted: would === 'delete' };
}

/** Kinds with a grace period show that it was none. */
const markedNow = (object: KubeObject, nowMs: number): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: rfc3339(nowMs), deletionGracePeriodSeconds: 0 },
});

export function checkPreconditions(
  { info }: ResourceEntry,
  current: KubeObject,
  { preconditions }: DeleteRequestOptions,
): void {
  const { uid = '', resourceVersion = '', name = '' } = current.metadata ?? {};
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    const why =
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). ` +
      'The object might have been deleted and then recreated';
    throw newConflict({ group: info.group, kind: info.kind }, name, why);
  }
  const wanted = preconditions?.resourceVersion;
  if (wanted !== undefined && wanted !== resourceVersion) {
    const why =
      `the ResourceVersion in the precondition (${wanted}) does not match the ResourceVersion in record ` +
      `(${resourceVersion}). The object might have been modified`;
    throw newConflict({ group: info.group, kind: info.kind }, name, why);
  }
}

/** The garbage collector acts on these: how to treat what this object owns. */
function finalizersAfter(entry: ResourceEntry, current: readonly string[], options: DeleteRequestOptions): string[] {
  const { propagationPolicy, orphanDependents } = options;
  const policy =
    propagationPolicy ?? (orphanDependents === true ? 'Orphan' : orphanDependents === false ? 'Background' : '');
  const has = (finalizer: string): boolean => current.includes(finalizer);
  const unsaid = policy === '' && !has(orphan) && !has(foreground) && entry.orphansByDefault === true;
  const orphans = policy === 'Orphan' || (policy === '' && has(orphan)) || unsaid;
  const waits = policy === 'Foreground' || (policy === '' && has(foreground) && !orphans);
  const kept = current.filter((finalizer) => finalizer !== orphan && finalizer !== foreground);
  return [...kept, ...(orphans ? [orphan] : []), ...(waits ? [foreground] : [])];
}

/** The next version of an object that is to be deleted: marked, with whom it waits for; 'delete' when for nobody. */
function afterDelete(
  entry: ResourceEntry,
  current: KubeObject,
  options: DeleteRequestOptions,
  nowMs: number,
): KubeObject | 'delete' {
  const before = current.metadata ?? {};
  const finalizers = finalizersAfter(entry, before.finalizers ?? [], options);
  const graceSeconds = entry.graceOf?.(current, options.gracePeriodSeconds).seconds ?? 0;
  const metadata = { ...before };
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const next: KubeObject = { ...current, metadata };
  if (before.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = rfc3339(nowMs + graceSeconds * 1000);
    metadata.deletionGracePeriodSeconds = graceSeconds;
    if (before.generation) metadata.generation = before.generation + 1;
    entry.markDeleted?.(next);
  } else {
    const earlier = before.deletionGracePeriodSeconds ?? 0;
    const isShorter = options.gracePeriodSeconds !== undefined && graceSeconds < earlier;
    if (isShorter) {
      const beganMs = Date.parse(before.deletionTimestamp) - earlier * 1000;
      metadata.deletionTimestamp = rfc3339(beganMs + graceSeconds * 1000);
      metadata.deletionGracePeriodSeconds = graceSeconds;
    } else if (finalizers.join() === (before.finalizers ?? []).join() && !isGone(entry, current)) return current;
  }
  return isGone(entry, next) ? 'delete' : next;
}

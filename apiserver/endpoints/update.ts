import { admissionRequest } from './admission-request.ts';
import { clone } from '../../api/meta/clone.ts';
import { invalid } from '../../api/meta/field-error.ts';
import { newInvalid, newNotFound } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import type { Change } from '../storage/resource-store.ts';
import { sendObject } from './answer.ts';
import { createObject } from './create.ts';
import { guardManagedFields, isUnchanged, manageFields } from './field-management.ts';
import { formOf } from './negotiation.ts';
import { checkName, checkVersion, completed, normalized, prepareChange } from './object-preparation.ts';
import { resourceOf } from './request-body.ts';
import { operationOptions, writeOptions } from './request-options.ts';
import { groupResourceOf, keyOf, presented, toStored, withLease, type ResourceRequest } from './resource-request.ts';
import { validateChange } from './validate.ts';

/** PUT of an object, its `/status`, or a namespace's `/finalize`. */
export async function update(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services, storage } = request;
  const form = formOf(ctx, entry);
  const options = writeOptions(ctx, 'UpdateOptions');
  const body = resourceOf(ctx, entry, options);
  checkName(entry, body, ctx);
  const asked = { ...body.metadata };
  const key = keyOf(entry, storage.prefix, ctx.info.namespace, ctx.info.name);
  if (entry.createOnUpdate && ctx.info.subresource === '' && !(await storage.store.read(key))) {
    await services.authorize(ctx, 'create');
    // who names a uid means an object that was there
    checkVersion(entry, { uid: asked.uid }, { metadata: { name: ctx.info.name } });
    if (body.metadata) delete body.metadata.resourceVersion;
    const created = await createObject(request, body, options.dryRun);
    sendObject(ctx, services.printer, entry, 201, created, form, services.clock.nowMs());
    return;
  }
  if (!asked.resourceVersion && !entry.unconditionalUpdate) {
    const error = invalid('metadata.resourceVersion', 0, 'must be specified for an update');
    // named as Kubernetes' store names it: by the resource
    throw newInvalid({ group: entry.info.group, kind: entry.info.resource }, ctx.info.name, [error]);
  }
  const result = await changeObject(request, options.dryRun, (current) => {
    checkVersion(entry, asked, current);
    return clone(body);
  });
  sendObject(ctx, services.printer, entry, 200, result, form, services.clock.nowMs());
}

/**
 * Turns the current version into the next one, as often as it takes until nobody has written in between. `make` gets
 * the current version in the words of the request and returns a new object that it may not share with anybody.
 * `applied`: it has settled who manages the object's fields.
 */
export async function changeObject(
  request: ResourceRequest,
  dryRun: boolean,
  make: (current: KubeObject) => KubeObject,
  applied = false,
): Promise<CachedObject> {
  const { ctx, entry, storage } = request;
  const key = keyOf(entry, storage.prefix, ctx.info.namespace, ctx.info.name);
  let wouldBe: Change['object'] | undefined;
  let last: KubeObject | undefined;
  const decide = async (stored: CachedObject | undefined): Promise<Change> => {
    if (stored === undefined) throw newNotFound(groupResourceOf(entry), ctx.info.name);
    const current = presented(entry, stored).object;
    const change = await nextVersion(request, current, make(current), { dryRun, applied });
    if (change === undefined) return { object: stored.object, onlyLooks: dryRun };
    ({ last } = change);
    if (!dryRun) return change;
    wouldBe = change.object;
    return { object: stored.object, onlyLooks: true };
  };
  const result = await withLease(request, (lease) => storage.store.update(key, decide, lease));
  const shown = wouldBe;
  const gone = last;
  if (shown !== undefined && shown !== 'delete') return result.object.withObject(shown);
  return gone === undefined || !result.deleted ? result.object : result.object.withObject(gone);
}

interface NextVersion extends Change {
  /** what is shown of an object that goes with this change */
  readonly last?: KubeObject;
}

/** Undefined: it is the same as before. */
async function nextVersion(
  request: ResourceRequest,
  current: KubeObject,
  object: KubeObject,
  { dryRun, applied }: { readonly dryRun: boolean; readonly applied: boolean },
): Promise<NextVersion | undefined> {
  const { ctx, entry, services } = request;
  const { subresource } = ctx.info;
  completed(entry, object);
  if (!applied) manageFields(request, current, object);
  const { managedFields } = object.metadata ?? {};
  const admitted = admissionRequest(request, {
    operation: 'UPDATE',
    object,
    old: current,
    dryRun,
    options: operationOptions(ctx, 'UpdateOptions'),
  });
  await services.admission.mutate(admitted);
  guardManagedFields(ctx, object, managedFields);
  prepareChange(entry, object, current, subresource, { nowMs: services.clock.nowMs(), user: ctx.user });
  const complete = normalized(entry, object);
  validateChange(entry, complete, current, subresource);
  await services.admission.validate({ ...admitted, object: complete });
  if (subresource === '') for (const warning of entry.warningsOf?.(complete, current) ?? []) ctx.reply.warn(warning);
  const allocator = entry.allocator && services.allocators[entry.allocator];
  if (isGone(entry, complete)) return { object: 'delete', last: complete, ...allocator?.release(current) };
  const together = subresource === '' ? await allocator?.together(complete, current) : undefined;
  if (isUnchanged(complete, current)) return undefined;
  return { object: toStored(entry, complete), ...together };
}

/** A deleted object that nothing holds any more goes with the update that let it go. */
export function isGone(entry: ResourceEntry, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata ?? {};
  if (!deletionTimestamp || deletionGracePeriodSeconds > 0 || finalizers.length > 0) return false;
  return entry.heldBy?.(object) !== true;
}

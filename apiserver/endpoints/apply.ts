import { manageApply } from '../../api/apply/field-manager.ts';
import { readApplyPatch } from '../../api/apply/apply-body.ts';
import { newConflict, newNotFound, StatusError } from '../../api/meta/status.ts';
import { rfc3339 } from '../../base/clock.ts';
import type { KubeObject } from '../pipeline.ts';
import { sendObject } from './answer.ts';
import { createObject } from './create.ts';
import { fieldScopeOf } from './field-scope.ts';
import { formOf } from './negotiation.ts';
import { checkName, checkVersion, settleNamespace } from './object-preparation.ts';
import { writeOptions, type WriteOptions } from './request-options.ts';
import { groupResourceOf, keyOf, type ResourceRequest } from './resource-request.ts';
import { changeObject } from './update.ts';

/** tries where others create or delete the object in between */
const triesMax = 8;

/** PATCH of `application/apply-patch+yaml`: server-side apply. Creates the object where there is none. */
export async function apply(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services, storage } = request;
  const form = formOf(ctx, entry);
  const options = writeOptions(ctx, 'PatchOptions');
  const applied = applierOf(request, options);
  const key = keyOf(entry, storage.prefix, ctx.info.namespace, ctx.info.name);
  const now = (): number => services.clock.nowMs();
  for (let attempt = 1; ; attempt++) {
    try {
      const known = storage.store.cache.ready ? storage.store.cache.get(key) : undefined;
      if (known === undefined && (await storage.store.read(key)) === undefined) {
        const created = await createApplied(request, applied(undefined), options.dryRun);
        sendObject(ctx, services.printer, entry, 201, created, form, now());
        return;
      }
      const result = await changeObject(request, options.dryRun, (current) => changed(request, current, applied), true);
      sendObject(ctx, services.printer, entry, 200, result, form, now());
      return;
    } catch (error) {
      if (attempt === triesMax || !isRace(request, error)) throw error;
    }
  }
}

/** Somebody was faster: it is there now, or not any more. */
function isRace({ ctx }: ResourceRequest, error: unknown): boolean {
  if (!(error instanceof StatusError) || error.details?.name !== ctx.info.name) return false;
  return error.reason === 'AlreadyExists' || (error.reason === 'NotFound' && ctx.info.subresource === '');
}

function changed(request: ResourceRequest, current: KubeObject, applied: Applier): KubeObject {
  const next = applied(current);
  settleNamespace(request.entry, next, request.ctx.info.namespace);
  checkName(request.entry, next, request.ctx);
  checkVersion(request.entry, { resourceVersion: next.metadata?.resourceVersion }, current);
  return next;
}

export type Applier = (live: KubeObject | undefined) => KubeObject;

/** The configuration, read once: a function that applies it to any version of the object. */
export function applierOf(
  { ctx, entry, services }: ResourceRequest,
  options: WriteOptions,
  scope = fieldScopeOf(entry, ctx.info.subresource),
): Applier {
  const { config, duplicates, strictError } = readApplyPatch(ctx.body);
  return (live) => {
    const { fieldManager: manager, force } = options;
    const now = rfc3339(services.clock.nowMs());
    const object = manageApply(scope, { live, config, manager, force, now }) as KubeObject;
    if (strictError !== undefined && options.fieldValidation === 'Strict') {
      throw new StatusError(400, 'BadRequest', `error strict decoding patch: ${strictError}`);
    }
    if (options.fieldValidation === 'Warn') for (const duplicate of duplicates) ctx.reply.warn(duplicate);
    return object;
  };
}

async function createApplied(
  request: ResourceRequest,
  object: KubeObject,
  dryRun: boolean,
): ReturnType<typeof createObject> {
  const { ctx, entry, services } = request;
  const { name, namespace, subresource } = ctx.info;
  if (subresource !== '') throw newNotFound(groupResourceOf(entry), name);
  const { uid } = object.metadata ?? {};
  if (uid) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw newConflict(groupResourceOf(entry), name, why);
  }
  settleNamespace(entry, object, namespace);
  checkName(entry, object, ctx);
  // as the real server: a version of an object that is not there means nothing
  if (object.metadata !== undefined) delete object.metadata.resourceVersion;
  await services.authorize(ctx, 'create');
  return createObject(request, object, dryRun, true);
}

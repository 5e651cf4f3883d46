import { admissionRequest } from './admission-request.ts';
import { newAlreadyExists, newGenerateNameConflict } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { noLease } from '../storage/etcd-client.ts';
import { sendObject } from './answer.ts';
import { guardManagedFields, manageFields } from './field-management.ts';
import { formOf } from './negotiation.ts';
import { completed, generatedName, normalized, prepareNew, settleNamespace } from './object-preparation.ts';
import { resourceOf } from './request-body.ts';
import { operationOptions, writeOptions } from './request-options.ts';
import { groupResourceOf, keyOf, toStored, withLease, type ResourceRequest } from './resource-request.ts';
import { validateNew } from './validate.ts';

/** names tried where `generateName` hits one that is taken */
const generateTriesMax = 8;
/** tries with other addresses or ports, where another server took the chosen ones */
const allocateTriesMax = 16;

export async function create(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services } = request;
  const form = formOf(ctx, entry);
  const options = writeOptions(ctx, 'CreateOptions');
  const object = resourceOf(ctx, entry, options);
  const stored = await createObject(request, object, options.dryRun);
  sendObject(ctx, services.printer, entry, 201, stored, form, services.clock.nowMs());
}

/** Everything after decoding: defaults, admission, validation, the store. `applied`: its managedFields are settled. */
export async function createObject(
  request: ResourceRequest,
  object: KubeObject,
  dryRun: boolean,
  applied = false,
): Promise<CachedObject> {
  const { ctx, entry, services } = request;
  const { namespace } = ctx.info;
  settleNamespace(entry, object, namespace);
  completed(entry, object);
  if (!applied) manageFields(request, undefined, object);
  const { managedFields } = object.metadata ?? {};
  const admitted = admissionRequest(request, {
    operation: 'CREATE',
    subresource: '',
    name: object.metadata?.name ?? '',
    object,
    old: undefined,
    dryRun,
    options: operationOptions(ctx, 'CreateOptions'),
  });
  await services.admission.mutate(admitted);
  guardManagedFields(ctx, object, managedFields);
  prepareNew(entry, object, {
    nowMs: services.clock.nowMs(),
    user: ctx.user,
    warn: (text) => ctx.reply.warn(text),
  });
  const generateName = object.metadata?.name ? '' : (object.metadata?.generateName ?? '');
  for (let attempt = 1; ; attempt++) {
    if (generateName !== '' && object.metadata) object.metadata.name = generatedName(generateName);
    const complete = normalized(entry, object);
    validateNew(entry, complete, await entry.checkNew?.(complete));
    await services.admission.validate({ ...admitted, object: complete });
    for (const warning of entry.warningsOf?.(complete, undefined) ?? []) ctx.reply.warn(warning);
    const made = await store(request, complete, dryRun);
    if (made !== undefined) return made;
    const name = complete.metadata?.name ?? '';
    if (generateName === '') throw newAlreadyExists(groupResourceOf(entry), name);
    if (attempt === generateTriesMax) throw newGenerateNameConflict(groupResourceOf(entry), name, 1);
  }
}

/** Undefined: the name is taken. */
async function store(request: ResourceRequest, object: KubeObject, dryRun: boolean): Promise<CachedObject | undefined> {
  const { ctx, entry, services, storage } = request;
  const key = keyOf(entry, storage.prefix, ctx.info.namespace, object.metadata?.name ?? '');
  for (let attempt = 1; ; attempt++) {
    const allocator = entry.allocator && services.allocators[entry.allocator];
    // what is allocated is filled in anew for each try
    const wanted = allocator === undefined ? object : structuredClone(object);
    const together = await allocator?.together(wanted, undefined);
    const stored = toStored(entry, wanted);
    if (dryRun) {
      const taken = (await storage.store.read(key)) !== undefined;
      return taken ? undefined : new CachedObject(key, stored, 0, noLease);
    }
    let lostRace = false;
    const onTaken = (): void => {
      lostRace = true;
    };
    const made = await withLease(request, (lease) =>
      storage.store.create(key, stored, lease, { ...together, onTaken }),
    );
    if (made !== undefined || !lostRace || attempt === allocateTriesMax) return made;
  }
}

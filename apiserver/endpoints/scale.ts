import { invalid } from '../../api/meta/field-error.ts';
import { newInvalid, newMethodNotAllowed, newNotFound, newPathNotFound } from '../../api/meta/status.ts';
import type { Scale } from '../../api/types/autoscaling-v1.ts';
import type { KubeObject, ResourceInfo } from '../pipeline.ts';
import type { ResourceEntry, ScaleAccess } from '../registry/resource-entry.ts';
import { manageUpdate } from '../../api/apply/field-manager.ts';
import { parentEntries, scaleEntries, type ReplicasPath } from '../../api/apply/scale-fields.ts';
import { apiVersionOf } from '../../api/schema/schema.ts';
import { rfc3339 } from '../../base/clock.ts';
import { siblingsOf } from '../registry/registry.ts';
import { sendAny, tableOf } from './answer.ts';
import { applierOf } from './apply.ts';
import { managerOf } from './field-management.ts';
import { fieldScopeOfKind } from './field-scope.ts';
import { isApply } from './media-types.ts';
import { formOf } from './negotiation.ts';
import { checkName, checkVersion } from './object-preparation.ts';
import { patcherOf } from './patch.ts';
import { objectOf } from './request-body.ts';
import { writeOptions, type WriteOptions } from './request-options.ts';
import { groupResourceOf, keyOf, type ResourceRequest } from './resource-request.ts';
import { changeObject } from './update.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** A Scale is no resource of its own; a table of it has columns all the same. */
const scaleInfo: ResourceInfo = {
  ...scaleKind,
  resource: 'scales',
  singular: 'scale',
  namespaced: true,
  verbs: [],
  shortNames: [],
  categories: [],
  subresources: [],
  columns: [
    { name: 'Name', type: 'string', format: 'name', priority: 0 },
    { name: 'Desired', type: 'integer', format: '', priority: 0 },
    { name: 'Available', type: 'integer', format: '', priority: 0 },
    { name: 'Age', type: 'string', format: '', priority: 0 },
  ],
  typeName: 'io.k8s.api.autoscaling.v1.Scale',
};

function scaleOf(access: ScaleAccess, object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const replicas = access.replicas(object);
  const selector = access.selector(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: access.statusReplicas(object), ...(selector && { selector }) },
  };
}

function withReplicas(access: ScaleAccess, object: KubeObject, scale: KubeObject): KubeObject {
  const replicas = (scale as unknown as Scale).spec?.replicas ?? 0;
  if (replicas < 0) {
    const error = invalid('spec.replicas', replicas, 'must be greater than or equal to 0');
    throw newInvalid(scaleKind, object.metadata?.name ?? '', [error]);
  }
  const next = structuredClone(object);
  if (access.setReplicas === undefined) next['spec'] = { ...(next['spec'] as object), replicas };
  else access.setReplicas(next, replicas);
  return next;
}

/** GET, PUT and PATCH of `/scale`: the replicas of a workload, whatever its kind. */
export async function scale(request: ResourceRequest): Promise<void> {
  const { ctx, entry } = request;
  const access = entry.scale;
  if (access === undefined) throw newPathNotFound();
  const form = formOf(ctx);
  const { printer, clock } = request.services;
  const object = scaleOf(access, await scaled(request, access, entry));
  if (form.as === 'table') {
    const options = { resourceVersion: object.metadata?.resourceVersion ?? '', nowMs: clock.nowMs() };
    sendAny(ctx, 200, tableOf(ctx, printer, { info: scaleInfo }, [object], options), form);
  } else sendAny(ctx, 200, object, { ...form, as: 'object' });
}

async function scaled(request: ResourceRequest, access: ScaleAccess, entry: ResourceEntry): Promise<KubeObject> {
  const { ctx, storage } = request;
  const { verb, namespace, name } = ctx.info;
  if (verb === 'get') {
    const found = await storage.store.read(keyOf(entry, storage.prefix, namespace, name));
    if (found === undefined) throw newNotFound(groupResourceOf(entry), name);
    return found.object;
  }
  if (verb !== 'update' && verb !== 'patch') throw newMethodNotAllowed();
  const options = writeOptions(ctx, verb === 'update' ? 'UpdateOptions' : 'PatchOptions');
  const nextScale = scaleMaker(request, options);
  const pathOf = replicasPathOf(entry);
  // The change is one of the workload's spec, so it goes through its own rules and not those of a subresource.
  const onObject = { ...request, ctx: { ...ctx, info: { ...ctx.info, subresource: '' } } };
  const make = (current: KubeObject): KubeObject => {
    const { managedFields } = current.metadata ?? {};
    const live = scaleOf(access, current);
    live.metadata = { ...live.metadata, ...managed(scaleEntries(managedFields, pathOf)) };
    const next = nextScale(live);
    checkName(entry, next, ctx);
    checkVersion(entry, next.metadata, current);
    const object = withReplicas(access, current, next);
    const { managedFields: _, ...metadata } = object.metadata ?? {};
    const entries = parentEntries(managedFields, next.metadata?.managedFields, apiVersionOf(entry.info), pathOf);
    object.metadata = { ...metadata, ...managed(entries) };
    return object;
  };
  return (await changeObject(onObject, options.dryRun, make, true)).object;
}

type Entries = NonNullable<KubeObject['metadata']>['managedFields'];
const managed = (entries: Entries): { managedFields?: NonNullable<Entries> } =>
  entries === undefined ? {} : { managedFields: entries };

const replicasPath = ['f:spec', 'f:replicas'];

function replicasPathOf(entry: ResourceEntry): ReplicasPath {
  const versions = new Map(
    siblingsOf(entry).map(({ info, scale }) => [apiVersionOf(info), scale?.replicasPath ?? replicasPath]),
  );
  return (apiVersion) => versions.get(apiVersion);
}

const scaleScope = fieldScopeOfKind(scaleKind, 'scale');

/** The request, read once: a function that makes the next Scale of any Scale. */
function scaleMaker(request: ResourceRequest, options: WriteOptions): (live: KubeObject) => KubeObject {
  const { ctx, services } = request;
  if (ctx.info.verb === 'patch' && isApply(ctx)) return applierOf(request, options, scaleScope);
  const body = ctx.info.verb === 'update' ? objectOf(ctx, scaleKind, options) : undefined;
  const scaleFrom = body === undefined ? patcherOf(ctx, scaleKind, options.fieldValidation) : () => body;
  return (live) => manageUpdate(scaleScope, live, scaleFrom(live), managerOf(ctx), rfc3339(services.clock.nowMs()));
}

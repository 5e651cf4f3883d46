import { randomUUID } from 'node:crypto';
import { rfc3339 } from '../../base/clock.ts';
import { nameSuffix } from '../../base/random.ts';
import { normalizeObject } from '../../api/codec/body.ts';
import { applyDefaults } from '../../api/defaults/defaults.ts';
import { semanticEqual } from '../../api/meta/deep-equal.ts';
import { dropDisabledPodFields } from '../../api/pods/disabled-fields.ts';
import type { ObjectMeta } from '../../api/types/meta-v1.ts';
import { newBadRequest, newConflict, StatusError } from '../../api/meta/status.ts';
import type { KubeObject, RequestContext } from '../pipeline.ts';
import type { Asked, ResourceEntry } from '../registry/resource-entry.ts';
import { groupResourceOf, gvkOf } from './resource-request.ts';

const generatedNameLengthMax = 63;
const suffixLength = 5;

/** A name that begins with `generateName`, which is cut so that the whole stays a label. */
export const generatedName = (base: string): string =>
  base.slice(0, generatedNameLengthMax - suffixLength) + nameSuffix(suffixLength);

/** The namespace of body and path must agree; what the body leaves out is the path's. */
export function settleNamespace(entry: ResourceEntry, object: KubeObject, namespace: string): void {
  const metadata: ObjectMeta = { ...object.metadata };
  if (!entry.info.namespaced) {
    object.metadata = metadata;
    return;
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw newBadRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata = { ...metadata, namespace };
}

const valueAt = (object: KubeObject, path: string): unknown =>
  path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], object);

/** Metadata that the server alone sets, and the kind's own rules. */
export function prepareNew(entry: ResourceEntry, object: KubeObject, asked: Asked): void {
  const metadata = object.metadata ?? {};
  if (metadata.resourceVersion) {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  const { deletionTimestamp: _, deletionGracePeriodSeconds: __, selfLink: ___, ...kept } = metadata;
  object.metadata = { ...kept, uid: randomUUID(), creationTimestamp: rfc3339(asked.nowMs) };
  delete object.metadata.resourceVersion;
  if (entry.generationOf === undefined || entry.firstGeneration === 0) delete object.metadata.generation;
  else object.metadata.generation = 1;
  entry.prepareForCreate?.(object, asked);
  dropDisabled(entry, object, undefined);
}

export const subresourceFields: Readonly<Record<string, string>> = {
  status: 'status',
  approval: 'status',
  finalize: 'spec',
  ephemeralcontainers: 'spec',
  resize: 'spec',
};

/**
 * The new version of an object from a body: what the body may not change is the old version's. `subresource` '' changes
 * all but the status, `status` and `finalize` one field and the metadata.
 */
export function prepareChange(
  entry: ResourceEntry,
  object: KubeObject,
  old: KubeObject,
  subresource: string,
  asked: Asked,
): void {
  const before = old.metadata ?? {};
  const { selfLink: _, ...metadata } = object.metadata ?? {};
  object.metadata = {
    ...metadata,
    uid: metadata.uid || before.uid,
    creationTimestamp: before.creationTimestamp,
    resourceVersion: before.resourceVersion,
  };
  const fixed = ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const;
  for (const field of fixed) {
    if (before[field] === undefined) delete object.metadata[field];
    else Object.assign(object.metadata, { [field]: before[field] });
  }
  if (entry.info.namespaced) object.metadata.namespace = before.namespace;
  if (subresource === '') {
    if (entry.hasStatus) keepField(object, old, 'status');
    entry.prepareForUpdate?.(object, old, asked);
  } else {
    const changed = subresourceFields[subresource] ?? subresource;
    for (const field of new Set([...Object.keys(object), ...Object.keys(old)])) {
      if (field !== 'metadata' && field !== changed) keepField(object, old, field);
    }
    if (subresource === 'status') entry.prepareForStatusUpdate?.(object, old, asked);
    else entry.prepareForSubresource?.[subresource]?.(object, old, asked);
  }
  dropDisabled(entry, object, old);
  // a controller that writes its annotations with the status has not changed what is wanted
  if (subresourceFields[subresource] !== 'status') bumpGeneration(entry, object, old);
}

function dropDisabled(entry: ResourceEntry, object: KubeObject, old: KubeObject | undefined): void {
  const spec = entry.podSpecOf?.(object);
  if (spec !== undefined) dropDisabledPodFields(spec, old && entry.podSpecOf?.(old));
}

function keepField(object: KubeObject, old: KubeObject, field: string): void {
  if (old[field] === undefined) delete object[field];
  else object[field] = old[field];
}

function withoutMetadata(object: KubeObject): KubeObject {
  const { metadata: _, ...rest } = object;
  return rest;
}

function bumpGeneration({ generationOf }: ResourceEntry, object: KubeObject, old: KubeObject): void {
  if (generationOf === undefined || object.metadata === undefined) return;
  const changed =
    generationOf === 'all'
      ? !semanticEqual(withoutMetadata(object), withoutMetadata(old))
      : generationOf.some((path) => !semanticEqual(valueAt(object, path), valueAt(old, path)));
  if (changed) object.metadata.generation = (old.metadata?.generation ?? 0) + 1;
}

/** Body and URL must name the same object. */
export function checkName(entry: ResourceEntry, object: KubeObject, ctx: RequestContext): void {
  const { name, namespace } = ctx.info;
  const metadata = object.metadata ?? {};
  if (!metadata.name) {
    throw newBadRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name !== name) {
    throw newBadRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (entry.info.namespaced && metadata.namespace && metadata.namespace !== namespace) {
    throw newBadRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${namespace})`,
    );
  }
}

/** Optimistic concurrency: a version or uid that the client names must be the one that is there. */
export function checkVersion(entry: ResourceEntry, asked: ObjectMeta | undefined, current: KubeObject): void {
  const { uid, resourceVersion } = current.metadata ?? {};
  const name = current.metadata?.name ?? '';
  if (asked?.uid && asked.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${asked.uid}, UID in object meta: ${uid ?? ''}`;
    throw newConflict(groupResourceOf(entry), name, why);
  }
  if (asked?.resourceVersion && asked.resourceVersion !== resourceVersion) {
    throw newConflict(groupResourceOf(entry), name);
  }
}

/** In the order and form in which Go would write it, so that what is stored does not depend on the client. */
export function normalized(entry: ResourceEntry, object: KubeObject): KubeObject {
  // what is managed is in its final form, and its sets are known by their identity
  const { managedFields, ...bare } = object.metadata ?? {};
  const whole = { ...object, metadata: bare };
  const normal: KubeObject = entry.custom?.kind.normalized(whole) ?? normalizeObject(whole, gvkOf(entry));
  const { kind, apiVersion, metadata, ...rest } = normal;
  return { kind, apiVersion, metadata: managedFields ? { ...metadata, managedFields } : metadata, ...rest };
}

/** Fills in what the object leaves out. */
export function completed(entry: ResourceEntry, object: KubeObject): void {
  if (entry.custom === undefined) applyDefaults(object, gvkOf(entry));
  else entry.custom.kind.applyDefaults(object);
}

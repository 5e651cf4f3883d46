/**
 * managedFields of one request: what comes around the merge itself (apimachinery, managedfields). Entries of updates are
 * merged, stamped, stripped of what nobody can own, and bounded in number.
 */
import { clone, isObject } from '../meta/clone.ts';
import { newBadRequest, StatusError } from '../meta/status.ts';
import { parseGroupVersion } from '../schema/schema.ts';
import type { ManagedFieldsEntry } from '../types/meta-v1.ts';
import { checkObject } from './check-object.ts';
import { ApplyConflict, conflictStatus } from './conflicts.ts';
import { difference, isEmptySet, setOf, union } from './field-set.ts';
import { fieldsOfLastApplied, hasLastApplied, withLastApplied } from './last-applied.ts';
import { ListItemError } from './list-items.ts';
import {
  emptyManaged,
  managerId,
  ManagedFieldsError,
  readManaged,
  writeManaged,
  type Managed,
  type ManagerId,
} from './managed.ts';
import { TypedError } from './typed-error.ts';
import type { TypedSchema } from './typed-schema.ts';
import { applyConfig, updateManagers, type Versions } from './updater.ts';

type Json = Record<string, unknown>;

/** Update managers beyond these are combined, the oldest first. */
const updateManagersMax = 10;
const ancientManager = 'ancient-changes';
const beforeFirstApply = 'before-first-apply';
const unknownManager = 'unknown';
/** Only for this manager an apply keeps client-side apply's annotation in step. */
const kubectl = 'kubectl';

const metadata = 'f:metadata';
/** Nobody owns these. */
const stripped = setOf(
  ['f:apiVersion'],
  ['f:kind'],
  [metadata],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields'].map(
    (name) => [metadata, `f:${name}`],
  ),
  [metadata, 'f:resourceVersion'],
);

/** The kind and the way by which a request came. */
export interface FieldScope {
  readonly apiVersion: string;
  readonly kind: string;
  /** '' for the object itself */
  readonly subresource: string;
  readonly versions: Versions;
  /** an object of this kind with nothing set, as Go would write it */
  readonly zero: Json;
  /** a merged object in the form Go would write it, with defaults; shares nothing. Throws where it has wrong types. */
  complete(object: Json): Json;
}

interface Metadata {
  readonly managedFields?: ManagedFieldsEntry[];
  readonly uid?: string;
  readonly name?: string;
  readonly namespace?: string;
}

const metadataOf = (object: Json): Metadata => (isObject(object['metadata']) ? object['metadata'] : {});

/** The same object with these entries and no others. */
function withManagedFields(object: Json, entries: ManagedFieldsEntry[] | undefined): Json {
  const metadata = metadataOf(object);
  if (entries !== undefined) return { ...object, metadata: { ...metadata, managedFields: entries } };
  if (!Object.hasOwn(metadata, 'managedFields')) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

/** Somebody wants them gone: `[]`, or one empty entry. */
function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false;
  const [first] = entries;
  return first === undefined || (entries.length === 1 && Object.keys(first).length === 0);
}

function readOr(
  fallback: () => Managed,
  entries: Metadata['managedFields'],
  trusted: Metadata['managedFields'],
): Managed {
  try {
    const managed = readManaged(entries, trusted);
    return managed.fields.size === 0 ? fallback() : managed;
  } catch (error) {
    if (error instanceof ManagedFieldsError) return fallback();
    throw error;
  }
}

/** The request's entries where it has valid ones, else those of the live object: who knows nothing of them keeps them. */
function managedOf(scope: FieldScope, live: Json, object: Json): Managed {
  const trusted = metadataOf(live).managedFields;
  const ofLive = (): Managed => readOr(emptyManaged, trusted, trusted);
  if (scope.subresource !== '') return ofLive();
  const { managedFields } = metadataOf(object);
  return isReset(managedFields) ? emptyManaged() : readOr(ofLive, managedFields, trusted);
}

function stripOwn(managed: Managed['fields'], own: ManagerId): void {
  const versioned = managed.get(own);
  if (versioned === undefined) return;
  const set = difference(versioned.set, stripped);
  if (isEmptySet(set)) managed.delete(own);
  else if (set !== versioned.set) managed.set(own, { ...versioned, set });
}

/** stands for the request until it is clear whether it changed anything */
const currentOperation: ManagerId = 'current-operation';

interface Update {
  readonly live: Json;
  readonly object: Json;
  readonly manager: string;
  readonly now: string;
}

/** Who manages what once `object` takes the place of `live`. */
function managedAfter(scope: FieldScope, managed: Managed, { live, object, manager, now }: Update): Managed {
  const { versions, apiVersion, subresource } = scope;
  const id = managerId({ manager: manager || unknownManager, operation: 'Update', apiVersion, subresource });
  const step = { versions, before: live, after: object, apiVersion, own: currentOperation };
  const fields = updateManagers(step, managed.fields);
  stripOwn(fields, currentOperation);
  const times = new Map(managed.times);
  const current = fields.get(currentOperation);
  if (current !== undefined) {
    fields.delete(currentOperation);
    const previous = fields.get(id);
    fields.set(id, previous === undefined ? current : { ...current, set: union(current.set, previous.set) });
    times.set(id, now);
  }
  return capped({ fields, times });
}

function capped(managed: Managed): Managed {
  const { fields, times } = managed;
  const updaters = [...fields].filter(([, { applied }]) => !applied).map(([id]) => id);
  let count = updaters.length;
  if (count <= updateManagersMax) return managed;
  const timeOf = (id: ManagerId): string => times.get(id) ?? '';
  updaters.sort((a, b) => (timeOf(a) === timeOf(b) ? (a < b ? -1 : 1) : timeOf(a) < timeOf(b) ? -1 : 1));
  const firstOf = new Map<string, ManagerId>();
  for (const id of updaters) {
    if (count <= updateManagersMax) break;
    const versioned = fields.get(id);
    if (versioned === undefined) continue;
    const { apiVersion } = versioned;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, id);
      continue;
    }
    const bucket = managerId({ manager: ancientManager, operation: 'Update', apiVersion });
    const older = fields.get(bucket) ?? fields.get(first);
    if (!fields.has(bucket)) fields.delete(first);
    fields.delete(id);
    fields.set(bucket, { ...versioned, set: union(versioned.set, older?.set ?? versioned.set) });
    count--;
    times.set(bucket, times.get(id));
  }
  return managed;
}

/**
 * The object with its managedFields, for any write but an apply. `live` undefined: it is new. Where managing fails (a
 * list in the object whose items cannot be told apart), the live ones are kept.
 */
export function manageUpdate(
  scope: FieldScope,
  live: Json | undefined,
  object: Json,
  manager: string,
  now: string,
): Json {
  const before = live ?? scope.zero;
  try {
    const managed = managedOf(scope, before, object);
    // an object that nobody has managed so far starts to be with its first apply
    if (managed.fields.size === 0 && live !== undefined) return withManagedFields(object, undefined);
    const step = {
      live: withManagedFields(before, undefined),
      object: withManagedFields(object, undefined),
      manager,
      now,
    };
    const after = managedAfter(scope, managed, step);
    return withManagedFields(object, writeManaged(after));
  } catch (error) {
    if (!(error instanceof ListItemError)) throw error;
    return withManagedFields(object, metadataOf(before).managedFields);
  }
}

export interface ApplyRequest {
  /** undefined: there is none yet */
  readonly live: Json | undefined;
  readonly config: Json;
  readonly manager: string;
  readonly force: boolean;
  readonly now: string;
}

function describe(object: Json, apiVersion: string): string {
  const { name = '', namespace = '' } = metadataOf(object);
  const { group, version } = parseGroupVersion(apiVersion);
  const kind = typeof object['kind'] === 'string' ? object['kind'] : '';
  return `${namespace}/${name}; ${group}/${version}, Kind=${kind}`;
}

function checkKind(scope: FieldScope, config: Json): void {
  const apiVersion = typeof config['apiVersion'] === 'string' ? config['apiVersion'] : '';
  const kind = typeof config['kind'] === 'string' ? config['kind'] : '';
  if (apiVersion === scope.apiVersion && kind === scope.kind) return;
  const { group, version } = parseGroupVersion(apiVersion);
  throw newBadRequest(`invalid object type: ${group}/${version}, Kind=${kind}`);
}

function checkConfig(config: Json, schema: TypedSchema, apiVersion: string): void {
  if (Array.isArray((metadataOf(config) as { managedFields?: unknown }).managedFields)) {
    throw newBadRequest('metadata.managedFields must be nil');
  }
  try {
    checkObject(config, schema);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    const what = `failed to create typed patch object (${describe(config, apiVersion)})`;
    throw new StatusError(500, '', `${what}: ${error.message}`);
  }
}

/** The object after a server-side apply, with its managedFields. Throws StatusError. */
export function manageApply(scope: FieldScope, request: ApplyRequest): Json {
  checkKind(scope, request.config);
  const { versions, apiVersion, subresource } = scope;
  const schema = versions.schemaOf(apiVersion);
  if (schema === undefined) throw newBadRequest(`no schema of ${apiVersion}`);
  checkConfig(request.config, schema, apiVersion);
  const before = request.live ?? scope.zero;
  let managed = managedOfLive(before);
  if (managed.fields.size === 0) {
    const update = { live: scope.zero, object: before, manager: beforeFirstApply, now: request.now };
    managed = managedAfter(scope, managed, update);
  }
  const live = withManagedFields(before, undefined);
  const own = managerId({ manager: request.manager, operation: 'Apply', subresource });
  const step = { versions, live, config: request.config, apiVersion, own, force: request.force };
  const { object, managers } = mergedOrConflict(step, managed, request.manager, schema);
  stripOwn(managers, own);
  const times = new Map(managed.times);
  if (object !== undefined) times.set(own, request.now);
  let result = object === undefined ? clone(live) : completed(scope, object, request.config);
  if (request.manager === kubectl && hasLastApplied(result)) result = withLastApplied(result, request.config);
  return withManagedFields(result, writeManaged({ fields: managers, times }));
}

function managedOfLive(live: Json): Managed {
  const { managedFields } = metadataOf(live);
  try {
    return readManaged(managedFields);
  } catch (error) {
    if (!(error instanceof ManagedFieldsError)) throw error;
    throw new StatusError(500, '', `failed to decode managed fields: ${error.message}`);
  }
}

type Step = Parameters<typeof applyConfig>[0];

/** kubectl may take what its client-side apply had set. */
function mergedOrConflict(
  step: Step,
  managed: Managed,
  manager: string,
  schema: TypedSchema,
): ReturnType<typeof applyConfig> {
  try {
    return applyConfig(step, managed.fields);
  } catch (error) {
    if (!(error instanceof ApplyConflict)) throw error;
    const allowed = manager === kubectl ? fieldsOfLastApplied(step.live, step.apiVersion, schema) : undefined;
    if (allowed === undefined) throw conflictStatus(error);
    const left = error.except(allowed);
    if (left.length > 0) throw conflictStatus(new ApplyConflict(left));
    return applyConfig({ ...step, force: true }, managed.fields);
  }
}

function completed(scope: FieldScope, object: Json, config: Json): Json {
  try {
    return scope.complete(object);
  } catch (error) {
    if (error instanceof StatusError || !(error instanceof Error)) throw error;
    const { group, version } = parseGroupVersion(scope.apiVersion);
    const what = `failed to convert new object (${describe(config, scope.apiVersion)}) to proper version`;
    const why = `unable to convert unstructured object to ${group}/${version}, Kind=${scope.kind}`;
    throw new StatusError(500, '', `${what}: ${why}: ${error.message}`);
  }
}

/**
 * metadata.managedFields as what apply works with: who manages which fields. A manager is identified by its name, its
 * operation, its subresource and, for updates, the version in which it wrote.
 */
import { isObject } from '../meta/clone.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { goQuote } from '../meta/go-text.ts';
import type { ManagedFieldsEntry } from '../types/meta-v1.ts';
import { emptySet, readFieldSet, sortedSet, type FieldSet } from './field-set.ts';
import { compareText } from './path-element.ts';

export interface ManagerInfo {
  readonly manager?: string;
  readonly operation: 'Apply' | 'Update';
  /** of updates only */
  readonly apiVersion?: string;
  readonly subresource?: string;
}

/** `{"manager":"kubectl","operation":"Update","apiVersion":"apps/v1"}`: as Kubernetes writes it, since it also sorts by it */
export type ManagerId = string;

export interface VersionedSet {
  readonly set: FieldSet;
  /** a set that is known to be in the order in which it is written; `set` itself as long as it has not changed */
  readonly sorted?: FieldSet;
  readonly apiVersion: string;
  readonly applied: boolean;
}

export interface Managed {
  readonly fields: Map<ManagerId, VersionedSet>;
  readonly times: Map<ManagerId, string | undefined>;
}

export const emptyManaged = (): Managed => ({ fields: new Map(), times: new Map() });

/** managers whose identifiers are kept: the same few write again and again */
const knownManagersMax = 4_096;
const knownIds = new Map<string, ManagerId>();
const knownInfos = new Map<ManagerId, ManagerInfo>();

function remember<T>(map: Map<string, T>, key: string, value: T): T {
  if (map.size >= knownManagersMax) map.clear();
  map.set(key, value);
  return value;
}

export function managerId({ manager, operation, apiVersion, subresource }: ManagerInfo): ManagerId {
  const version = operation === 'Update' ? apiVersion : '';
  const key = `${operation} ${version ?? ''} ${subresource ?? ''} ${manager ?? ''}`;
  const known = knownIds.get(key);
  if (known !== undefined) return known;
  const id = JSON.stringify({
    ...(manager && { manager }),
    operation,
    ...(version && { apiVersion: version }),
    ...(subresource && { subresource }),
  });
  return remember(knownIds, key, id);
}

export const managerInfo = (id: ManagerId): ManagerInfo =>
  knownInfos.get(id) ?? remember(knownInfos, id, JSON.parse(id) as ManagerInfo);

/** Entries that cannot be read; worded as Kubernetes words it. */
export class ManagedFieldsError extends Error {
  override name = 'ManagedFieldsError';
}

function checkEntry(entry: ManagedFieldsEntry, index: number): void {
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
    throw new ManagedFieldsError('operation must be `Apply` or `Update`');
  }
  if (!entry.apiVersion) throw new ManagedFieldsError('apiVersion must not be empty');
  if (!entry.fieldsType) throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`);
  if (entry.fieldsType !== 'FieldsV1') {
    throw new ManagedFieldsError(`invalid fieldsType ${goQuote(entry.fieldsType)} in managed fields entry ${index}`);
  }
}

/**
 * Reads entries. `trusted` are those of the stored object, written by us: sets that are the same there are taken over
 * as they are. Throws ManagedFieldsError.
 */
export function readManaged(
  entries: readonly ManagedFieldsEntry[] | undefined,
  trusted: readonly ManagedFieldsEntry[] | undefined = entries,
): Managed {
  const managed = emptyManaged();
  for (const [index, entry] of (entries ?? []).entries()) {
    checkEntry(entry, index);
    const id = managerId(entry as unknown as ManagerInfo);
    const set = setOfEntry(entry, index, trusted);
    const applied = entry.operation === 'Apply';
    const sorted = trusted?.some(({ fieldsV1 }) => fieldsV1 === set) ? { sorted: set } : {};
    managed.fields.set(id, { set, ...sorted, apiVersion: entry.apiVersion ?? '', applied });
    managed.times.set(id, entry.time ?? undefined);
  }
  return managed;
}

function setOfEntry(entry: ManagedFieldsEntry, index: number, trusted: readonly ManagedFieldsEntry[] = []): FieldSet {
  const value: unknown = entry.fieldsV1;
  if (value === undefined || value === null) return emptySet;
  if (trusted[index] === entry) return value as FieldSet;
  const same = trusted.find(({ fieldsV1 }) => isObject(fieldsV1) && deepEqual(fieldsV1, value));
  if (same !== undefined) return same.fieldsV1 as FieldSet;
  try {
    return readFieldSet(value);
  } catch (error) {
    throw new ManagedFieldsError(`error decoding set: ${(error as Error).message}`, { cause: error });
  }
}

export function checkManagedFields(entries: readonly ManagedFieldsEntry[] | undefined): void {
  readManaged(entries, []);
}

const secondsOf = (time: string | undefined): string => time ?? '';

function inOrder(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    compareText(a.operation ?? '', b.operation ?? '') ||
    compareText(secondsOf(a.time), secondsOf(b.time)) ||
    compareText(a.manager ?? '', b.manager ?? '') ||
    compareText(a.apiVersion ?? '', b.apiVersion ?? '') ||
    compareText(a.subresource ?? '', b.subresource ?? '')
  );
}

/** Undefined: nobody manages anything. */
export function writeManaged({ fields, times }: Managed): ManagedFieldsEntry[] | undefined {
  if (fields.size === 0) return undefined;
  const entries: ManagedFieldsEntry[] = [];
  for (const [id, { set, sorted, apiVersion, applied }] of fields) {
    const { manager, operation, subresource } = managerInfo(id);
    const time = times.get(id);
    // field by field: spreads cost more than all the rest
    const entry: ManagedFieldsEntry = {};
    if (manager) entry.manager = manager;
    entry.operation = applied ? 'Apply' : operation;
    entry.apiVersion = apiVersion;
    if (time !== undefined) entry.time = time;
    entry.fieldsType = 'FieldsV1';
    entry.fieldsV1 = sorted === set ? set : sortedSet(set);
    if (subresource) entry.subresource = subresource;
    entries.push(entry);
  }
  return entries.length > 1 ? entries.sort(inOrder) : entries;
}

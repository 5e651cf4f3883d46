/**
 * Who manages what after an update or an apply (structured-merge-diff, merge/update.go): an update takes over what it
 * changes; an apply owns what its configuration names, and what it named before and nobody else owns is removed.
 */
import { compareObjects, type Comparison } from './compare.ts';
import { ApplyConflict, conflictsOf } from './conflicts.ts';
import {
  difference,
  emptySet,
  intersection,
  isEmptySet,
  recursiveDifference,
  union,
  type FieldSet,
} from './field-set.ts';
import type { ManagerId, VersionedSet } from './managed.ts';
import { mergeObjects } from './merge.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { fieldsOfObject } from './object-fields.ts';
import { removeFields } from './remove-fields.ts';
import { reconciled, withNamedFields } from './schema-sets.ts';
import type { TypedSchema } from './typed-schema.ts';

type Json = Record<string, unknown>;

/** One kind, as its versions show it. Objects say their version in `apiVersion`. */
export interface Versions {
  /** undefined: this version is not served (any more) */
  schemaOf(apiVersion: string): TypedSchema | undefined;
  /** the same object in another version; itself where it is of that version */
  convert(object: Json, apiVersion: string): Json;
  /** fields that requests of this kind cannot change, by version */
  resetFields(apiVersion: string): FieldSet | undefined;
}

type Managers = Map<ManagerId, VersionedSet>;

function schemaFor(versions: Versions, apiVersion: string): TypedSchema {
  const schema = versions.schemaOf(apiVersion);
  if (schema === undefined) throw new Error(`no schema of ${apiVersion}`);
  return schema;
}

function compareIn(versions: Versions, left: Json, right: Json, apiVersion: string): Comparison {
  const [a, b] = [versions.convert(left, apiVersion), versions.convert(right, apiVersion)];
  const { removed, changed } = compareObjects(a, b, schemaFor(versions, apiVersion));
  const reset = versions.resetFields(apiVersion);
  if (reset === undefined) return { removed, changed };
  return { removed: recursiveDifference(removed, reset), changed: recursiveDifference(changed, reset) };
}

/** Sets in versions that are gone are dropped; fields that have become atomic are owned as a whole. */
function reconcile(versions: Versions, managers: Managers): Managers {
  const result: Managers = new Map();
  for (const [id, versioned] of managers) {
    const schema = versions.schemaOf(versioned.apiVersion);
    if (schema === undefined) continue;
    const set = reconciled(versioned.set, schema);
    result.set(id, set === versioned.set ? versioned : { ...versioned, set });
  }
  return result;
}

interface Step {
  readonly versions: Versions;
  readonly before: Json;
  readonly after: Json;
  readonly apiVersion: string;
  readonly own: ManagerId;
}

/** Takes from all others what changes; throws ApplyConflict where that is not forced. */
function takeOver({ versions, before, after, apiVersion, own }: Step, managers: Managers, force: boolean): Comparison {
  const comparisons = new Map([[apiVersion, compareIn(versions, before, after, apiVersion)]]);
  const conflicts: Managers = new Map();
  const removed = new Map<ManagerId, FieldSet>();
  for (const [id, { set, apiVersion: version }] of managers) {
    if (id === own) continue;
    const comparison = comparisons.get(version) ?? compareIn(versions, before, after, version);
    comparisons.set(version, comparison);
    const conflict = intersection(set, comparison.changed);
    if (!isEmptySet(conflict)) conflicts.set(id, { set: conflict, apiVersion: version, applied: false });
    if (!isEmptySet(comparison.removed)) removed.set(id, comparison.removed);
  }
  if (!force && conflicts.size > 0) throw new ApplyConflict(conflictsOf(conflicts));
  for (const [id, conflict] of conflicts) subtract(managers, id, conflict.set);
  for (const [id, set] of removed) subtract(managers, id, set);
  for (const [id, { set }] of managers) if (isEmptySet(set)) managers.delete(id);
  return comparisons.get(apiVersion) as Comparison;
}

function subtract(managers: Managers, id: ManagerId, set: FieldSet): void {
  const versioned = managers.get(id);
  if (versioned === undefined) return;
  const left = difference(versioned.set, set);
  if (left !== versioned.set) managers.set(id, { ...versioned, set: left });
}

const filtered = (versions: Versions, set: FieldSet, apiVersion: string): FieldSet => {
  const reset = versions.resetFields(apiVersion);
  return reset === undefined ? set : recursiveDifference(set, reset);
};

/** After any write but an apply. */
export function updateManagers(step: Step, known: Managers): Managers {
  const { versions, apiVersion, own } = step;
  const managers = reconcile(versions, known);
  const { removed, changed } = takeOver(step, managers, true);
  const before = managers.get(own)?.set ?? emptySet;
  const set = filtered(versions, union(difference(before, removed), changed), apiVersion);
  if (isEmptySet(set)) managers.delete(own);
  else managers.set(own, { set, apiVersion, applied: false });
  return managers;
}

export interface Applied {
  /** undefined: the object stays as it is */
  readonly object: Json | undefined;
  readonly managers: Managers;
}

export interface ApplyStep {
  readonly versions: Versions;
  readonly live: Json;
  readonly config: Json;
  readonly apiVersion: string;
  readonly own: ManagerId;
  readonly force: boolean;
}

/** Throws ApplyConflict, ListItemError. */
export function applyConfig(step: ApplyStep, known: Managers): Applied {
  const { versions, live, config, apiVersion, own, force } = step;
  const schema = schemaFor(versions, apiVersion);
  const managers = reconcile(versions, known);
  const merged = mergeObjects(live, config, schema);
  const last = managers.get(own);
  const set = filtered(versions, fieldsOfObject(config, schema), apiVersion);
  managers.set(own, { set, apiVersion, applied: true });
  const after = prune({ versions, managers, own }, merged, last);
  takeOver({ versions, before: live, after, apiVersion, own }, managers, force);
  return { object: deepEqual(live, after) ? undefined : after, managers };
}

interface Pruning {
  readonly versions: Versions;
  readonly managers: Managers;
  readonly own: ManagerId;
}

/** Without what was applied before, is applied no more, and nobody else owns. */
function prune(pruning: Pruning, merged: Json, last: VersionedSet | undefined): Json {
  if (last === undefined || isEmptySet(last.set)) return merged;
  const { versions, managers, own } = pruning;
  const schema = versions.schemaOf(last.apiVersion);
  if (schema === undefined) return merged;
  const before = versions.convert(merged, last.apiVersion);
  const cut = removeFields(before, withNamedFields(last.set, schema), schema);
  const owned = withOwned(pruning, before, cut, last.apiVersion);
  const pruned = withDangling(versions, before, owned, last);
  return versions.convert(pruned, managers.get(own)?.apiVersion ?? last.apiVersion);
}

function withOwned({ versions, managers }: Pruning, merged: Json, cut: Json, cutVersion: string): Json {
  const byVersion = new Map<string, FieldSet>([[cutVersion, emptySet]]);
  for (const { set, apiVersion } of managers.values()) {
    byVersion.set(apiVersion, union(byVersion.get(apiVersion) ?? emptySet, set));
  }
  let [whole, pruned] = [merged, cut];
  for (const [version, owned] of byVersion) {
    const schema = versions.schemaOf(version);
    if (schema === undefined) continue;
    whole = versions.convert(whole, version);
    pruned = versions.convert(pruned, version);
    const all = withNamedFields(fieldsOfObject(whole, schema), schema);
    const left = withNamedFields(fieldsOfObject(pruned, schema), schema);
    pruned = removeFields(whole, difference(all, union(left, withNamedFields(owned, schema))), schema);
  }
  return pruned;
}

/** Fields that were not applied but went with the item that held them come back. */
function withDangling(versions: Versions, merged: Json, pruned: Json, last: VersionedSet): Json {
  const schema = schemaFor(versions, last.apiVersion);
  const left = withNamedFields(fieldsOfObject(versions.convert(pruned, last.apiVersion), schema), schema);
  const all = withNamedFields(fieldsOfObject(merged, schema), schema);
  return removeFields(merged, intersection(difference(all, left), withNamedFields(last.set, schema)), schema);
}

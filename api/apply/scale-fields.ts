/** managedFields of a workload seen through its Scale, and back (apimachinery, managedfields/scalehandler.go). */
import type { ManagedFieldsEntry } from '../types/meta-v1.ts';
import { difference, hasPath, isEmptySet, setOf } from './field-set.ts';
import { emptyManaged, readManaged, writeManaged } from './managed.ts';
import type { PathElement } from './path-element.ts';

const scaleVersion = 'autoscaling/v1';
const replicasOfScale: readonly PathElement[] = ['f:spec', 'f:replicas'];

/** Where a version of the workload keeps its replicas; undefined: there is no such version. */
export type ReplicasPath = (apiVersion: string) => readonly PathElement[] | undefined;

type Entries = ManagedFieldsEntry[] | undefined;

/** Who manages the replicas, as entries of the Scale. */
export function scaleEntries(parent: Entries, pathOf: ReplicasPath): Entries {
  const managed = readManaged(parent);
  const result = emptyManaged();
  for (const [id, { set, apiVersion, applied }] of managed.fields) {
    const path = pathOf(apiVersion);
    if (path === undefined || !hasPath(set, path)) continue;
    result.fields.set(id, { set: setOf(replicasOfScale), apiVersion: scaleVersion, applied });
    result.times.set(id, managed.times.get(id));
  }
  return writeManaged(result);
}

/** The workload's entries once those of its Scale are `scale`. `apiVersion` is the one that the request came by. */
export function parentEntries(parent: Entries, scale: Entries, apiVersion: string, pathOf: ReplicasPath): Entries {
  const managed = readManaged(parent);
  const ofScale = readManaged(scale).fields;
  const result = emptyManaged();
  for (const [id, versioned] of managed.fields) {
    const path = pathOf(versioned.apiVersion);
    if (path === undefined) continue;
    result.times.set(id, managed.times.get(id));
    if (!hasPath(versioned.set, path) || ofScale.delete(id)) {
      result.fields.set(id, versioned);
      continue;
    }
    // another manager has taken the replicas
    const set = difference(versioned.set, setOf(path));
    if (!isEmptySet(set)) result.fields.set(id, { ...versioned, set });
  }
  const ownPath = pathOf(apiVersion) ?? replicasOfScale;
  for (const [id, { set, applied }] of ofScale) {
    if (!hasPath(set, replicasOfScale)) continue;
    result.fields.set(id, { set: setOf(ownPath), apiVersion, applied });
    // as the real server does: entries that came through a Scale have the time they had in the workload, if any
    result.times.set(id, managed.times.get(id));
  }
  return writeManaged(result);
}

import type { ObjectMeta, OwnerReference } from '../../../api/types/meta-v1.ts';
import { foregroundFinalizer, orphanFinalizer } from './graph.ts';

/** What a live look at an owner said. `waiting`: it is being deleted in the foreground and waits for its dependents. */
export type OwnerState = 'solid' | 'dangling' | 'waiting';

export interface ClassifiedOwner {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

export type ItemPlan =
  | { readonly action: 'keep' }
  /** some owners remain: only the references to those that are gone are removed */
  | { readonly action: 'dropOwners'; readonly uids: string[] }
  | { readonly action: 'delete'; readonly policy: 'Foreground' | 'Background' | 'Orphan' };

/** What becomes of an object, from the state of its owners. */
export function planItem(metadata: ObjectMeta, owners: readonly ClassifiedOwner[], hasDependents: boolean): ItemPlan {
  if (owners.length === 0) return { action: 'keep' };
  const gone = owners.filter((owner) => owner.state !== 'solid');
  if (gone.length === 0) return { action: 'keep' };
  if (gone.length < owners.length) return { action: 'dropOwners', uids: gone.map((owner) => owner.reference.uid) };
  // An owner that waits must also wait for the dependents of this one.
  if (hasDependents && owners.some((owner) => owner.state === 'waiting'))
    return { action: 'delete', policy: 'Foreground' };
  return { action: 'delete', policy: ownPolicy(metadata.finalizers ?? []) };
}

/** An earlier wish stands in the finalizers. */
function ownPolicy(finalizers: readonly string[]): 'Foreground' | 'Background' | 'Orphan' {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

/** An owner as a live read found it (undefined: 404). Another uid under the name is another object. */
export function ownerState(reference: OwnerReference, found: ObjectMeta | undefined): OwnerState {
  if (!found || found.uid !== reference.uid) return 'dangling';
  const isWaiting = found.deletionTimestamp !== undefined && (found.finalizers ?? []).includes(foregroundFinalizer);
  return isWaiting ? 'waiting' : 'solid';
}

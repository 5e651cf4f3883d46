import type { LabelMatcher } from '../../api/meta/labels.ts';
import type { OwnerReference } from '../../api/types/meta-v1.ts';
import { isInvalid, isNotFound } from '../../client/api-errors.ts';
import { apiVersionOf } from '../../client/resources.ts';
import { controllerOf } from '../../client/types.ts';
import type { KubeObject, ResourceClient, ResourceRef } from '../../client/types.ts';

export function controllerRef(ref: ResourceRef, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface Claim<T extends KubeObject, O extends KubeObject> {
  readonly owner: O;
  readonly ownerResource: ResourceClient<O>;
  readonly matcher: LabelMatcher;
  readonly candidates: readonly T[];
  readonly resource: ResourceClient<T>;
  /** orphans that are not adopted although they match, e.g. finished pods */
  mayAdopt?(object: T): boolean;
}

/** What becomes of one object: pure. */
export function claimDecision(
  owner: KubeObject,
  object: KubeObject,
  matches: boolean,
): 'keep' | 'release' | 'adopt' | 'ignore' {
  const controller = controllerOf(object);
  const isOwnerLeaving = owner.metadata?.deletionTimestamp !== undefined;
  if (controller) {
    if (controller.uid !== owner.metadata?.uid) return 'ignore';
    if (matches) return 'keep';
    return isOwnerLeaving ? 'ignore' : 'release';
  }
  if (isOwnerLeaving || !matches || object.metadata?.deletionTimestamp !== undefined) return 'ignore';
  return 'adopt';
}

/** The objects that belong to the owner: matching orphans are adopted, own objects that do not match any more are released. */
export async function claimObjects<T extends KubeObject, O extends KubeObject>(claim: Claim<T, O>): Promise<T[]> {
  const kept: T[] = [];
  let ownerChecked: Promise<void> | undefined;
  for (const object of claim.candidates) {
    const decision = claimDecision(claim.owner, object, claim.matcher.matches(object.metadata?.labels));
    if (decision === 'keep') kept.push(object);
    else if (decision === 'release') await release(claim, object);
    else if (decision === 'adopt' && (claim.mayAdopt?.(object) ?? true)) {
      // The cache may not know yet that the owner is going away: one live read before the first adoption.
      ownerChecked ??= assertOwnerStays(claim);
      await ownerChecked;
      const adopted = await adopt(claim, object);
      if (adopted) kept.push(adopted);
    }
  }
  return kept;
}

async function assertOwnerStays<T extends KubeObject, O extends KubeObject>(claim: Claim<T, O>): Promise<void> {
  const { name = '', namespace, uid } = claim.owner.metadata ?? {};
  const fresh = await claim.ownerResource.get(name, namespace);
  if (fresh.metadata?.uid !== uid)
    throw new Error(`original ${claim.ownerResource.ref.kind} ${namespace}/${name} is gone`);
  if (fresh.metadata?.deletionTimestamp) throw new Error(`${namespace}/${name} has just been deleted`);
}

function adopt<T extends KubeObject, O extends KubeObject>(claim: Claim<T, O>, object: T): Promise<T | undefined> {
  const reference = controllerRef(claim.ownerResource.ref, claim.owner);
  const others = (object.metadata?.ownerReferences ?? []).filter((o) => o.uid !== reference.uid);
  return patchOwners(claim.resource, object, [...others, reference]);
}

function release<T extends KubeObject, O extends KubeObject>(claim: Claim<T, O>, object: T): Promise<T | undefined> {
  const others = (object.metadata?.ownerReferences ?? []).filter((o) => o.uid !== claim.owner.metadata?.uid);
  return patchOwners(claim.resource, object, others);
}

/** Replaces the owners of the version that was seen; undefined where the object is gone. A conflict surfaces and is retried with fresher eyes. */
export async function patchOwners<T extends KubeObject>(
  resource: ResourceClient<T>,
  object: T,
  ownerReferences: OwnerReference[],
): Promise<T | undefined> {
  const { name = '', namespace, uid, resourceVersion } = object.metadata ?? {};
  const owners = ownerReferences.length === 0 ? null : ownerReferences;
  try {
    return await resource.patch(
      name,
      'merge',
      { metadata: { uid, resourceVersion, ownerReferences: owners } },
      namespace,
    );
  } catch (error) {
    // 422: another object under the same name, or owners that the server does not accept any more.
    if (isNotFound(error) || isInvalid(error)) return undefined;
    throw error;
  }
}

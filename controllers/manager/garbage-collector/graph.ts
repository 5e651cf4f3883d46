import type { ObjectMeta, OwnerReference } from '../../../api/types/meta-v1.ts';
import type { ResourceRef } from '../../../client/types.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

/** Where an object is. Of a virtual node only kind and apiVersion are known. */
export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface GraphNode {
  readonly uid: string;
  identity: Identity;
  /** undefined while virtual: somebody names it as owner, and nobody has seen it */
  ref: ResourceRef | undefined;
  owners: readonly OwnerReference[];
  /** uids of nodes that name this one as owner */
  readonly dependents: Set<string>;
  isBeingDeleted: boolean;
  /** deletes its dependents first, and goes when those that block it are gone */
  isDeletingDependents: boolean;
}

/** What has to be looked at after a change. */
export interface Effects {
  /** uids whose owners (or existence) must be checked */
  readonly examine: Set<string>;
  /** uids whose dependents must be let go */
  readonly orphan: Set<string>;
}

/**
 * Who owns whom, by uid.
 * Invariant: `a.dependents` contains `b` exactly when `b.owners` names `a`; every owner named has a node, at worst a virtual one.
 *
 *     deployment d ── owns ── replicaset r ── owns ── pod p
 *     remove(d)  →  examine r  (its owner is gone: r is deleted, which examines p in turn)
 */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  get size(): number {
    return this.#nodes.size;
  }

  dependentsOf(node: GraphNode): GraphNode[] {
    return [...node.dependents].flatMap((uid) => this.#nodes.get(uid) ?? []);
  }

  /** Dependents that an owner which deletes in the foreground must wait for. */
  blockingDependentsOf(node: GraphNode): GraphNode[] {
    return this.dependentsOf(node).filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion),
    );
  }

  /** An object was added or changed. */
  upsert(ref: ResourceRef, apiVersion: string, kind: string, metadata: ObjectMeta): Effects {
    const effects: Effects = { examine: new Set(), orphan: new Set() };
    const { uid = '', namespace = '', name = '', ownerReferences = [], deletionTimestamp, finalizers = [] } = metadata;
    const node = this.#nodes.get(uid) ?? this.#insert(uid, { apiVersion, kind, namespace, name });
    node.ref = ref;
    node.identity = { apiVersion, kind, namespace, name };
    this.#relink(node, ownerReferences, effects);
    const isLeaving = deletionTimestamp !== undefined;
    if (isLeaving && finalizers.includes(orphanFinalizer)) effects.orphan.add(uid);
    if (isLeaving && finalizers.includes(foregroundFinalizer) && !node.isDeletingDependents) {
      node.isDeletingDependents = true;
      effects.examine.add(uid);
      for (const dependent of node.dependents) effects.examine.add(dependent);
    }
    node.isBeingDeleted ||= isLeaving;
    return effects;
  }

  /** An object is gone: its dependents may have to follow, and owners that waited for it may go. */
  remove(uid: string): Effects {
    const effects: Effects = { examine: new Set(), orphan: new Set() };
    const node = this.#nodes.get(uid);
    if (!node) return effects;
    for (const dependent of node.dependents) effects.examine.add(dependent);
    for (const owner of node.owners) {
      this.#unlink(owner.uid, uid);
      if (this.#nodes.get(owner.uid)?.isDeletingDependents) effects.examine.add(owner.uid);
    }
    // Dependents still name it: it stays as a virtual node, until the last of them is gone too.
    if (node.dependents.size > 0)
      Object.assign(node, { ref: undefined, owners: [], isBeingDeleted: false, isDeletingDependents: false });
    else this.#nodes.delete(uid);
    return effects;
  }

  #insert(uid: string, identity: Identity): GraphNode {
    const node: GraphNode = {
      uid,
      identity,
      ref: undefined,
      owners: [],
      dependents: new Set(),
      isBeingDeleted: false,
      isDeletingDependents: false,
    };
    this.#nodes.set(uid, node);
    return node;
  }

  #relink(node: GraphNode, owners: readonly OwnerReference[], effects: Effects): void {
    const before = node.owners;
    node.owners = owners;
    for (const was of before) {
      const is = owners.find((owner) => owner.uid === was.uid);
      if (!is) this.#unlink(was.uid, node.uid);
      // An owner that waits for this one waits no longer when it is let go or stops blocking.
      const isReleased = was.blockOwnerDeletion && !is?.blockOwnerDeletion;
      if (isReleased && this.#nodes.get(was.uid)?.isDeletingDependents) effects.examine.add(was.uid);
    }
    for (const { uid, apiVersion, kind, name } of owners) {
      const isNew = !before.some((owner) => owner.uid === uid);
      const known = this.#nodes.get(uid);
      const owner = known ?? this.#insert(uid, { apiVersion, kind, name, namespace: node.identity.namespace });
      owner.dependents.add(node.uid);
      // Never seen: a look at the server tells whether it exists.
      if (!owner.ref && isNew) effects.examine.add(uid);
      if (isNew && owner.isDeletingDependents) effects.examine.add(node.uid);
    }
  }

  #unlink(ownerUid: string, dependentUid: string): void {
    const owner = this.#nodes.get(ownerUid);
    owner?.dependents.delete(dependentUid);
    if (owner && !owner.ref && owner.dependents.size === 0) this.#nodes.delete(ownerUid);
  }
}

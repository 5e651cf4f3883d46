import type { ObjectMeta, OwnerReference } from '../../../api/types/meta-v1.ts';
import { isConflict, isNotFound, messageOf } from '../../../client/api-errors.ts';
import { apiVersionOf } from '../../../client/resources.ts';
import type { KubeObject, ResourceClient, ResourceRef } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { periodicController } from '../periodic.ts';
import { OwnerGraph, foregroundFinalizer, orphanFinalizer } from './graph.ts';
import type { Effects, GraphNode } from './graph.ts';
import { Monitors } from './monitors.ts';
import { ownerState, planItem } from './plan.ts';
import type { ClassifiedOwner, OwnerState } from './plan.ts';

const workers = 10;
/** uids of owners known to be gone; a uid never comes back, so an entry is never wrong */
const absentOwnersMax = 1_000;

/** Deletes objects whose owners are all gone, and carries out foreground deletion and orphaning. */
export class GarbageCollector implements Controller {
  readonly #context: ControllerContext;
  readonly #graph = new OwnerGraph();
  readonly #monitors: Monitors;
  readonly #discovery: Controller;
  readonly #examine: WorkQueue;
  readonly #orphan: WorkQueue;
  readonly #absent = new Set<string>();
  #isStarted = false;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#examine = newQueue(context, 'garbage-collector-delete', workers);
    this.#orphan = newQueue(context, 'garbage-collector-orphan', workers);
    this.#monitors = new Monitors(context, (ref) => ({
      added: (object) => this.#changed(ref, object),
      updated: (_, object) => this.#changed(ref, object),
      deleted: (object) => this.#removed(object.metadata?.uid ?? ''),
    }));
    this.#discovery = periodicController(
      context.clock,
      context.log,
      context.settings.discoveryPeriodMs,
      async (signal) => {
        await this.#monitors.refresh(signal);
        const unsynced = this.#monitors.unsynced();
        if (this.#isStarted && unsynced.length > 0)
          context.log.warn({ unsynced }, 'garbage collection waits for resources that cannot be listed');
        this.#isStarted = true;
      },
    );
  }

  start(): void {
    this.#discovery.start();
    this.#examine.start((uid) => this.#whenSynced(() => this.#attemptToDelete(uid)));
    this.#orphan.start((uid) => this.#whenSynced(() => this.#attemptToOrphan(uid)));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#discovery.stop(), this.#examine.stop(), this.#orphan.stop()]);
    await this.#monitors.stop();
  }

  async #whenSynced(action: () => Promise<void>): Promise<{ requeueAfterMs: number } | void> {
    if (!this.#monitors.isSynced) return { requeueAfterMs: 200 };
    return action();
  }

  #changed(ref: ResourceRef, object: KubeObject): void {
    this.#take(this.#graph.upsert(ref, apiVersionOf(ref), ref.kind, object.metadata ?? {}));
  }

  #removed(uid: string): void {
    if (this.#absent.size >= absentOwnersMax) this.#absent.clear();
    this.#absent.add(uid);
    this.#take(this.#graph.remove(uid));
  }

  #take(effects: Effects): void {
    for (const uid of effects.examine) this.#examine.add(uid);
    for (const uid of effects.orphan) this.#orphan.add(uid);
  }

  #clientOf(ref: ResourceRef): ResourceClient<KubeObject> {
    return this.#context.client.resource<KubeObject>(ref, { metadataOnly: true });
  }

  async #attemptToDelete(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (!node) return;
    if (node.isBeingDeleted && !node.isDeletingDependents) return;
    const ref = node.ref ?? this.#resolve(node.identity.apiVersion, node.identity.kind);
    const live = await this.#read(ref, node.identity.namespace, node.identity.name);
    if (live?.uid !== uid) {
      // Gone, and no event told us: always so for owners that never were.
      this.#removed(uid);
      return;
    }
    // A virtual owner that exists: its monitor will bring it.
    if (!node.ref) return;
    if (node.isDeletingDependents) {
      await this.#deleteDependentsFirst(node, ref, live);
      return;
    }
    const owners = await Promise.all(
      (live.ownerReferences ?? []).map((reference) => this.#classify(reference, live.namespace)),
    );
    const plan = planItem(live, owners, node.dependents.size > 0);
    if (plan.action === 'dropOwners') await this.#dropOwners(ref, live, plan.uids);
    if (plan.action !== 'delete') return;
    if (plan.policy === 'Foreground') await this.#breakCycle(node, ref, live);
    await this.#delete(ref, live, plan.policy);
  }

  async #deleteDependentsFirst(node: GraphNode, ref: ResourceRef, live: ObjectMeta): Promise<void> {
    const blocking = this.#graph.blockingDependentsOf(node);
    if (blocking.length === 0) {
      await this.#removeFinalizer(ref, live, foregroundFinalizer);
      return;
    }
    for (const dependent of blocking) if (!dependent.isDeletingDependents) this.#examine.add(dependent.uid);
  }

  /** Two that wait for each other would wait for good: the reference stops blocking. */
  async #breakCycle(node: GraphNode, ref: ResourceRef, live: ObjectMeta): Promise<void> {
    if (!this.#graph.dependentsOf(node).some((dependent) => dependent.isDeletingDependents)) return;
    const ownerReferences = (live.ownerReferences ?? []).map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    await this.#patch(ref, live, { ownerReferences });
  }

  async #classify(reference: OwnerReference, namespace: string | undefined): Promise<ClassifiedOwner> {
    const isKnownAbsent = this.#absent.has(reference.uid) && !this.#graph.get(reference.uid)?.ref;
    const state: OwnerState = isKnownAbsent ? 'dangling' : await this.#look(reference, namespace ?? '');
    return { reference, state };
  }

  async #look(reference: OwnerReference, namespace: string): Promise<OwnerState> {
    const ref = this.#resolve(reference.apiVersion, reference.kind);
    // A cluster-scoped object cannot be owned by a namespaced one: there is no such owner.
    if (ref.namespaced && namespace === '') return 'dangling';
    return ownerState(reference, await this.#read(ref, namespace, reference.name));
  }

  /** An unknown kind may only be undiscovered yet: the sync fails and is retried, and nothing is deleted. */
  #resolve(apiVersion: string, kind: string): ResourceRef {
    const ref = this.#monitors.refOf(apiVersion, kind);
    if (!ref) throw new Error(`no resource for the owner kind ${apiVersion} ${kind} is known`);
    return ref;
  }

  async #read(ref: ResourceRef, namespace: string, name: string): Promise<ObjectMeta | undefined> {
    try {
      return (await this.#clientOf(ref).get(name, ref.namespaced ? namespace : '')).metadata;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #attemptToOrphan(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (!node?.ref) return;
    const live = await this.#read(node.ref, node.identity.namespace, node.identity.name);
    if (live?.uid !== uid) return;
    for (const dependent of this.#graph.dependentsOf(node)) {
      if (!dependent.ref) continue;
      const { namespace, name } = dependent.identity;
      const metadata = await this.#read(dependent.ref, namespace, name);
      if (metadata?.uid === dependent.uid) await this.#dropOwners(dependent.ref, metadata, [uid]);
    }
    await this.#removeFinalizer(node.ref, live, orphanFinalizer);
  }

  async #dropOwners(ref: ResourceRef, live: ObjectMeta, uids: readonly string[]): Promise<void> {
    const ownerReferences = (live.ownerReferences ?? []).filter((owner) => !uids.includes(owner.uid));
    if (ownerReferences.length === (live.ownerReferences ?? []).length) return;
    await this.#patch(ref, live, { ownerReferences: ownerReferences.length === 0 ? null : ownerReferences });
  }

  async #removeFinalizer(ref: ResourceRef, live: ObjectMeta, finalizer: string): Promise<void> {
    if (!(live.finalizers ?? []).includes(finalizer)) return;
    const finalizers = (live.finalizers ?? []).filter((name) => name !== finalizer);
    await this.#patch(ref, live, { finalizers: finalizers.length === 0 ? null : finalizers });
  }

  /** With the version that was read, so that another's change in between is never overwritten. */
  async #patch(
    ref: ResourceRef,
    { name = '', namespace, uid, resourceVersion }: ObjectMeta,
    change: object,
  ): Promise<void> {
    try {
      await this.#clientOf(ref).patch(name, 'merge', { metadata: { uid, resourceVersion, ...change } }, namespace);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #delete(
    ref: ResourceRef,
    { name = '', namespace, uid, resourceVersion }: ObjectMeta,
    propagationPolicy: 'Foreground' | 'Background' | 'Orphan',
  ): Promise<void> {
    this.#context.log.debug(
      { kind: ref.kind, namespace, name, propagationPolicy },
      'deleting an object whose owners are gone',
    );
    try {
      // With the version too: whoever gave it an owner in this moment keeps it.
      const preconditions = propagationPolicy === 'Foreground' ? { uid } : { uid, resourceVersion };
      await this.#clientOf(ref).delete(name, namespace, { propagationPolicy, preconditions });
    } catch (error) {
      if (isNotFound(error)) return;
      if (isConflict(error))
        this.#context.log.debug({ name, error: messageOf(error) }, 'the object changed meanwhile; looking again');
      throw error;
    }
  }
}

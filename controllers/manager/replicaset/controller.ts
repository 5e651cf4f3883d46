import type { ReplicaSetStatus } from '../../../api/types/apps-v1.ts';
import type { Pod } from '../../../api/types/core-v1.ts';
import { rfc3339 } from '../../../base/clock.ts';
import { isConflict, isNamespaceTerminating, isNotFound, messageOf } from '../../../client/api-errors.ts';
import type { EventRecorder } from '../../../client/events.ts';
import { pods } from '../../../client/resources.ts';
import { controllerOf, keyOf } from '../../../client/types.ts';
import type { Informer, ResourceClient } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { claimObjects } from '../claim.ts';
import { newQueue, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { Expectations } from '../expectations.ts';
import { isPodActive } from '../pod-state.ts';
import { sameStatus } from '../same-status.ts';
import { slowStart } from '../slow-start.ts';
import { nextAvailabilityMs, planReplicas, podFromTemplate, replicaSetStatus } from './plan.ts';
import type { ReplicaPlan, SyncFailure } from './plan.ts';
import { replicaSetKind } from './replica-kinds.ts';
import type { ReplicaKind, ReplicaOwner } from './replica-kinds.ts';

/** Keeps the number of pods of ReplicaSets, or of ReplicationControllers. */
export class ReplicaSetController implements Controller {
  readonly #context: ControllerContext;
  readonly #kind: ReplicaKind;
  readonly #sets: Informer<ReplicaOwner>;
  readonly #pods: Informer<Pod>;
  readonly #setClient: ResourceClient<ReplicaOwner>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #queue: WorkQueue;
  readonly #expectations: Expectations;
  readonly #recorder: EventRecorder;

  constructor(context: ControllerContext, kind: ReplicaKind = replicaSetKind) {
    this.#context = context;
    this.#kind = kind;
    this.#sets = context.informers.informer(kind.ref);
    this.#pods = context.informers.informer(pods);
    this.#setClient = context.client.resource(kind.ref);
    this.#podClient = context.client.resource(pods);
    this.#queue = newQueue(context, kind.queue);
    this.#expectations = new Expectations(context.clock);
    this.#recorder = context.recorder(kind.component);
    this.#sets.addHandlers({
      added: (set) => this.#queue.add(keyOf(set)),
      updated: (_, set) => this.#queue.add(keyOf(set)),
      deleted: (set) => {
        this.#expectations.forget(keyOf(set));
        this.#queue.add(keyOf(set));
      },
    });
    this.#pods.addHandlers({
      added: (pod) => this.#podAdded(pod),
      updated: (before, pod) => this.#podUpdated(before, pod),
      deleted: (pod) => this.#podDeleted(pod),
    });
  }

  start(): void {
    this.#queue.start((key) => this.#sync(key));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  #setOf(pod: Pod): ReplicaOwner | undefined {
    const owner = controllerOf(pod);
    if (owner?.kind !== this.#kind.ref.kind) return undefined;
    const set = this.#sets.lister.get(owner.name, pod.metadata?.namespace);
    return set?.metadata?.uid === owner.uid ? set : undefined;
  }

  #podAdded(pod: Pod): void {
    if (pod.metadata?.deletionTimestamp) {
      this.#podDeleted(pod);
      return;
    }
    const set = this.#setOf(pod);
    if (set) {
      this.#expectations.creationObserved(keyOf(set));
      this.#queue.add(keyOf(set));
    } else if (!controllerOf(pod)) this.#enqueueMatching(pod);
  }

  #podUpdated(before: Pod, pod: Pod): void {
    if (pod.metadata?.deletionTimestamp) {
      // A pod on its way out counts as deleted: its replacement must not wait for the grace period.
      this.#podDeleted(pod);
      return;
    }
    const [previous, current] = [this.#setOf(before), this.#setOf(pod)];
    if (previous && previous !== current) this.#queue.add(keyOf(previous));
    if (current) this.#queue.add(keyOf(current));
    else if (!controllerOf(pod)) this.#enqueueMatching(pod);
  }

  #podDeleted(pod: Pod): void {
    const set = this.#setOf(pod);
    if (!set) return;
    this.#expectations.deletionObserved(keyOf(set), pod.metadata?.uid ?? '');
    this.#queue.add(keyOf(set));
  }

  /** An orphan wakes every set that could adopt it. */
  #enqueueMatching(pod: Pod): void {
    for (const set of this.#sets.lister.list(pod.metadata?.namespace)) {
      if (this.#kind.matcherOf(set).matches(pod.metadata?.labels)) this.#queue.add(keyOf(set));
    }
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | void> {
    const { namespace, name } = splitKey(key);
    const set = this.#sets.lister.get(name, namespace);
    if (!set) {
      this.#expectations.forget(key);
      return undefined;
    }
    const mayManage = this.#expectations.satisfied(key);
    const matcher = this.#kind.matcherOf(set);
    const active = await claimObjects({
      owner: set,
      ownerResource: this.#setClient,
      matcher,
      candidates: this.#pods.lister.list(namespace).filter(isPodActive),
      resource: this.#podClient,
    });
    let failure: SyncFailure | undefined;
    let error: unknown;
    if (mayManage && !set.metadata?.deletionTimestamp) {
      const plan = planReplicas(set, active, this.#related(set, active), this.#context.clock.nowMs());
      ({ failure, error } = await this.#execute(set, plan));
    }
    const nowMs = this.#context.clock.nowMs();
    const status = replicaSetStatus(set, active, failure, nowMs, rfc3339(nowMs));
    await this.#writeStatus(set, status);
    if (error !== undefined) throw error;
    const waitMs = nextAvailabilityMs(set, active, nowMs);
    return waitMs === undefined ? undefined : { requeueAfterMs: waitMs };
  }

  #related(set: ReplicaOwner, active: Pod[]): Pod[] {
    const owner = controllerOf(set);
    if (!owner) return active;
    const siblings = this.#sets.lister.ownedBy(owner.uid);
    return siblings.flatMap((sibling) => this.#pods.lister.ownedBy(sibling.metadata?.uid ?? '')).filter(isPodActive);
  }

  async #execute(set: ReplicaOwner, plan: ReplicaPlan): Promise<{ failure?: SyncFailure; error?: unknown }> {
    if (plan.action === 'none') return {};
    const { succeeded, error } =
      plan.action === 'create' ? await this.#create(set, plan.count) : await this.#delete(set, plan.pods);
    if (error === undefined || isNamespaceTerminating(error)) return {};
    this.#context.log.debug({ key: keyOf(set), succeeded, error: messageOf(error) }, 'not all pods could be changed');
    const reason = plan.action === 'create' ? 'FailedCreate' : 'FailedDelete';
    return { failure: { reason, message: messageOf(error) }, error };
  }

  async #create(set: ReplicaOwner, count: number): Promise<{ succeeded: number; error?: unknown }> {
    const key = keyOf(set);
    this.#expectations.expect(key, count);
    const result = await slowStart(count, async () => {
      try {
        const pod = await this.#podClient.create(podFromTemplate(this.#kind.ref, set));
        this.#recorder.event(
          this.#kind.ref,
          set,
          'Normal',
          'SuccessfulCreate',
          `Created pod: ${pod.metadata?.name ?? ''}`,
        );
      } catch (error) {
        if (!isNamespaceTerminating(error)) {
          this.#recorder.event(this.#kind.ref, set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
        }
        throw error;
      }
    });
    // Those that failed or were not tried will never be seen.
    if (result.succeeded < count) this.#expectations.creationObserved(key, count - result.succeeded);
    return result;
  }

  async #delete(set: ReplicaOwner, doomed: readonly Pod[]): Promise<{ succeeded: number; error?: unknown }> {
    const key = keyOf(set);
    this.#expectations.expect(
      key,
      0,
      doomed.map((pod) => pod.metadata?.uid ?? ''),
    );
    let firstError: unknown;
    let succeeded = 0;
    await Promise.all(
      doomed.map(async (pod) => {
        const { name = '', namespace, uid = '' } = pod.metadata ?? {};
        try {
          await this.#podClient.delete(name, namespace, { preconditions: { uid } });
          succeeded++;
          this.#recorder.event(this.#kind.ref, set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
        } catch (error) {
          this.#expectations.deletionObserved(key, uid);
          if (!isNotFound(error)) {
            firstError ??= error;
            this.#recorder.event(this.#kind.ref, set, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
          }
        }
      }),
    );
    return { succeeded, error: firstError };
  }

  async #writeStatus(set: ReplicaOwner, status: ReplicaSetStatus): Promise<void> {
    if (sameStatus(set.status, status)) return;
    try {
      await this.#setClient.updateStatus({ ...set, status });
    } catch (error) {
      if (isConflict(error)) await this.#writeStatusOfFresh(set, status);
      else if (!isNotFound(error)) throw error;
    }
  }

  /** The Deployment resizes its sets all the time; the counts are as true for the set's newer version. Once, as Kubernetes does. */
  async #writeStatusOfFresh(set: ReplicaOwner, status: ReplicaSetStatus): Promise<void> {
    const { name = '', namespace, uid } = set.metadata ?? {};
    const fresh = await this.#setClient.get(name, namespace);
    if (fresh.metadata?.uid === uid) await this.#setClient.updateStatus({ ...fresh, status });
  }
}

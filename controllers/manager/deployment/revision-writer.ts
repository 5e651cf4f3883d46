import type { Deployment, ReplicaSet } from '../../../api/types/apps-v1.ts';
import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import { isAlreadyExists, isNamespaceTerminating, isNotFound, messageOf } from '../../../client/api-errors.ts';
import type { EventRecorder } from '../../../client/events.ts';
import { deployments } from '../../../client/resources.ts';
import { controllerOf } from '../../../client/types.ts';
import type { ResourceClient } from '../../../client/types.ts';
import { replicasOf } from './fenceposts.ts';
import { newSetReplicas, planCleanup } from './plan.ts';
import type { Resize } from './plan.ts';
import {
  maxRevision,
  newReplicaSet,
  newSetAnnotations,
  revisionAnnotation,
  revisionOf,
  sizeAnnotations,
} from './revisions.ts';
import { conditionOf, hasProgressDeadline, reasons, setCondition } from './status.ts';
import type { Now } from './status.ts';
import { sameTemplate } from './template-hash.ts';

interface Current {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet;
}

/** Writes ReplicaSets for the Deployment controller: creates, numbers, resizes and removes them. */
export class RevisionWriter {
  readonly #deployments: ResourceClient<Deployment>;
  readonly #sets: ResourceClient<ReplicaSet>;
  readonly #recorder: EventRecorder;
  readonly #now: () => Now;

  constructor(
    deploymentClient: ResourceClient<Deployment>,
    setClient: ResourceClient<ReplicaSet>,
    recorder: EventRecorder,
    now: () => Now,
  ) {
    this.#deployments = deploymentClient;
    this.#sets = setClient;
    this.#recorder = recorder;
    this.#now = now;
  }

  /** The ReplicaSet of the current template, existing, and numbered one above all others. */
  async ensure(deployment: Deployment, existing: ReplicaSet | undefined, old: readonly ReplicaSet[]): Promise<Current> {
    const revision = maxRevision(old) + 1;
    if (existing) {
      const newSet = await this.#refresh(deployment, existing, revision);
      const message = `Found new replica set "${newSet.metadata?.name ?? ''}"`;
      const found = await this.#noteProgress(deployment, reasons.found, message, true);
      return { deployment: await this.#writeRevision(found, revisionOf(newSet)), newSet };
    }
    const { newSet, isCreated } = await this.#create(deployment, old, revision);
    const message = `Created new replica set "${newSet.metadata?.name ?? ''}"`;
    const noted = await this.#noteProgress(deployment, reasons.created, message, !isCreated);
    return { deployment: await this.#writeRevision(noted, revisionOf(newSet)), newSet };
  }

  async resize(deployment: Deployment, { set, replicas }: Resize): Promise<ReplicaSet> {
    const before = replicasOf(set);
    const annotations = { ...set.metadata?.annotations, ...sizeAnnotations(deployment) };
    if (before === replicas && semanticEqual(annotations, set.metadata?.annotations)) return set;
    const updated = await this.#sets.update({
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    });
    if (before !== replicas) this.#announce(deployment, updated, before, replicas);
    return updated;
  }

  /** Removes ReplicaSets that are older than the history that is kept. */
  async cleanup(deployment: Deployment, old: readonly ReplicaSet[]): Promise<void> {
    for (const set of planCleanup(deployment, old)) {
      const { name = '', namespace, uid } = set.metadata ?? {};
      try {
        await this.#sets.delete(name, namespace, { preconditions: { uid }, propagationPolicy: 'Background' });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }

  async #refresh(deployment: Deployment, set: ReplicaSet, revision: number): Promise<ReplicaSet> {
    const annotations = newSetAnnotations(deployment, set.metadata?.annotations ?? {}, revision, false);
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    const isCurrent =
      (set.spec?.minReadySeconds ?? 0) === minReadySeconds && semanticEqual(annotations, set.metadata?.annotations);
    if (isCurrent) return set;
    const spec = { ...set.spec, minReadySeconds };
    return this.#sets.update({ ...set, metadata: { ...set.metadata, annotations }, spec });
  }

  async #create(
    deployment: Deployment,
    old: readonly ReplicaSet[],
    revision: number,
  ): Promise<{ newSet: ReplicaSet; isCreated: boolean }> {
    const wanted = newReplicaSet(deployment, revision);
    const replicas = newSetReplicas(deployment, 0, old);
    try {
      const newSet = await this.#sets.create({ ...wanted, spec: { ...wanted.spec, replicas } });
      if (replicas > 0) this.#announce(deployment, newSet, 0, replicas);
      return { newSet, isCreated: true };
    } catch (error) {
      if (isAlreadyExists(error))
        return { newSet: await this.#resolveCollision(deployment, wanted, error), isCreated: false };
      if (!isNamespaceTerminating(error)) {
        const message = `Failed to create new replica set "${wanted.metadata?.name ?? ''}": ${messageOf(error)}`;
        this.#recorder.event(deployments, deployment, 'Warning', reasons.createFailed, message);
        await this.#noteFailure(deployment, message);
      }
      throw error;
    }
  }

  /** The name is taken: by our own set that the cache does not show yet, or by another template of the same hash. */
  async #resolveCollision(deployment: Deployment, wanted: ReplicaSet, error: unknown): Promise<ReplicaSet> {
    const { name = '', namespace } = wanted.metadata ?? {};
    const existing = await this.#sets.get(name, namespace);
    const isOurs = controllerOf(existing)?.uid === deployment.metadata?.uid;
    if (isOurs && sameTemplate(existing.spec?.template, deployment.spec?.template)) return existing;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await this.#deployments.updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } });
    throw error;
  }

  /** `onlyFirst`: a set that exists already says nothing where there is a condition. */
  async #noteProgress(
    deployment: Deployment,
    reason: string,
    message: string,
    onlyFirst: boolean,
  ): Promise<Deployment> {
    if (!hasProgressDeadline(deployment)) return deployment;
    if (onlyFirst && conditionOf(deployment.status, 'Progressing')) return deployment;
    const condition = { type: 'Progressing', status: 'True', reason, message };
    const conditions = setCondition(deployment.status?.conditions ?? [], condition, this.#now());
    return this.#deployments.updateStatus({ ...deployment, status: { ...deployment.status, conditions } });
  }

  async #noteFailure(deployment: Deployment, message: string): Promise<void> {
    if (!hasProgressDeadline(deployment)) return;
    const condition = { type: 'Progressing', status: 'False', reason: reasons.createFailed, message };
    const conditions = setCondition(deployment.status?.conditions ?? [], condition, this.#now());
    // The create's error is what the sync fails with; the condition is only its picture.
    await this.#deployments
      .updateStatus({ ...deployment, status: { ...deployment.status, conditions } })
      .catch(() => undefined);
  }

  async #writeRevision(deployment: Deployment, revision: number): Promise<Deployment> {
    if (revision === 0 || revisionOf(deployment) === revision) return deployment;
    const annotations = { ...deployment.metadata?.annotations, [revisionAnnotation]: String(revision) };
    // with the status, as kube-controller-manager does: what is wanted has not changed, nor shall the generation
    return this.#deployments.updateStatus({ ...deployment, metadata: { ...deployment.metadata, annotations } });
  }

  #announce(deployment: Deployment, set: ReplicaSet, from: number, to: number): void {
    const direction = to > from ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata?.name ?? ''} from ${from} to ${to}`;
    this.#recorder.event(deployments, deployment, 'Normal', 'ScalingReplicaSet', message);
  }
}

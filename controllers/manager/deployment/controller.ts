import type { Deployment, ReplicaSet } from '../../../api/types/apps-v1.ts';
import type { Pod } from '../../../api/types/core-v1.ts';
import { matcherOfSelector } from '../../../api/meta/labels.ts';
import { rfc3339 } from '../../../base/clock.ts';
import type { EventRecorder } from '../../../client/events.ts';
import { deployments, pods, replicaSets } from '../../../client/resources.ts';
import { controllerOf, keyOf } from '../../../client/types.ts';
import type { Informer, ResourceClient } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { claimObjects } from '../claim.ts';
import { newQueue, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { isPodFinished } from '../pod-state.ts';
import { sameStatus } from '../same-status.ts';
import { isRollingUpdate, replicasOf } from './fenceposts.ts';
import { isScalingEvent, oldestFirst, planNewSet, planOldSets, planScale } from './plan.ts';
import type { Resize } from './plan.ts';
import { RevisionWriter } from './revision-writer.ts';
import { calculateStatus, isComplete, pausedCondition, rolloutStatus, setCondition, untilTimeoutMs } from './status.ts';
import type { Now } from './status.ts';
import { sameTemplate } from './template-hash.ts';

/** One Deployment as a sync sees it. */
interface Rollout {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly old: ReplicaSet[];
}

export class DeploymentController implements Controller {
  readonly #context: ControllerContext;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #deploymentClient: ResourceClient<Deployment>;
  readonly #setClient: ResourceClient<ReplicaSet>;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #writer: RevisionWriter;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deployments = context.informers.informer(deployments);
    this.#sets = context.informers.informer(replicaSets);
    this.#pods = context.informers.informer(pods);
    this.#deploymentClient = context.client.resource(deployments);
    this.#setClient = context.client.resource(replicaSets);
    this.#queue = newQueue(context, 'deployment');
    this.#recorder = context.recorder('deployment-controller');
    this.#writer = new RevisionWriter(this.#deploymentClient, this.#setClient, this.#recorder, () => this.#now());
    const enqueue = (deployment: Deployment): void => this.#queue.add(keyOf(deployment));
    this.#deployments.addHandlers({ added: enqueue, updated: (_, next) => enqueue(next), deleted: enqueue });
    this.#sets.addHandlers({
      added: (set) => this.#setChanged(set),
      updated: (before, set) => {
        const [was, is] = [this.#deploymentOf(before), this.#deploymentOf(set)];
        if (was && was !== is) enqueue(was);
        this.#setChanged(set);
      },
      deleted: (set) => this.#setChanged(set),
    });
    this.#pods.addHandlers({ deleted: (pod) => this.#podDeleted(pod), updated: (_, pod) => this.#podFinished(pod) });
  }

  start(): void {
    this.#queue.start((key) => this.#sync(key));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  #now(): Now {
    const ms = this.#context.clock.nowMs();
    return { ms, text: rfc3339(ms) };
  }

  #deploymentOf(set: ReplicaSet): Deployment | undefined {
    const owner = controllerOf(set);
    if (owner?.kind !== 'Deployment') return undefined;
    const deployment = this.#deployments.lister.get(owner.name, set.metadata?.namespace);
    return deployment?.metadata?.uid === owner.uid ? deployment : undefined;
  }

  #setChanged(set: ReplicaSet): void {
    const deployment = this.#deploymentOf(set);
    if (deployment) this.#queue.add(keyOf(deployment));
    if (controllerOf(set)) return;
    for (const candidate of this.#deployments.lister.list(set.metadata?.namespace)) {
      if (matcherOfSelector(candidate.spec?.selector).matches(set.metadata?.labels)) this.#queue.add(keyOf(candidate));
    }
  }

  /** Recreate waits for the last old pod to go. */
  #podDeleted(pod: Pod): void {
    const owner = controllerOf(pod);
    const set = owner?.kind === 'ReplicaSet' ? this.#sets.lister.get(owner.name, pod.metadata?.namespace) : undefined;
    const deployment = set && this.#deploymentOf(set);
    if (deployment && !isRollingUpdate(deployment)) this.#queue.add(keyOf(deployment));
  }

  #podFinished(pod: Pod): void {
    if (isPodFinished(pod)) this.#podDeleted(pod);
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | void> {
    const { namespace, name } = splitKey(key);
    const deployment = this.#deployments.lister.get(name, namespace);
    if (!deployment) return undefined;
    const { matchLabels = {}, matchExpressions = [] } = deployment.spec?.selector ?? {};
    if (Object.keys(matchLabels).length + matchExpressions.length === 0) return this.#refuseEmptySelector(deployment);
    const rollout = await this.#observe(deployment);
    if (deployment.metadata?.deletionTimestamp) return this.#writeCounts(rollout);
    const current = await this.#notePause(rollout);
    if (current.deployment.spec?.paused) return this.#scale(current, true);
    if (isScalingEvent(current.deployment, all(current))) return this.#scale(current, false);
    return isRollingUpdate(current.deployment) ? this.#roll(current) : this.#recreate(current);
  }

  async #refuseEmptySelector(deployment: Deployment): Promise<void> {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.';
    this.#recorder.event(deployments, deployment, 'Warning', 'SelectingAll', message);
    const observedGeneration = deployment.metadata?.generation ?? 0;
    if ((deployment.status?.observedGeneration ?? 0) >= observedGeneration) return;
    await this.#deploymentClient.updateStatus({ ...deployment, status: { ...deployment.status, observedGeneration } });
  }

  async #observe(deployment: Deployment): Promise<Rollout> {
    const sets = await claimObjects({
      owner: deployment,
      ownerResource: this.#deploymentClient,
      matcher: matcherOfSelector(deployment.spec?.selector),
      candidates: this.#sets.lister.list(deployment.metadata?.namespace),
      resource: this.#setClient,
    });
    // Should two have the current template, the older is taken, always the same.
    const newSet = [...sets]
      .sort(oldestFirst)
      .find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
    return { deployment, newSet, old: sets.filter((set) => set !== newSet) };
  }

  async #notePause(rollout: Rollout): Promise<Rollout> {
    const { deployment } = rollout;
    const condition = pausedCondition(deployment);
    if (!condition) return rollout;
    const conditions = setCondition(deployment.status?.conditions ?? [], condition, this.#now());
    const updated = await this.#deploymentClient.updateStatus({
      ...deployment,
      status: { ...deployment.status, conditions },
    });
    return { ...rollout, deployment: updated };
  }

  /** A paused Deployment follows its size but not its template. */
  async #scale(observed: Rollout, isPaused: boolean): Promise<{ requeueAfterMs: number } | void> {
    const rollout = observed.newSet ? await this.#currentSet(observed) : observed;
    const resized = await this.#resize(rollout, planScale(rollout.deployment, rollout.newSet, rollout.old));
    if (isPaused) await this.#writer.cleanup(rollout.deployment, resized.old);
    return this.#writeCounts(resized);
  }

  async #roll(observed: Rollout): Promise<{ requeueAfterMs: number } | void> {
    const rollout = await this.#currentSet(observed);
    const grow = rollout.newSet && planNewSet(rollout.deployment, rollout.newSet, rollout.old);
    // One step a sync: the events of this one bring the next.
    if (grow) return this.#writeRollout(await this.#resize(rollout, [grow]));
    const shrink = planOldSets(rollout.deployment, rollout.newSet, rollout.old);
    if (shrink.length > 0) return this.#writeRollout(await this.#resize(rollout, shrink));
    return this.#finish(rollout);
  }

  async #recreate(observed: Rollout): Promise<{ requeueAfterMs: number } | void> {
    const shrink = observed.old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }));
    if (shrink.length > 0) return this.#writeRollout(await this.#resize(observed, shrink));
    if (this.#oldPodsRun(observed.old)) return this.#writeRollout(observed);
    const rollout = await this.#currentSet(observed);
    const grow = rollout.newSet && planNewSet(rollout.deployment, rollout.newSet, rollout.old);
    return this.#finish(grow ? await this.#resize(rollout, [grow]) : rollout);
  }

  #oldPodsRun(old: readonly ReplicaSet[]): boolean {
    return old.some((set) => {
      const remaining = this.#pods.lister.ownedBy(set.metadata?.uid ?? '');
      return (set.status?.replicas ?? 0) > 0 || remaining.some((pod) => !isPodFinished(pod));
    });
  }

  async #finish(rollout: Rollout): Promise<{ requeueAfterMs: number } | void> {
    if (isComplete(rollout.deployment, rollout.deployment.status ?? {})) {
      await this.#writer.cleanup(rollout.deployment, rollout.old);
    }
    return this.#writeRollout(rollout);
  }

  /** Makes sure that the ReplicaSet of the current template exists and that both carry the revision. */
  async #currentSet({ deployment, newSet, old }: Rollout): Promise<Rollout> {
    return { ...(await this.#writer.ensure(deployment, newSet, old)), old };
  }

  async #resize(rollout: Rollout, resizes: readonly Resize[]): Promise<Rollout> {
    let { newSet, old } = rollout;
    for (const resize of resizes) {
      const updated = await this.#writer.resize(rollout.deployment, resize);
      if (resize.set === newSet) newSet = updated;
      else old = old.map((set) => (set === resize.set ? updated : set));
    }
    return { ...rollout, newSet, old };
  }

  async #writeCounts(rollout: Rollout): Promise<void> {
    const { deployment, newSet } = rollout;
    const status = calculateStatus(deployment, newSet, all(rollout), this.#now());
    if (!sameStatus(deployment.status, status)) await this.#deploymentClient.updateStatus({ ...deployment, status });
  }

  async #writeRollout(rollout: Rollout): Promise<{ requeueAfterMs: number } | void> {
    const { deployment, newSet } = rollout;
    const now = this.#now();
    const status = rolloutStatus(deployment, newSet, all(rollout), now);
    if (!sameStatus(deployment.status, status)) {
      await this.#deploymentClient.updateStatus({ ...deployment, status });
      return undefined;
    }
    // Nothing moves: look again when the deadline has passed, because no event will come.
    const waitMs = untilTimeoutMs(deployment, now);
    return waitMs === undefined ? undefined : { requeueAfterMs: Math.max(0, waitMs) + 1_000 };
  }
}

const all = ({ newSet, old }: Rollout): ReplicaSet[] => (newSet ? [...old, newSet] : old);

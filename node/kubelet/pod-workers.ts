import { parseTime } from '../../api/meta/time.ts';
import type { Pod, PodStatus } from '../../api/types/core-v1.ts';
import { rfc3339 } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { isConflict, isNotFound, messageOf } from '../../client/api-errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import { pods } from '../../client/resources.ts';
import { keyOf } from '../../client/types.ts';
import type { KubeClient } from '../../client/types.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { CriClient } from '../cri/client.ts';
import { isExited, isRunning, observePod, readySandbox } from './observed-pod.ts';
import type { ObservedPod } from './observed-pod.ts';
import type { Action, Plan } from './plan.ts';
import { graceMsOf, plan, planEnd } from './plan.ts';
import type { PodActions } from './pod-actions.ts';
import type { PodFiles } from './pod-files.ts';
import { newRecord } from './pod-record.ts';
import type { Failure, PodRecord } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import type { StatusInput } from './pod-status.ts';
import type { ProbeManager } from './probe-manager.ts';
import { statusPatch } from './status-patch.ts';

export interface PodWorkersOptions {
  readonly client: KubeClient;
  readonly cri: CriClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly probes: ProbeManager;
  readonly actions: PodActions;
  readonly files: PodFiles;
  readonly hostIp: string;
  readonly runtimeName: string;
  /** why a pod cannot run here beside the others; undefined: it can */
  readonly admit: (pod: Pod, others: readonly Pod[]) => Failure | undefined;
}

/** One worker a pod at a time; this many pods at once. */
const workers = 64;
const orphanGraceMs = 2000;

const isFinal = (status: PodStatus | undefined): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/**
 * Brings each pod nearer to what the API server asks, step by step: observe the runtime, report, plan, act. A step
 * that takes long (a container's grace) goes on in the background, and its end brings the pod back.
 */
export class PodWorkers {
  readonly #options: PodWorkersOptions;
  readonly #records = new Map<string, PodRecord>();
  readonly #queue: WorkQueue;

  constructor(options: PodWorkersOptions) {
    this.#options = options;
    const { clock, log } = options;
    this.#queue = new WorkQueue({ name: 'pods', workers, baseDelayMs: 100, maxDelayMs: 10_000, clock, log });
  }

  start(): void {
    this.#queue.start((uid) => this.#sync(uid));
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  has(uid: string): boolean {
    return this.#records.has(uid);
  }

  /** A pod of this node, as the API server has it now. */
  set(pod: Pod): void {
    const record = this.#record(pod.metadata?.uid ?? '');
    record.pod = pod;
    this.#queue.add(record.uid);
  }

  /** The API server has the pod no more. */
  gone(uid: string): void {
    const record = this.#record(uid);
    record.deleted = true;
    this.#queue.add(uid);
  }

  wake(uid: string): void {
    if (this.#records.has(uid)) this.#queue.add(uid);
  }

  wakeAfter(uid: string, delayMs: number): void {
    this.#queue.addAfter(uid, delayMs);
  }

  #record(uid: string): PodRecord {
    const known = this.#records.get(uid);
    if (known) return known;
    const record = newRecord(uid);
    this.#records.set(uid, record);
    return record;
  }

  async #sync(uid: string): Promise<{ requeueAfterMs: number } | void> {
    const record = this.#records.get(uid);
    if (record === undefined) return;
    const { cri, clock } = this.#options;
    const observed = await observePod(cri, uid);
    this.#watchProbes(record, observed);
    const { pod } = record;
    if (pod === undefined || record.deleted) {
      await this.#end(record, observed, orphanGraceMs);
      return;
    }
    if (!record.admitted) this.#admit(record, pod, observed);
    this.#enforceDeadline(record, pod);
    const isEnding =
      pod.metadata?.deletionTimestamp !== undefined || record.failure !== undefined || isFinal(pod.status);
    const status = podStatus(await this.#statusInput(record, pod, observed, isEnding));
    // Containers are cared for while no API server answers; what could not be reported makes the whole step repeat.
    const unreported = await this.#report(record, pod, status).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (isEnding || isFinal(status)) {
      await this.#end(record, observed, graceMsOf(pod), unreported);
      if (unreported !== undefined) throw unreported;
      return;
    }
    const next = plan({
      pod,
      observed,
      record,
      probes: (id) => this.#options.probes.results(id),
      nowMs: clock.nowMs(),
    });
    await this.#act(record, observed, next);
    if (unreported !== undefined) throw unreported;
    const wakeAtMs = Math.min(next.wakeAtMs, deadlineMsOf(pod) ?? Infinity);
    if (wakeAtMs !== Infinity) return { requeueAfterMs: Math.max(1, wakeAtMs - clock.nowMs()) };
  }

  /** Pods that ran here before the kubelet started are not asked again. */
  #admit(record: PodRecord, pod: Pod, observed: ObservedPod): void {
    const others = [...this.#records.values()]
      .filter((other) => other.admitted && other !== record && !other.finished && !other.failure && !other.deleted)
      .flatMap((other) => (other.pod && !isFinal(other.pod.status) ? [other.pod] : []));
    const ranBefore = observed.sandboxes.length > 0 || isFinal(pod.status) || pod.metadata?.deletionTimestamp;
    record.startTime = pod.status?.startTime ?? rfc3339(this.#options.clock.nowMs());
    if (!ranBefore) record.failure = this.#options.admit(pod, others);
    record.admitted = true;
    if (record.failure)
      this.#options.recorder.event(pods, pod, 'Warning', record.failure.reason, record.failure.message);
  }

  #enforceDeadline(record: PodRecord, pod: Pod): void {
    const deadlineMs = deadlineMsOf(pod);
    if (record.failure || deadlineMs === undefined || this.#options.clock.nowMs() < deadlineMs) return;
    const message = 'Pod was active on the node longer than the specified deadline';
    record.failure = { reason: 'DeadlineExceeded', message };
    this.#options.recorder.event(pods, pod, 'Normal', 'DeadlineExceeded', message);
  }

  #watchProbes(record: PodRecord, observed: ObservedPod): void {
    const { probes } = this.#options;
    const { pod } = record;
    const containers = [...(pod?.spec?.containers ?? []), ...(pod?.spec?.initContainers ?? [])];
    for (const found of observed.containers) {
      const container = containers.find(({ name }) => name === found.metadata.name);
      if (!pod || !container || !isRunning(found)) {
        probes.forget(found.id);
        continue;
      }
      const podIp = this.#ipOf(pod, observed);
      probes.watch({ pod, container, containerId: found.id, podIp }, found.startedAt / 1e6);
    }
  }

  #ipOf(pod: Pod, observed: ObservedPod): string {
    return pod.spec?.hostNetwork ? this.#options.hostIp : (readySandbox(observed)?.network?.ip ?? '');
  }

  async #statusInput(record: PodRecord, pod: Pod, observed: ObservedPod, ending: boolean): Promise<StatusInput> {
    const { probes, files, hostIp, runtimeName, clock } = this.#options;
    const messages = new Map<string, string>();
    for (const container of observed.containers.filter(isExited)) {
      const { name, attempt } = container.metadata;
      messages.set(container.id, await files.terminationMessage(record.uid, name, attempt));
    }
    return {
      pod,
      observed,
      record,
      probes: (id) => probes.results(id),
      terminationMessage: (id) => messages.get(id) ?? '',
      runtimeName,
      hostIp,
      nowMs: clock.nowMs(),
      ending,
    };
  }

  /** Writes the pod's status where it differs from what the API server has. */
  async #report(record: PodRecord, pod: Pod, status: PodStatus): Promise<void> {
    const patch = statusPatch(pod.status, status);
    if (patch === undefined) return;
    this.#tellOfBackoff(pod, status);
    const { name = '', namespace = '', uid } = pod.metadata ?? {};
    try {
      const body = { metadata: { uid }, status: patch };
      const written = await this.#options.client.resource(pods).patch(name, 'strategic', body, namespace, 'status');
      if (written.metadata?.uid === uid && record.pod === pod) record.pod = written;
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
      // gone, or another pod of that name: the watch will tell
    }
  }

  #tellOfBackoff(pod: Pod, status: PodStatus): void {
    const before = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    for (const { name, state } of [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]) {
      if (state?.waiting?.reason !== 'CrashLoopBackOff') continue;
      if (before.find((known) => known.name === name)?.state?.waiting?.reason === 'CrashLoopBackOff') continue;
      const what = `${name} in pod ${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})`;
      this.#options.recorder.event(pods, pod, 'Warning', 'BackOff', `Back-off restarting failed container ${what}`);
    }
  }

  async #act(record: PodRecord, observed: ObservedPod, next: Plan): Promise<void> {
    const { actions } = this.#options;
    for (const action of next.actions) {
      if (action.type === 'stop-container') actions.stopInBackground(record, action);
      else await actions.perform(record, observed, action);
    }
    if (next.actions.some((action: Action) => action.type !== 'stop-container')) this.#queue.add(record.uid);
  }

  /** Takes the pod down; when nothing of it is left, the API server may forget it, and so do we. */
  async #end(record: PodRecord, observed: ObservedPod, graceMs: number, unreported?: unknown): Promise<void> {
    const { pod, deleted } = record;
    const isDeleting = deleted || pod?.metadata?.deletionTimestamp !== undefined;
    const next = planEnd(pod, observed, graceMs, false);
    if (!next.finished) {
      await this.#act(record, observed, next);
      return;
    }
    record.finished = true;
    if (!isDeleting || unreported !== undefined) return;
    if (!deleted && pod) {
      const { name = '', namespace, uid } = pod.metadata ?? {};
      try {
        const options = { gracePeriodSeconds: 0, preconditions: { uid } };
        await this.#options.client.resource(pods).delete(name, namespace, options);
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
    await this.#forget(record, observed);
  }

  async #forget(record: PodRecord, observed: ObservedPod): Promise<void> {
    const { actions, files, probes, log } = this.#options;
    try {
      for (const action of planEnd(record.pod, observed, 0, true).actions) {
        if (action.type !== 'stop-container') await actions.perform(record, observed, action);
      }
      await files.remove(record.uid, record.pod);
    } catch (error) {
      log.warn({ uid: record.uid, error: messageOf(error) }, "cannot remove a pod's remains; will try again");
      throw error;
    }
    for (const { id } of observed.containers) probes.forget(id);
    this.#records.delete(record.uid);
    log.debug({ pod: record.pod && keyOf(record.pod), uid: record.uid }, 'the pod is gone');
  }
}

function deadlineMsOf({ spec, status }: Pod): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || !status?.startTime) return undefined;
  return parseTime(status.startTime).seconds * 1000 + spec.activeDeadlineSeconds * 1000;
}

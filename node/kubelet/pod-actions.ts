import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { messageOf } from '../../client/api-errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import { pods } from '../../client/resources.ts';
import { keyOf } from '../../client/types.ts';
import type { CriClient } from '../cri/client.ts';
import type { PodSandboxConfig } from '../cri/types.ts';
import { startContainer } from './container-starter.ts';
import type { EventSink, StarterOptions } from './container-starter.ts';
import { StartError } from './image-puller.ts';
import { runHook } from './lifecycle-hooks.ts';
import { newestOf } from './observed-pod.ts';
import type { ObservedPod } from './observed-pod.ts';
import type { Action } from './plan.ts';
import type { PodRecord } from './pod-record.ts';
import { durationText, nextBackoff } from './restart-backoff.ts';
import { sandboxConfigOf } from './sandbox-config.ts';
import type { ClusterDns } from './sandbox-config.ts';
import { refreshVolumes } from './volumes.ts';

export interface PodActionsOptions extends StarterOptions {
  readonly cri: CriClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly dns: ClusterDns;
  readonly hostIp: string;
  /** something of the pod changed in the background */
  readonly changed: (uid: string) => void;
}

type Stop = Extract<Action, { type: 'stop-container' }>;
type Start = Extract<Action, { type: 'start-container' }>;

/** what StopContainer may take beyond the grace itself */
const stopSlackMs = 30_000;
const startRetryMs = 2000;
const pullErrors = new Set(['ErrImagePull', 'ImagePullBackOff']);

/** Does what a plan says, through the runtime. */
export class PodActions {
  readonly #options: PodActionsOptions;
  readonly #background = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: PodActionsOptions) {
    this.#options = options;
  }

  /** Waits for nothing: containers that are being stopped go on to be. */
  close(): void {
    this.#stopped = true;
  }

  async perform(record: PodRecord, observed: ObservedPod, action: Exclude<Action, Stop>): Promise<void> {
    const { cri } = this.#options;
    if (action.type === 'create-sandbox') await this.#createSandbox(record, action.attempt);
    else if (action.type === 'start-container') await this.#start(record, observed, action);
    else if (action.type === 'remove-container') await cri.call('RemoveContainer', { containerId: action.id });
    else if (action.type === 'stop-sandbox') await cri.call('StopPodSandbox', { podSandboxId: action.id });
    else await cri.call('RemovePodSandbox', { podSandboxId: action.id });
  }

  /** What cannot be read now stays as it was: the next time comes soon. */
  async refreshVolumes(pod: Pod): Promise<void> {
    const { files, sources, node, log } = this.#options;
    const podDir = files.podDir(pod.metadata?.uid ?? '');
    const warn = (error: string): void => {
      log.debug({ pod: keyOf(pod), error }, 'a volume could not be brought up to date');
    };
    await refreshVolumes({ pod, podDir, sources, node: node(), podIp: pod.status?.podIP ?? '', warn });
  }

  #eventsOf(pod: Pod): EventSink {
    return (type, reason, message) => this.#options.recorder.event(pods, pod, type, reason, message);
  }

  #sandboxConfig(pod: Pod, attempt: number): PodSandboxConfig {
    return sandboxConfigOf(pod, attempt, this.#options.files.logDir(pod), this.#options.dns);
  }

  async #createSandbox(record: PodRecord, attempt: number): Promise<void> {
    const { cri, clock } = this.#options;
    const { pod } = record;
    if (pod === undefined) return;
    try {
      await cri.call('RunPodSandbox', {
        config: this.#sandboxConfig(pod, attempt),
        runtimeHandler: pod.spec?.runtimeClassName ?? '',
      });
      record.sandboxFailedMs = undefined;
    } catch (error) {
      record.sandboxFailedMs = clock.nowMs();
      const message = `Failed to create pod sandbox: rpc error: ${messageOf(error)}`;
      this.#eventsOf(pod)('Warning', 'FailedCreatePodSandBox', message);
    }
  }

  async #start(record: PodRecord, observed: ObservedPod, action: Start): Promise<void> {
    const { clock, hostIp } = this.#options;
    const { pod } = record;
    if (pod === undefined) return;
    const { container, attempt, sandboxId } = action;
    const sandbox = observed.sandboxes.find(({ id }) => id === sandboxId);
    const podIp = pod.spec?.hostNetwork ? hostIp : (sandbox?.network?.ip ?? '');
    const event = this.#eventsOf(pod);
    const before = newestOf(observed, container.name, sandboxId);
    try {
      const sandboxConfig = this.#sandboxConfig(pod, sandbox?.metadata.attempt ?? 0);
      const input = { pod, container, attempt, sandboxId, sandboxConfig, podIp, event };
      const id = await startContainer(this.#options, input);
      record.waiting.delete(container.name);
      record.pulls.delete(container.name);
      if (before) {
        record.restarts.set(container.name, nextBackoff(record.restarts.get(container.name), clock.nowMs()));
      }
      this.#postStart(record, pod, container, id, podIp);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#startFailed(record, container, error, event);
    }
  }

  /** The container waits, with the reason in its status, and is tried again: soon, or ever later for images. */
  #startFailed(record: PodRecord, container: Container, error: StartError, event: EventSink): void {
    const nowMs = this.#options.clock.nowMs();
    const isPull = pullErrors.has(error.reason);
    let retryAtMs = nowMs + startRetryMs;
    if (isPull) {
      const entry = nextBackoff(record.pulls.get(container.name), nowMs);
      record.pulls.set(container.name, entry);
      retryAtMs = nowMs + entry.delayMs;
      event('Warning', 'Failed', `Failed to pull image "${container.image}": ${error.message}`);
      event('Warning', 'Failed', `Error: ${error.reason}`);
      const message = `Back-off pulling image "${container.image}"`;
      event('Normal', 'BackOff', message);
      const waiting = { reason: 'ImagePullBackOff', message: `${message}: ${error.message}`, retryAtMs };
      const repeated = record.waiting.has(container.name);
      record.waiting.set(
        container.name,
        repeated ? waiting : { reason: error.reason, message: error.message, retryAtMs },
      );
      return;
    }
    const isVolume = error.reason === 'CreateContainerConfigError' && /volume|hostPath/.test(error.message);
    event('Warning', isVolume ? 'FailedMount' : 'Failed', isVolume ? error.message : `Error: ${error.message}`);
    record.waiting.set(container.name, { reason: error.reason, message: error.message, retryAtMs });
    this.#options.log.debug({ container: container.name, wait: durationText(startRetryMs) }, error.message);
  }

  #postStart(record: PodRecord, pod: Pod, container: Container, containerId: string, podIp: string): void {
    const hook = container.lifecycle?.postStart;
    if (!hook) return;
    const { cri, clock } = this.#options;
    this.#run(async () => {
      const failure = await runHook(hook, { pod, container, containerId, podIp }, cri, clock);
      if (failure === undefined) return;
      this.#eventsOf(pod)('Warning', 'FailedPostStartHook', `PostStartHook failed: ${failure}`);
      record.hookFailures.set(containerId, `PostStartHook failed: ${failure}`);
    }, record.uid);
  }

  /** Once for each container, and again only when there is less grace than was given before. */
  stopInBackground(record: PodRecord, { id, name, graceMs, why }: Stop): void {
    const { clock } = this.#options;
    const untilMs = clock.nowMs() + graceMs;
    const known = record.stopping.get(id);
    if (known !== undefined && untilMs >= known) return;
    record.stopping.set(id, untilMs);
    const { pod } = record;
    if (pod && known === undefined) this.#eventsOf(pod)('Normal', 'Killing', why);
    this.#run(async () => {
      try {
        await this.#stop(record, id, name, untilMs);
      } finally {
        // stopped, or to be tried again
        if (record.stopping.get(id) === untilMs) record.stopping.delete(id);
      }
    }, record.uid);
  }

  async #stop(record: PodRecord, containerId: string, name: string, untilMs: number): Promise<void> {
    const { cri, clock } = this.#options;
    const { pod } = record;
    const container = pod?.spec?.containers.find((c) => c.name === name);
    const hook = container?.lifecycle?.preStop;
    const graceMs = untilMs - clock.nowMs();
    if (pod && container && hook && graceMs > 0) {
      const podIp = pod.status?.podIP ?? '';
      const done = runHook(hook, { pod, container, containerId, podIp }, cri, clock);
      const late = new Promise<undefined>((resolve) => clock.after(graceMs, () => resolve(undefined)));
      const failure = await Promise.race([done, late]);
      if (failure !== undefined) this.#eventsOf(pod)('Warning', 'FailedPreStopHook', `PreStopHook failed: ${failure}`);
    }
    // a hook that used up the grace still leaves two seconds to react to SIGTERM
    const leftMs = graceMs <= 0 ? 0 : Math.max(hook ? 2000 : 0, untilMs - clock.nowMs());
    const timeout = Math.ceil(leftMs / 1000);
    await cri.call('StopContainer', { containerId, timeout }, { timeoutMs: leftMs + stopSlackMs });
  }

  #run(action: () => Promise<void>, uid: string): void {
    const { log, changed } = this.#options;
    const work = action()
      .catch((error: unknown) => {
        if (!this.#stopped) log.warn({ uid, error: messageOf(error) }, 'an action in the background failed');
      })
      .finally(() => {
        this.#background.delete(work);
        if (!this.#stopped) changed(uid);
      });
    this.#background.add(work);
  }
}

import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
} from '../../api/types/core-v1.ts';
import { rfc3339 } from '../../base/clock.ts';
import { containerState } from '../cri/types.ts';
import { isExited, newestOf, readySandbox } from './observed-pod.ts';
import type { ObservedContainer, ObservedPod } from './observed-pod.ts';
import { finishedMsOf, isSidecar, restartsAfter } from './plan.ts';
import type { PodRecord, ProbeResults } from './pod-record.ts';
import { backoffLeftMs, durationText } from './restart-backoff.ts';

export interface StatusInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly record: Pick<PodRecord, 'waiting' | 'restarts' | 'failure' | 'startTime'>;
  readonly probes: (containerId: string) => ProbeResults;
  /** the text a container left in its termination message file */
  readonly terminationMessage?: (containerId: string) => string;
  /** prefix of container ids */
  readonly runtimeName: string;
  readonly hostIp: string;
  readonly nowMs: number;
  /** the pod is to end: nothing restarts any more */
  readonly ending: boolean;
}

const timeOf = (nanoseconds: number): string => rfc3339(nanoseconds / 1e6);

function terminated(container: ObservedContainer, input: StatusInput): ContainerStateTerminated {
  const message = input.terminationMessage?.(container.id) || container.message;
  return {
    exitCode: container.exitCode,
    reason: container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
    ...(message ? { message } : {}),
    startedAt: timeOf(container.startedAt || container.createdAt),
    finishedAt: timeOf(container.finishedAt || container.createdAt),
    containerID: `${input.runtimeName}://${container.id}`,
  };
}

function waitingState(input: StatusInput, container: Container, initialized: boolean): ContainerState {
  const failed = input.record.waiting.get(container.name);
  if (failed) return { waiting: { reason: failed.reason, ...(failed.message ? { message: failed.message } : {}) } };
  const isInit = input.pod.spec?.initContainers?.includes(container) ?? false;
  const blocked = !isInit || input.pod.spec?.initContainers?.[0] !== container;
  const hasInit = (input.pod.spec?.initContainers?.length ?? 0) > 0;
  return { waiting: { reason: hasInit && blocked && !initialized ? 'PodInitializing' : 'ContainerCreating' } };
}

/** Set while the container waits for its next try after a crash. */
function crashLoop(input: StatusInput, container: Container, found: ObservedContainer): ContainerState | undefined {
  const { pod, record, nowMs, ending } = input;
  if (ending || !restartsAfter(pod, container, found.exitCode)) return undefined;
  const entry = record.restarts.get(container.name);
  if (!entry || backoffLeftMs(entry, finishedMsOf(found), nowMs) === 0) return undefined;
  const { name, namespace, uid } = pod.metadata ?? {};
  const what = `container=${container.name} pod=${name}_${namespace}(${uid})`;
  return {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: `back-off ${durationText(entry.delayMs)} restarting failed ${what}`,
    },
  };
}

function stateOf(
  input: StatusInput,
  container: Container,
  found: ObservedContainer | undefined,
  initialized: boolean,
): { state: ContainerState; lastState: ContainerState } {
  if (found === undefined || found.state === containerState.created) {
    const before = input.observed.containers.find((c) => c.metadata.name === container.name && isExited(c));
    const lastState = before ? { terminated: terminated(before, input) } : {};
    if (input.ending && before) return { state: lastState, lastState: {} };
    return { state: waitingState(input, container, initialized), lastState };
  }
  const earlier = input.observed.containers.find(
    (c) => c.metadata.name === container.name && c.id !== found.id && isExited(c),
  );
  const lastState: ContainerState = earlier ? { terminated: terminated(earlier, input) } : {};
  if (!isExited(found)) return { state: { running: { startedAt: timeOf(found.startedAt) } }, lastState };
  const ended: ContainerState = { terminated: terminated(found, input) };
  const failed = input.ending ? undefined : input.record.waiting.get(container.name);
  const waiting: ContainerState | undefined = failed
    ? { waiting: { reason: failed.reason, message: failed.message } }
    : crashLoop(input, container, found);
  return waiting ? { state: waiting, lastState: ended } : { state: ended, lastState };
}

function statusOf(input: StatusInput, container: Container, initialized: boolean): ContainerStatus {
  const found = newestOf(input.observed, container.name);
  const { state, lastState } = stateOf(input, container, found, initialized);
  const isInit = input.pod.spec?.initContainers?.includes(container) ?? false;
  const probes = found ? input.probes(found.id) : undefined;
  const running = state.running !== undefined;
  const done = isInit && !isSidecar(container);
  return {
    name: container.name,
    state,
    lastState,
    ready: done ? state.terminated?.exitCode === 0 : running && probes?.ready === true && probes.started,
    restartCount: found?.metadata.attempt ?? 0,
    image: found?.image.image || (container.image ?? ''),
    imageID: found?.imageRef ?? '',
    ...(found ? { containerID: `${input.runtimeName}://${found.id}` } : {}),
    started: done ? false : running && probes?.started === true,
  };
}

/** Init containers count as done once any of the containers was created in the present sandbox. */
export function isInitialized(input: StatusInput): boolean {
  const { pod, observed } = input;
  const sandbox = observed.sandboxes[0];
  if (pod.spec?.containers.some(({ name }) => newestOf(observed, name, sandbox?.id))) return true;
  return (pod.spec?.initContainers ?? []).every((container) => {
    const found = newestOf(observed, container.name, sandbox?.id);
    if (found === undefined) return false;
    return isSidecar(container)
      ? found.state === containerState.running && input.probes(found.id).started
      : isExited(found) && found.exitCode === 0;
  });
}

export interface ContainerStatuses {
  readonly initialized: boolean;
  readonly init: ContainerStatus[];
  readonly containers: ContainerStatus[];
}

export function containerStatuses(input: StatusInput): ContainerStatuses {
  const initialized = readySandbox(input.observed) || input.ending ? isInitialized(input) : wasInitialized(input);
  const all = (containers: readonly Container[] | undefined): ContainerStatus[] =>
    (containers ?? []).map((container) => statusOf(input, container, initialized));
  return { initialized, init: all(input.pod.spec?.initContainers), containers: all(input.pod.spec?.containers) };
}

/** A pod without init containers needs no sandbox to count as initialized. */
const wasInitialized = (input: StatusInput): boolean =>
  (input.pod.spec?.initContainers?.length ?? 0) === 0 || isInitialized(input);

import type { Container, Pod } from '../../api/types/core-v1.ts';
import { containerState, sandboxState } from '../cri/types.ts';
import { isExited, isRunning, newestOf, readySandbox, specHashAnnotation } from './observed-pod.ts';
import type { ObservedContainer, ObservedPod } from './observed-pod.ts';
import type { PodRecord, ProbeResults } from './pod-record.ts';
import { backoffLeftMs } from './restart-backoff.ts';
import { specHash } from './spec-hash.ts';

export type Action =
  | { readonly type: 'create-sandbox'; readonly attempt: number }
  | {
      readonly type: 'start-container';
      readonly container: Container;
      readonly attempt: number;
      readonly sandboxId: string;
    }
  | {
      readonly type: 'stop-container';
      readonly id: string;
      readonly name: string;
      readonly graceMs: number;
      readonly why: string;
    }
  | { readonly type: 'remove-container'; readonly id: string }
  | { readonly type: 'stop-sandbox'; readonly id: string }
  | { readonly type: 'remove-sandbox'; readonly id: string };

export interface Plan {
  readonly actions: readonly Action[];
  /** when to look again though nothing changed; Infinity: never */
  readonly wakeAtMs: number;
  /** of a pod that is to end: nothing of it runs any more */
  readonly finished: boolean;
}

export interface PlanInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly record: Pick<PodRecord, 'waiting' | 'restarts' | 'sandboxFailedMs' | 'hookFailures'>;
  readonly probes: (containerId: string) => ProbeResults;
  readonly nowMs: number;
}

const sandboxRetryMs = 1000;
export const finishedMsOf = (container: ObservedContainer): number =>
  (container.finishedAt || container.createdAt) / 1e6;
export const graceMsOf = (pod: Pod): number =>
  (pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;

export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

/** Whether a container that exited is to run again. */
export function restartsAfter(pod: Pod, container: Container, exitCode: number): boolean {
  if (isSidecar(container)) return true;
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const isInit = pod.spec?.initContainers?.includes(container) ?? false;
  if (isInit) return exitCode !== 0 && policy !== 'Never';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

class Planner {
  readonly actions: Action[] = [];
  wakeAtMs = Infinity;
  readonly #input: PlanInput;
  readonly #sandboxId: string;

  constructor(input: PlanInput, sandboxId: string) {
    this.#input = input;
    this.#sandboxId = sandboxId;
  }

  here(container: Container): ObservedContainer | undefined {
    return newestOf(this.#input.observed, container.name, this.#sandboxId);
  }

  /** Starts it, unless a failed step or its crashes make it wait. */
  start(container: Container, after?: ObservedContainer): void {
    const { observed, record, nowMs } = this.#input;
    const retryAtMs = record.waiting.get(container.name)?.retryAtMs ?? 0;
    const leftMs = after ? backoffLeftMs(record.restarts.get(container.name), finishedMsOf(after), nowMs) : 0;
    const atMs = Math.max(retryAtMs, nowMs + leftMs);
    if (atMs > nowMs) {
      this.wakeAtMs = Math.min(this.wakeAtMs, atMs);
      return;
    }
    const newest = newestOf(observed, container.name);
    const attempt = newest ? newest.metadata.attempt + 1 : 0;
    this.actions.push({ type: 'start-container', container, attempt, sandboxId: this.#sandboxId });
  }

  /** Why a running container must go; undefined: it may stay. */
  fault(container: Container, running: ObservedContainer): string | undefined {
    const hash = running.annotations[specHashAnnotation];
    if (hash !== undefined && hash !== specHash(container)) {
      return `Container ${container.name} definition changed, will be restarted`;
    }
    const hook = this.#input.record.hookFailures.get(running.id);
    if (hook !== undefined) return hook;
    if (this.#input.probes(running.id).live) return undefined;
    const probe = this.#input.probes(running.id).started ? 'liveness' : 'startup';
    return `Container ${container.name} failed ${probe} probe, will be restarted`;
  }

  /** One that runs, or should: true when it is running as it should. */
  keepRunning(container: Container): boolean {
    const found = this.here(container);
    if (found === undefined) this.start(container);
    else if (found.state === containerState.created) {
      // left by a start that failed or was cut short
      this.actions.push({ type: 'remove-container', id: found.id });
      this.start(container);
    } else if (isExited(found)) {
      if (restartsAfter(this.#input.pod, container, found.exitCode)) this.start(container, found);
    } else {
      const why = this.fault(container, found);
      if (why === undefined) return true;
      this.actions.push({
        type: 'stop-container',
        id: found.id,
        name: container.name,
        graceMs: graceMsOf(this.#input.pod),
        why,
      });
    }
    return false;
  }
}

/** True when all init containers have done their part, so that the containers may run. */
function runInitContainers(planner: Planner, input: PlanInput, containersStarted: boolean): boolean {
  for (const container of input.pod.spec?.initContainers ?? []) {
    if (isSidecar(container)) {
      const runs = planner.keepRunning(container);
      const found = planner.here(container);
      const isUp = runs && found !== undefined && input.probes(found.id).started;
      if (!isUp && !containersStarted) return false;
      continue;
    }
    if (containersStarted) continue; // its remains may have been removed long ago
    const found = planner.here(container);
    if (found && isExited(found) && found.exitCode === 0) continue;
    planner.keepRunning(container);
    return false;
  }
  return true;
}

/** Of each container the newest and the one before are kept: they are the pod's status. */
function outdated(observed: ObservedPod): Action[] {
  const seen = new Map<string, number>();
  const actions: Action[] = [];
  for (const container of observed.containers) {
    const { name } = container.metadata;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    if (count > 2 && isExited(container)) actions.push({ type: 'remove-container', id: container.id });
  }
  const inUse = new Set(observed.containers.map(({ sandboxId }) => sandboxId));
  for (const { id, state } of observed.sandboxes.slice(1)) {
    if (state === sandboxState.notReady && !inUse.has(id)) actions.push({ type: 'remove-sandbox', id });
  }
  return actions;
}

/** A pod whose sandbox is gone gets another, unless its containers have all done what they should. */
function needsSandbox({ pod, observed }: PlanInput): boolean {
  if (observed.containers.length === 0) return true;
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Always') return true;
  if (policy === 'Never') return !pod.spec?.containers.some(({ name }) => newestOf(observed, name));
  return !pod.spec?.containers.every(({ name }) => {
    const newest = newestOf(observed, name);
    return newest !== undefined && isExited(newest) && newest.exitCode === 0;
  });
}

/** What to do next for a pod that is to run. */
export function plan(input: PlanInput): Plan {
  const { pod, observed, record, nowMs } = input;
  const sandbox = readySandbox(observed);
  if (sandbox === undefined) {
    if (!needsSandbox(input)) return { actions: outdated(observed), wakeAtMs: Infinity, finished: false };
    const retryAtMs = record.sandboxFailedMs === undefined ? 0 : record.sandboxFailedMs + sandboxRetryMs;
    if (retryAtMs > nowMs) return { actions: [], wakeAtMs: retryAtMs, finished: false };
    const attempt = Math.max(-1, ...observed.sandboxes.map(({ metadata }) => metadata.attempt)) + 1;
    return { actions: [{ type: 'create-sandbox', attempt }], wakeAtMs: Infinity, finished: false };
  }
  const planner = new Planner(input, sandbox.id);
  const containers = pod.spec?.containers ?? [];
  const containersStarted = containers.some((container) => planner.here(container) !== undefined);
  if (runInitContainers(planner, input, containersStarted)) {
    for (const container of containers) planner.keepRunning(container);
  }
  return { actions: [...planner.actions, ...outdated(observed)], wakeAtMs: planner.wakeAtMs, finished: false };
}

/**
 * What to do next for a pod that is to end: containers first, sidecars after them, the sandbox last. `remove` also
 * takes away what is left in the runtime.
 */
export function planEnd(pod: Pod | undefined, observed: ObservedPod, graceMs: number, remove: boolean): Plan {
  const sidecars = new Set(pod?.spec?.initContainers?.filter(isSidecar).map(({ name }) => name));
  const running = observed.containers.filter(isRunning);
  const first = running.filter(({ metadata }) => !sidecars.has(metadata.name));
  const actions: Action[] = [];
  for (const { id, metadata } of first.length > 0 ? first : running) {
    actions.push({
      type: 'stop-container',
      id,
      name: metadata.name,
      graceMs,
      why: `Stopping container ${metadata.name}`,
    });
  }
  if (running.length > 0) return { actions, wakeAtMs: Infinity, finished: false };
  for (const { id, state } of observed.containers) {
    if (state === containerState.created) actions.push({ type: 'remove-container', id });
  }
  for (const { id, state } of observed.sandboxes) {
    if (state === sandboxState.ready) actions.push({ type: 'stop-sandbox', id });
    if (remove) actions.push({ type: 'remove-sandbox', id });
  }
  const finished = observed.sandboxes.every(({ state }) => state !== sandboxState.ready);
  return { actions, wakeAtMs: Infinity, finished };
}

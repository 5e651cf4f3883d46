import type { Container, Probe } from '../../api/types/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { ProbeResults } from './pod-record.ts';
import type { ProbeRunner, ProbeTarget } from './probe-runner.ts';
import { afterProbe, initialProbeState, probeKinds, startupFailed } from './probe-state.ts';
import type { ProbeKind, ProbeState } from './probe-state.ts';

export interface ProbeManagerOptions {
  readonly clock: Clock;
  readonly run: ProbeRunner;
  /** a container's results changed */
  readonly changed: (podUid: string) => void;
  readonly failed: (target: ProbeTarget, kind: ProbeKind, output: string) => void;
}

interface Worker {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  state: ProbeState;
  cancel: () => void;
}
interface Watched {
  target: ProbeTarget;
  readonly startedMs: number;
  readonly workers: Partial<Record<ProbeKind, Worker>>;
}

const probeOf: Record<ProbeKind, (container: Container) => Probe | undefined> = {
  startup: (container) => container.startupProbe,
  liveness: (container) => container.livenessProbe,
  readiness: (container) => container.readinessProbe,
};

/** Runs the probes of running containers, each in its own period. */
export class ProbeManager {
  readonly #options: ProbeManagerOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  /** A container without a probe has what that probe would tell. */
  results(containerId: string): ProbeResults {
    const workers = this.#watched.get(containerId)?.workers;
    const { startup, liveness, readiness } = workers ?? {};
    const started = startup?.state.ok ?? true;
    const startable = !startup || !startupFailed(startup.state, startup.probe);
    return {
      started,
      ready: started && (readiness?.state.ok ?? true),
      live: startable && (liveness?.state.ok ?? true),
    };
  }

  /** Begins with a container that runs; one that is known goes on. */
  watch(target: ProbeTarget, startedMs: number): void {
    const known = this.#watched.get(target.containerId);
    if (known) {
      known.target = target;
      return;
    }
    const watched: Watched = { target, startedMs, workers: {} };
    this.#watched.set(target.containerId, watched);
    for (const kind of probeKinds) {
      const probe = probeOf[kind](target.container);
      if (probe === undefined) continue;
      const worker: Worker = { kind, probe, state: initialProbeState(kind), cancel: () => {} };
      watched.workers[kind] = worker;
      const delayMs = startedMs + (probe.initialDelaySeconds ?? 0) * 1000 - this.#options.clock.nowMs();
      worker.cancel = this.#options.clock.after(Math.max(0, delayMs), () => void this.#tick(watched, worker));
    }
  }

  forget(containerId: string): void {
    const watched = this.#watched.get(containerId);
    this.#watched.delete(containerId);
    for (const worker of Object.values(watched?.workers ?? {})) worker.cancel();
  }

  stop(): void {
    for (const id of this.#watched.keys()) this.forget(id);
  }

  async #tick(watched: Watched, worker: Worker): Promise<void> {
    const { clock, run, changed, failed } = this.#options;
    const { target, workers } = watched;
    const isStarted = workers.startup?.state.ok ?? true;
    // The startup probe goes first and alone, and ends with its success.
    const isDue = worker.kind === 'startup' ? !isStarted : isStarted;
    if (isDue) {
      const before = this.results(target.containerId);
      const outcome = await run(worker.probe, target, worker.kind);
      if (this.#watched.get(target.containerId) !== watched) return;
      worker.state = afterProbe(worker.state, worker.probe, outcome.success);
      if (!outcome.success) failed(target, worker.kind, outcome.output);
      const after = this.results(target.containerId);
      const isChanged = (['started', 'ready', 'live'] as const).some((key) => before[key] !== after[key]);
      if (isChanged) changed(target.pod.metadata?.uid ?? '');
    }
    if (worker.kind === 'startup' && worker.state.ok) {
      for (const other of [workers.liveness, workers.readiness]) {
        other?.cancel();
        if (other) other.cancel = clock.after(0, () => void this.#tick(watched, other));
      }
      return;
    }
    const periodMs = (worker.probe.periodSeconds ?? 10) * 1000;
    worker.cancel = clock.after(periodMs, () => void this.#tick(watched, worker));
  }
}

import { sleep } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { messageOf } from '../../client/api-errors.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { CriClient } from '../cri/client.ts';
import { podLabels } from './observed-pod.ts';

export interface PodLifecycleOptions {
  readonly cri: CriClient;
  readonly clock: Clock;
  readonly log: Log;
  /** this pod's state in the runtime is another than before */
  readonly changed: (uid: string) => void;
  /** how often everything is listed: what tells of changes where the runtime has no events, a safety net where it has */
  readonly relistMs: number;
}

/** Finds out which pods changed in the runtime: by its events where it has any, and by listing. */
export class PodLifecycleEvents {
  readonly #options: PodLifecycleOptions;
  readonly #abort = new AbortController();
  readonly #seen = new Map<string, string>();
  #loops: Promise<unknown> = Promise.resolve();
  #problem: string | undefined = 'the container runtime was not asked yet';

  constructor(options: PodLifecycleOptions) {
    this.#options = options;
  }

  /** why the runtime cannot be listed; undefined: it can */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** uids of all pods that were there at the last listing */
  uids(): string[] {
    return [...this.#seen.keys()];
  }

  start(): void {
    this.#loops = Promise.all([this.#relistEach(), this.#readEvents()]);
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the kubelet was stopped'));
    await this.#loops;
  }

  async #relistEach(): Promise<void> {
    const { clock, log, relistMs } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.relist();
      } catch (error) {
        if (this.#problem === undefined) log.warn({ error: messageOf(error) }, 'cannot list the pods of the runtime');
        this.#problem = `container runtime is down: ${messageOf(error)}`;
      }
      await sleep(relistMs, clock, signal).catch(() => {});
    }
  }

  /** Compares what there is with what there was at the last time. */
  async relist(): Promise<void> {
    const { cri, changed } = this.#options;
    const [sandboxes, containers] = await Promise.all([cri.call('ListPodSandbox', {}), cri.call('ListContainers', {})]);
    const states = new Map<string, string>();
    for (const { id, state, labels } of [...sandboxes.items, ...containers.containers].sort((a, b) =>
      a.id < b.id ? -1 : 1,
    )) {
      const uid = labels[podLabels.uid];
      if (uid !== undefined) states.set(uid, `${states.get(uid) ?? ''}${id}:${state} `);
    }
    const uids = new Set([...states.keys(), ...this.#seen.keys()]);
    for (const uid of uids) {
      const state = states.get(uid);
      if (state === this.#seen.get(uid)) continue;
      if (state === undefined) this.#seen.delete(uid);
      else this.#seen.set(uid, state);
      changed(uid);
    }
    this.#problem = undefined;
  }

  async #readEvents(): Promise<void> {
    const { cri, clock, log, changed } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        for await (const event of cri.events(signal)) {
          const uid = event.podSandboxStatus?.labels[podLabels.uid];
          if (uid !== undefined) changed(uid);
        }
      } catch (error) {
        if (error instanceof GrpcError && error.code === grpcCode.unimplemented) {
          log.debug({}, 'the runtime has no event stream; listing tells of changes');
          return;
        }
      }
      await sleep(1000, clock, signal).catch(() => {});
    }
  }
}

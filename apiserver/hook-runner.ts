import { sleep, systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { HealthCheck, ObjectStore, PostStartHook } from './pipeline.ts';

const retryDelayMs = 100;

/** Runs the hooks one after the other, each until it succeeds, and shows at /readyz which have. */
export class HookRunner {
  readonly #hooks: readonly PostStartHook[];
  readonly #done = new Set<string>();
  readonly #abort = new AbortController();
  readonly #log: Log;

  constructor(hooks: readonly PostStartHook[], log: Log) {
    this.#hooks = hooks;
    this.#log = log;
  }

  get checks(): HealthCheck[] {
    return this.#hooks.map(({ name }) => ({
      name: `poststarthook/${name}`,
      paths: ['/readyz'],
      check: () => {
        if (!this.#done.has(name)) throw new Error('not finished');
      },
    }));
  }

  async run(store: ObjectStore): Promise<void> {
    const { signal } = this.#abort;
    for (const hook of this.#hooks) {
      for (let attempt = 1; !signal.aborted && !this.#done.has(hook.name); attempt++) {
        try {
          await hook.run(store, signal);
          this.#done.add(hook.name);
        } catch (error) {
          if (signal.aborted) return;
          if (attempt % 10 === 1) this.#log.debug({ hook: hook.name, err: error }, 'start hook failed; trying again');
          await sleep(retryDelayMs, systemClock, signal).catch(() => {});
        }
      }
    }
  }

  stop(): void {
    this.#abort.abort(new Error('the server stops'));
  }
}

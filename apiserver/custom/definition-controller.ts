/** Carries definitions through their life: names accepted, established, and when deleted, their instances first. */
import { rfc3339, sleep, type Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { StatusError } from '../../api/meta/status.ts';
import { approvalCondition } from '../../api/crd/approval.ts';
import {
  cleanupFinalizer,
  conditionOf,
  isTrue,
  withCondition,
  withEstablished,
  withNames,
} from '../../api/crd/definition-status.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionStatus } from '../../api/types/apiextensions-v1.ts';
import type { Storage } from '../endpoints/resource-request.ts';
import type { InternalObjectStore } from '../object-store.ts';
import type { KubeObject } from '../pipeline.ts';

const group = 'apiextensions.k8s.io';
const resource = 'customresourcedefinitions';
const readyPollMs = 1_000;
/** how often instances that finalizers hold are looked at */
const cleanupPollMs = 1_000;
/** deletes of instances in flight at once */
const parallelDeletes = 8;

export interface DefinitionControllerOptions {
  readonly storage: Storage;
  readonly objects: InternalObjectStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** Every server runs one: writes are guarded by the version they are based on, so that they agree. */
export class DefinitionController {
  readonly #options: DefinitionControllerOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(options: DefinitionControllerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the server stops'));
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { cache } = this.#options.storage.store;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      if (!(await cache.waitFor(0, readyPollMs))) continue;
      const ended = new AbortController();
      const unsubscribe = cache.subscribe({
        event: () => this.#wake(),
        reset: () => {
          ended.abort();
          this.#wake();
        },
      });
      while (!ended.signal.aborted && !signal.aborted) {
        const changed = new Promise<void>((resolve) => (this.#wake = resolve));
        const again = await this.#pass();
        if (signal.aborted) break;
        if (again === undefined) await changed;
        else await Promise.race([changed, sleep(again, this.#options.clock, signal).catch(() => {})]);
      }
      unsubscribe();
    }
  }

  /** One look at all definitions; the milliseconds after which to look again even if nothing changes. */
  async #pass(): Promise<number | undefined> {
    const { storage } = this.#options;
    const all = [...storage.store.cache.range(storage.prefix)].map(
      ({ object }) => object as unknown as CustomResourceDefinition,
    );
    let again: number | undefined;
    for (const definition of all) {
      try {
        if (await this.#sync(definition, all)) again = cleanupPollMs;
      } catch (error) {
        if (error instanceof StatusError && (error.code === 404 || error.code === 409)) continue;
        const { name } = definition.metadata ?? {};
        this.#options.log.warn({ name, err: error }, 'a custom resource definition could not be brought forward');
        again = cleanupPollMs;
      }
    }
    return again;
  }

  /** True: it is to be looked at again. */
  async #sync(definition: CustomResourceDefinition, all: readonly CustomResourceDefinition[]): Promise<boolean> {
    const now = rfc3339(this.#options.clock.nowMs());
    const others = all.filter((other) => other !== definition && other.spec.group === definition.spec.group);
    const named = withNames(definition, others, now);
    if (named !== undefined) {
      await this.#writeStatus(definition, named);
      return false;
    }
    if (definition.metadata?.deletionTimestamp !== undefined) return this.#finalize(definition, now);
    const approval = approvalCondition(definition);
    const known = conditionOf(definition, approval?.type ?? '');
    if (approval !== undefined && (known?.status !== approval.status || known.message !== approval.message)) {
      await this.#writeStatus(definition, withCondition(definition.status, approval, now));
      return false;
    }
    const established = withEstablished(definition, now);
    if (established !== undefined) await this.#writeStatus(definition, established);
    return false;
  }

  async #writeStatus(
    definition: CustomResourceDefinition,
    status: CustomResourceDefinitionStatus,
    metadata = definition.metadata,
  ): Promise<CustomResourceDefinition> {
    const object = { ...definition, metadata, status } as unknown as KubeObject;
    return (await this.#options.objects.update(
      group,
      resource,
      object,
      'status',
    )) as unknown as CustomResourceDefinition;
  }

  async #finalize(definition: CustomResourceDefinition, now: string): Promise<boolean> {
    if (!definition.metadata?.finalizers?.includes(cleanupFinalizer)) return false;
    let current = definition;
    let ended = { reason: 'NeverEstablished', message: 'resource was never established' };
    if (isTrue(definition, 'Established')) {
      const progress = { reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' };
      const marked = withCondition(current.status, { type: 'Terminating', status: 'True', ...progress }, now);
      current = await this.#writeStatus(current, marked);
      if ((await this.#deleteInstances(current)) > 0) return true;
      ended = { reason: 'InstanceDeletionCompleted', message: 'removed all instances' };
    }
    const status = withCondition(current.status, { type: 'Terminating', status: 'False', ...ended }, now);
    const finalizers = (current.metadata?.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
    await this.#writeStatus(current, status, { ...current.metadata, finalizers });
    return false;
  }

  /** How many are left: those that finalizers hold. */
  async #deleteInstances({ spec, status }: CustomResourceDefinition): Promise<number> {
    const { objects } = this.#options;
    const plural = status?.acceptedNames?.plural ?? spec.names.plural;
    const left = [...(await objects.listNow(spec.group, plural))];
    const worker = async (): Promise<void> => {
      for (let object = left.shift(); object !== undefined; object = left.shift()) {
        try {
          await objects.remove(spec.group, plural, object);
        } catch (error) {
          if (!(error instanceof StatusError) || error.code !== 404) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: parallelDeletes }, worker));
    return (await objects.listNow(spec.group, plural)).length;
  }
}

import type { Pod } from '../../api/types/core-v1.ts';
import type { PriorityClass } from '../../api/types/scheduling-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isFor, isNewPod, refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

const group = 'scheduling.k8s.io';

/** A pod's number is its class's; without a class, the default class's, or 0. */
class Priority implements AdmissionPlugin {
  readonly name = 'Priority';
  readonly resources = ['pods', 'priorityclasses.scheduling.k8s.io'];
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    if (isNewPod(request)) await this.#settle(request, request.object as unknown as Pod);
    if (request.operation !== 'UPDATE' || request.subresource !== '' || !isFor(request, '', 'pods')) return;
    const pod = request.object as unknown as Pod;
    const old = request.old as unknown as Pod;
    // Who leaves out what was settled at the beginning does not mean to change it.
    if (pod.spec === undefined) return;
    if (old.spec?.priority !== undefined) pod.spec.priority ??= old.spec.priority;
    if (old.spec?.preemptionPolicy !== undefined) pod.spec.preemptionPolicy ??= old.spec.preemptionPolicy;
  }

  /** There is one default at most. */
  async validate(request: AdmissionRequest): Promise<void> {
    if (request.operation === 'DELETE' || request.subresource !== '' || !isFor(request, group, 'priorityclasses'))
      return;
    const added = request.object as unknown as PriorityClass;
    if (!added.globalDefault) return;
    const name = (await this.#default())?.metadata?.name;
    if (name === undefined || (request.operation === 'UPDATE' && name === added.metadata?.name)) return;
    throw refusal(request, `PriorityClass ${name} is already marked as default. Only one default can exist`);
  }

  async #settle(request: AdmissionRequest, { spec }: Pod): Promise<void> {
    if (spec === undefined) return;
    let chosen: PriorityClass | undefined;
    if (spec.priorityClassName) {
      const found = await this.#store.get(group, 'priorityclasses', '', spec.priorityClassName);
      if (found === undefined) throw refusal(request, `no PriorityClass with name ${spec.priorityClassName} was found`);
      chosen = found as unknown as PriorityClass;
    } else {
      chosen = await this.#default();
      if (chosen?.metadata?.name) spec.priorityClassName = chosen.metadata.name;
    }
    const value = chosen?.value ?? 0;
    if (spec.priority !== undefined && spec.priority !== null && spec.priority !== value) {
      const why =
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
        `priority admission controller computed ${value} from the given PriorityClass name`;
      throw refusal(request, why);
    }
    spec.priority = value;
    const policy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
    if (spec.preemptionPolicy && spec.preemptionPolicy !== policy) {
      const why =
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ` +
        `priority admission controller computed ${policy} from the given PriorityClass name`;
      throw refusal(request, why);
    }
    spec.preemptionPolicy = policy;
  }

  /** Where a race has made several, the one with the lowest value. */
  async #default(): Promise<PriorityClass | undefined> {
    const all = (await this.#store.list(group, 'priorityclasses')) as unknown as readonly PriorityClass[];
    const defaults = all.filter(({ globalDefault }) => globalDefault);
    return defaults.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
  }
}

export const priority = (store: ObjectStore): AdmissionPlugin => new Priority(store);

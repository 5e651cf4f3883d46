import { newForbidden } from '../../api/meta/status.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { PriorityClass } from '../../api/types/scheduling-v1.ts';
import { groupResourceOf } from '../endpoints/resource-request.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isNewPod, type AdmissionPlugin } from './admission.ts';

const group = 'scheduling.k8s.io';

/** A pod's number is its class's; without a class, the default class's, or 0. */
export const priority = (store: ObjectStore): AdmissionPlugin => ({
  name: 'Priority',
  async mutate(request) {
    if (!isNewPod(request)) return;
    const { spec } = request.object as unknown as Pod;
    if (spec === undefined) return;
    const refuse = (why: string): Error => newForbidden(groupResourceOf(request.entry), request.name, why);
    let chosen: PriorityClass | undefined;
    if (spec.priorityClassName) {
      const found = await store.get(group, 'priorityclasses', '', spec.priorityClassName);
      if (found === undefined) throw refuse(`no PriorityClass with name ${spec.priorityClassName} was found`);
      chosen = found as unknown as PriorityClass;
    } else {
      const all = (await store.list(group, 'priorityclasses')) as unknown as readonly PriorityClass[];
      for (const candidate of all) {
        if (candidate.globalDefault && (candidate.value ?? 0) < (chosen?.value ?? Number.POSITIVE_INFINITY))
          chosen = candidate;
      }
      if (chosen?.metadata?.name) spec.priorityClassName = chosen.metadata.name;
    }
    const value = chosen?.value ?? 0;
    if (spec.priority !== undefined && spec.priority !== value) {
      const why =
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
        `priority admission controller computed ${value} from the given PriorityClass name`;
      throw refuse(why);
    }
    spec.priority = value;
    spec.preemptionPolicy ??= chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
  },
});

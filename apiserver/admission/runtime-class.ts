import { equalLists, quantityList } from '../../api/quota/quantity-list.ts';
import { mergeTolerations } from '../../api/pods/merge-tolerations.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { RuntimeClass } from '../../api/types/node-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isNewPod, refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

const sameOverhead = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  equalLists(quantityList(a), quantityList(b));

function setScheduling(request: AdmissionRequest, pod: Pod, { scheduling }: RuntimeClass): void {
  if (scheduling === undefined || pod.spec === undefined) return;
  const selector = { ...pod.spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = Object.hasOwn(selector, key) ? selector[key] : undefined;
    if (own !== undefined && own !== value) {
      const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
      throw refusal(request, why);
    }
    selector[key] = value;
  }
  if (Object.keys(selector).length > 0) pod.spec.nodeSelector = selector;
  const tolerations = mergeTolerations(pod.spec.tolerations ?? [], scheduling.tolerations ?? []);
  if (tolerations.length > 0) pod.spec.tolerations = tolerations;
}

/** A pod pays for its runtime, and goes to nodes that have it. */
export const runtimeClass = (store: ObjectStore): AdmissionPlugin => {
  const classOf = async (request: AdmissionRequest, pod: Pod): Promise<RuntimeClass | undefined> => {
    const name = pod.spec?.runtimeClassName;
    if (name === undefined || name === null) return undefined;
    const found = await store.get('node.k8s.io', 'runtimeclasses', '', name);
    if (found === undefined) throw refusal(request, `pod rejected: RuntimeClass "${name}" not found`);
    return found as unknown as RuntimeClass;
  };
  const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
  return {
    name: 'RuntimeClass',
    resources: ['pods'],
    async mutate(request) {
      if (!isNewPod(request)) return;
      const pod = request.object as unknown as Pod;
      const found = await classOf(request, pod);
      if (found === undefined || pod.spec === undefined) return;
      if (found.overhead !== undefined) {
        const fixed = found.overhead.podFixed ?? {};
        const own = pod.spec.overhead ?? {};
        if (Object.keys(own).length > 0 && !sameOverhead(own, fixed)) throw refusal(request, mismatch);
        pod.spec.overhead = { ...fixed };
      }
      setScheduling(request, pod, found);
    },
    async validate(request) {
      if (!isNewPod(request)) return;
      const pod = request.object as unknown as Pod;
      const found = await classOf(request, pod);
      const own = pod.spec?.overhead;
      if (found?.overhead !== undefined) {
        if (!sameOverhead(own ?? {}, found.overhead.podFixed ?? {})) throw refusal(request, mismatch);
      } else if (own !== undefined) {
        throw refusal(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
    },
  };
};

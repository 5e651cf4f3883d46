import { newInternalError, newNotFound } from '../../api/meta/status.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isNewPod, refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';

/** `disk=ssd,zone=a`; undefined where it cannot be read */
function parse(text: string): Map<string, string> | undefined {
  const labels = new Map<string, string>();
  for (const part of text.split(',').filter((own) => own.trim() !== '')) {
    const [key = '', value, ...rest] = part.split('=').map((own) => own.trim());
    if (value === undefined || rest.length > 0) return undefined;
    labels.set(key, value);
  }
  return labels;
}

/** Pods of a namespace go to the nodes that its annotation selects. */
export const podNodeSelector = (store: ObjectStore): AdmissionPlugin => {
  const selectorOf = async ({ namespace }: AdmissionRequest): Promise<Map<string, string>> => {
    const found = await store.get('', 'namespaces', '', namespace);
    if (found === undefined) throw newNotFound({ group: '', resource: 'namespaces' }, namespace);
    const labels = parse(found.metadata?.annotations?.[annotation] ?? '');
    if (labels === undefined)
      throw newInternalError(`invalid selector in the annotation ${annotation} of ${namespace}`);
    return labels;
  };
  const check = (request: AdmissionRequest, pod: Pod, selector: ReadonlyMap<string, string>): void => {
    const own = new Map(Object.entries(pod.spec?.nodeSelector ?? {}));
    const conflicts = [...selector].some(([key, value]) => own.has(key) && own.get(key) !== value);
    if (!conflicts) return;
    throw refusal(request, 'pod node label selector conflicts with its namespace node label selector');
  };
  return {
    name: 'PodNodeSelector',
    resources: ['pods'],
    async mutate(request) {
      if (!isNewPod(request)) return;
      const pod = request.object as unknown as Pod;
      const selector = await selectorOf(request);
      check(request, pod, selector);
      if (pod.spec === undefined || selector.size === 0) return;
      pod.spec.nodeSelector = { ...Object.fromEntries(selector), ...pod.spec.nodeSelector };
    },
    async validate(request) {
      if (isNewPod(request)) check(request, request.object as unknown as Pod, await selectorOf(request));
    },
  };
};

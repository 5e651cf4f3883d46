import type { Pod, Toleration } from '../../api/types/core-v1.ts';
import { isFor, type AdmissionPlugin } from './admission.ts';

const isExtended = (name: string): boolean =>
  name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');

/** Nodes with devices are tainted by the devices' names: who asks for one is let in. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  resources: ['pods'],
  mutate(request) {
    if (request.operation === 'DELETE' || request.subresource !== '' || !isFor(request, '', 'pods')) return;
    const { spec } = request.object as unknown as Pod;
    if (spec === undefined) return;
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    const names = new Set(containers.flatMap(({ resources }) => Object.keys(resources?.requests ?? {})));
    for (const key of [...names].filter(isExtended).sort()) {
      const own: Toleration = { key, operator: 'Exists', effect: 'NoSchedule' };
      const others = (spec.tolerations ?? []).filter(
        (toleration) =>
          toleration.key !== key || toleration.operator !== 'Exists' || toleration.effect !== 'NoSchedule',
      );
      spec.tolerations = [...others, own];
    }
  },
};
